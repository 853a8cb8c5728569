"""Debezium change events, one a line: the rows of an extract as they are inserted, changed and deleted in the source's own tables.

A table is recognised by its columns, which are those of an extract. Events may come twice and in any order: each row's newest counts, by
the position in the source's log. With Connect's schema beside them days, moments and decimals are read by it, without as they stand.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from ..change_feed import ChangeFeed, changed, deleted
from ..converters import BadValue
from ..feed import Feed, column
from ..feeds import FEEDS as EXTRACTS
from ..reading import Chunk, Source, as_text
from ..records import GoneRecord
from .entries import Entry, chunks_of_entries
from .json_lines import LONGEST_LINE
from .json_text import BrokenJson, cell, parsed
from .layout import Arriving, Layout, Stretch

_LOOKED_AT = 20
_LONGEST_NUMBER = 18  # digits of a place in a log
_WRITES, _DELETES = ("c", "u", "r"), "d"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BINLOG = re.compile(r".*\.(\d+)")


def _nobodys(table: str) -> str:
    raise BadValue("unknown_table", "a change of a kind, or of a table with columns, that no extract bankos reads has")


NOBODYS = Feed(
    name="debezium.nobodys",
    system="",
    header=("table", "operation", "row"),
    record=GoneRecord,
    fields={"kind": column("table", _nobodys), "source_key": column("row", str), "position": column("operation", lambda _: 0)},
)
CHANGED: Mapping[Feed, ChangeFeed] = {feed: changed(feed) for feed in EXTRACTS}
DELETED: Mapping[Feed, ChangeFeed] = {feed: deleted(feed) for feed in EXTRACTS}
FEEDS: tuple[Feed, ...] = (*CHANGED.values(), *DELETED.values(), NOBODYS)


class Debezium:
    def recognise(self, file: Arriving) -> Layout | None:
        if not file.beginning.startswith((b"{", b"null")):
            return None
        for line in file.beginning.split(b"\n")[:_LOOKED_AT]:
            event = _event(line.decode(errors="replace"))
            if event is not None:
                feeds = tuple(feed for feed in FEEDS if feed.system in (file.system, ""))
                return Layout(name="debezium", feeds=feeds, chunks=partial(_chunks, file.system, feeds))
        return None


def _chunks(system: str, feeds: Sequence[Feed], source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(system, source), feeds, stretch)


def _entries(system: str, source: Source) -> Iterator[Entry]:
    for number, raw in enumerate(iter(partial(source.readline, LONGEST_LINE), b""), 1):
        text = as_text(raw, name=source.name, line=number).strip()
        event = _event(text)
        if event is not None:
            yield _entry(number, event, system, text)
        else:
            yield Entry(number) if _says_nothing(text) else Entry(number, NOBODYS, ("", "", text))


class _Event:
    def __init__(self, payload: Mapping[str, Any], schema: Any) -> None:
        self.operation = cell(payload["op"])
        self.source: Mapping[str, Any] = payload["source"]
        state = "before" if self.operation == _DELETES else "after"
        self.row = payload.get(state)
        self._fields = _fields(schema, state)

    def cells(self) -> dict[str, str]:
        """Column → text. Raises BadValue."""
        if not isinstance(self.row, dict):
            return {}
        return {name: _text(value, self._fields.get(name)) for name, value in self.row.items()}


def _event(text: str) -> _Event | None:
    """None for a tombstone, and for what is no event at all."""
    try:
        message = parsed(text) if text.strip() else None
    except BrokenJson:
        return None
    message = message.get("value", message) if isinstance(message, dict) and "key" in message else message
    payload = message.get("payload", message) if isinstance(message, dict) else None
    if not isinstance(payload, dict) or not {"op", "source"} <= set(payload) or not isinstance(payload["source"], dict):
        return None
    return _Event(payload, message.get("schema"))  # type: ignore[union-attr]


def _says_nothing(text: str) -> bool:
    """Blank, or the tombstone behind a deletion, by which Kafka forgets the key."""
    try:
        message = parsed(text) if text else None
    except BrokenJson:
        return False
    return message is None or (isinstance(message, dict) and message.get("value", message.get("payload", message)) is None)


def _entry(line: int, event: _Event, system: str, text: str) -> Entry:
    table = ".".join(filter(None, (cell(event.source.get(part)) for part in ("db", "schema", "table"))))
    nobodys = Entry(line, NOBODYS, (table, event.operation, text))
    try:
        cells = event.cells()
    except BadValue:
        return nobodys
    feed = _feed(system, frozenset(cells))
    if feed is None or event.operation not in (*_WRITES, _DELETES):
        return nobodys
    where = _position(event.source)
    if event.operation == _DELETES:
        gone = DELETED[feed]
        return Entry(line, gone, (*(cells[name] for name in gone.keys), where))
    return Entry(line, CHANGED[feed], (*(cells[name] for name in feed.header), where))


@lru_cache(maxsize=256)
def _feed(system: str, names: frozenset[str]) -> Feed | None:
    return next((feed for feed in EXTRACTS if feed.system == system and set(feed.header) == names), None)


def _position(source: Mapping[str, Any]) -> str:
    """Where in its log the source made the change, as one number that grows; an empty text if it doesn't say."""

    def number(name: str) -> int:
        value = cell(source.get(name))
        return int(value) if value.isascii() and value.isdecimal() and len(value) <= _LONGEST_NUMBER else 0

    match cell(source.get("connector")):
        case "postgresql":
            found = number("lsn")
        case "mysql" | "mariadb":
            file = _BINLOG.fullmatch(cell(source.get("file")))
            found = (
                (int(file[1]) * 10**13 if file and len(file[1]) <= _LONGEST_NUMBER else 0) + number("pos") * 10**3 + number("row") % 1_000
            )
        case "oracle":
            found = number("scn")
        case "sqlserver":
            parts = [int(part, 16) for part in re.findall(r"[0-9a-fA-F]{1,16}", cell(source.get("change_lsn") or source.get("commit_lsn")))]
            found = (parts[0] << 41) + (parts[1] << 10) + parts[2] if len(parts) == 3 else 0
        case _:
            found = number("ts_ms") * 10**3 + number("ord") % 1_000
    return str(found) if found else ""


