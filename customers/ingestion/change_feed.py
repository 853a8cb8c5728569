"""Feeds of change events: the rows of an extract, each with its place in the source's log of changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from .converters import BadValue, shown
from .feed import Feed, Field, column, columns, constant
from .records import (
    AccountRecord,
    CardRecord,
    GoneRecord,
    HolderRecord,
    LoanRecord,
    PartyRecord,
    Record,
    StandingOrderRecord,
    TransactionRecord,
)

POSITION = "change_position"
"""The column that tells where in the source's log a change stands."""

_HIGHEST = 2**63 - 1
_NAMING = ("source_key", "key", "code")
_KINDS: dict[type[Record], str] = {
    TransactionRecord: "transaction",
    HolderRecord: "holder",
    PartyRecord: "party",
    **dict.fromkeys((AccountRecord, CardRecord, LoanRecord, StandingOrderRecord), "arrangement"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class ChangeFeed(Feed):
    """`of` names the extract whose rows change; `keys` are the columns that tell its rows apart.

    `gone`: these rows were deleted. `booked`: they are entries of a ledger, which know the positions of their changes themselves (see
    `loading.corrections`).
    """

    of: str
    keys: tuple[str, ...]
    gone: bool
    booked: bool

    def key(self, cells: Sequence[str]) -> str:
        return "/".join(cells[self.header.index(name)].strip() for name in self.keys)[:200]

    def position(self, cells: Sequence[str]) -> int:
        return position(cells[self.header.index(POSITION)])


def position(value: str) -> int:
    value = value.strip()
    if not value.isascii() or not value.isdecimal() or len(value) > 19 or int(value) > _HIGHEST:
        raise BadValue("bad_position", f"{shown(value)} doesn't tell where in the source's log the change stands")
    return int(value)


def changed(feed: Feed) -> ChangeFeed:
    """Rows of this extract as they are behind a change."""
    placed = {"position": column(POSITION, position)} if "position" in feed.record._fields else {}
    return ChangeFeed(
        name=f"changed {feed.name}",
        system=feed.system,
        header=(*feed.header, POSITION),
        record=feed.record,
        fields={**feed.fields, **placed},
        moment=feed.moment,
        last_day=feed.last_day,
        of=feed.name,
        keys=_keys(feed),
        gone=False,
        booked=feed.record is TransactionRecord,
    )


def deleted(feed: Feed) -> ChangeFeed:
    """Rows of this extract that the source no longer has, of which it may say no more than the key."""
    keys, kind = _keys(feed), _KINDS.get(feed.record, feed.name)
    named = columns(*keys, convert=lambda *texts: "/".join(texts)) if feed.told_apart_by else _naming(feed)
    return ChangeFeed(
        name=f"gone {kind} {feed.name}",
        system=feed.system,
        header=(*keys, POSITION),
        record=GoneRecord,
        fields={"kind": constant(kind), "source_key": named, "position": column(POSITION, position)},
        last_day=feed.last_day,
        of=feed.name,
        keys=keys,
        gone=True,
        booked=feed.record is TransactionRecord,
    )


def _keys(feed: Feed) -> tuple[str, ...]:
    return feed.told_apart_by or _naming(feed).columns


def _naming(feed: Feed) -> Field:
    """The field that names a row; one of nothing if the feed has none."""
    return next((feed.fields[name] for name in _NAMING if name in feed.fields), constant(""))