def _fields(schema: Any, state: str) -> dict[str, Mapping[str, Any]]:
    """Column → what Connect's schema says of its type."""
    parts = schema.get("fields") if isinstance(schema, dict) else None
    found = next((part for part in (parts if isinstance(parts, list) else ()) if isinstance(part, dict) and part.get("field") == state), {})
    fields = found.get("fields")
    if not isinstance(fields, list):
        return {}
    return {one["field"]: one for one in fields if isinstance(one, dict) and isinstance(one.get("field"), str)}


def _text(value: Any, field: Mapping[str, Any] | None) -> str:
    if value is None or not field:
        return cell(value)
    convert = _TYPES.get(str(field.get("name")))
    if convert is None:
        return cell(value)
    try:
        return convert(value, field)
    except (ValueError, ArithmeticError, TypeError, KeyError, binascii.Error):
        raise BadValue("bad_value", f"a value isn't a {field.get('name')}") from None


def _decimal(value: Any, field: Mapping[str, Any]) -> str:
    raw = base64.b64decode(value, validate=True)
    if len(raw) > 32:
        raise ValueError
    return str(Decimal(int.from_bytes(raw, "big", signed=True)).scaleb(-int(field["parameters"]["scale"])))


def _day(value: Any, _: Mapping[str, Any]) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(value))).isoformat()


def _moment(unit: int) -> Callable[[Any, Mapping[str, Any]], str]:
    """Moments are counted from 1970 in parts of a microsecond or in several."""
    return lambda value, _: (_EPOCH + timedelta(microseconds=int(value) * unit)).isoformat()


_TYPES: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "org.apache.kafka.connect.data.Decimal": _decimal,
    "org.apache.kafka.connect.data.Date": _day,
    "org.apache.kafka.connect.data.Timestamp": _moment(1_000),
    "io.debezium.time.Date": _day,
    "io.debezium.time.Timestamp": _moment(1_000),
    "io.debezium.time.MicroTimestamp": _moment(1),
}
