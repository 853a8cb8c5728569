"""What a customer agrees to at one moment, per purpose and way of contact: put together from every word they said.

A word about no particular way of contact speaks for the purpose. A yes to it opens no way of contact that was not named, and a no to it
closes all that were opened before. A yes may end by itself. So nothing is ever wider than what was said.

Nor does a merge widen it. Each customer that was once one by itself (`opened_as`) spoke for itself. Of several made one, the newest
words of each count, and only if all said yes the customer agrees. A word the merged customer gave in bankos after the last merge stands
for all of them, until a newer word of one of them. Parting and undoing bring each back to what it said itself.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from .members import Customer
from .models import ConsentPurpose


@dataclass(frozen=True, slots=True)
class Word:
    """One thing said about one purpose and way of contact ("": none in particular); `heard_on` is where it was said."""

    record_id: UUID
    contact_channel: str
    given: bool
    occurred_at: datetime
    heard_on: str
    valid_until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it is a yes that has not ended."""
        return self.given and (self.valid_until is None or at < self.valid_until)

    @property
    def place(self) -> tuple[datetime, UUID]:
        return self.occurred_at, self.record_id


@dataclass(frozen=True, slots=True)
class Agreement:
    """Where one purpose stands. `rests_on` is the word that gives it; without one it is not agreed to.

    `given` is None if not everybody the customer is made of was asked, and nobody said no. `channels`: the ways of contact agreed to,
    None where none was ever spoken of. `last`: the word that counts, whether yes or no, if there is any.
    """

    purpose: str
    label: str
    by_channel: bool
    offered: bool
    given: bool | None
    rests_on: Word | None
    channels: frozenset[str] | None
    last: Word | None

    @property
    def expired(self) -> bool:
        """A yes that ended by itself."""
        return self.rests_on is None and self.last is not None and self.last.given


@dataclass(frozen=True, slots=True)
class Settled:
    """What one unit's newest words, one for each way of contact, come to."""

    rests_on: Word | None
    channels: frozenset[str] | None
    last: Word


class Purpose(NamedTuple):
    """A use of data as it is today (`ConsentPurpose`)."""

    code: str
    label: str
    by_channel: bool
    offered: bool


class _Told(NamedTuple):
    """A row of what was said; `decision` if it was said in bankos."""

    record_id: UUID
    party_id: UUID
    contact_channel: str
    given: bool
    occurred_at: datetime
    heard_on: str
    valid_until: datetime | None
    recorded_at: datetime
    decision_id: UUID | None

    @property
    def word(self) -> Word:
        return Word(self.record_id, self.contact_channel, self.given, self.occurred_at, self.heard_on, self.valid_until)


_WORDS = """
SELECT purpose.code, purpose.label, purpose.by_channel, purpose.offered,
       word.id, word.party_id, word.contact_channel, word.given, word.occurred_at, word.channel, word.valid_until, word.recorded_at,
       word.decision_id
  FROM customers_consentpurpose purpose
  LEFT JOIN customers_consent word ON word.purpose = purpose.code AND word.party_id = ANY (%(members)s::uuid[])
 ORDER BY purpose.place, purpose.code, word.occurred_at, word.id
"""


def agreements_of(customer: Customer, *, at: datetime) -> tuple[Agreement, ...]:
    """Every purpose there is, in the order of lists. Queries: 1."""
    units = {member.pk: member.opened_as_id for member in customer.members}
    with connection.cursor() as cursor:
        cursor.execute(_WORDS, {"members": list(units)})
        rows = [(Purpose(*row[: len(Purpose._fields)]), row[len(Purpose._fields) :]) for row in cursor.fetchall()]
    said: dict[Purpose, list[_Told]] = {purpose: [] for purpose, _ in rows}
    for purpose, (record, *rest) in rows:
        if record is not None:
            said[purpose].append(_Told(record, *rest))
    return tuple(agreement(purpose, _by_unit(told, customer, units), set(units.values()), at) for purpose, told in said.items())


def contact_channels(agreements: Iterable[Agreement]) -> frozenset[str] | None:
    """The ways of contact that everything agreed to has in common; None where none was ever spoken of.

    In common, because policies ask for the channel without the purpose: letters for one purpose must not open letters for another.
    """
    spoken_of = [one for one in agreements if one.by_channel and one.channels is not None]
    if not spoken_of:
        return None
    agreed = [one.channels or frozenset() for one in spoken_of if one.rests_on is not None]
    return frozenset.intersection(*agreed) if agreed else frozenset()


def agreement(row: Purpose | ConsentPurpose, words: dict[UUID, dict[str, Word]], units: Collection[UUID], at: datetime) -> Agreement:
    """What the newest words of each unit, by way of contact, come to for the customer these units are."""
    each = [settled(list(said.values()), at) for said in words.values() if said]
    refused = [one.last for one in each if one.rests_on is None]
    yes = [one.rests_on for one in each if one.rests_on is not None]
    agreed = bool(yes) and not refused and len(each) == len(units)
    named = any(one.channels is not None for one in each)
    common = [one.channels or frozenset() for one in each] if len(each) == len(units) else [frozenset[str]()]
    counting = refused or yes
    return Agreement(
        purpose=row.code,
        label=row.label,
        by_channel=row.by_channel,
        offered=row.offered,
        given=False if refused else (True if agreed else None),
        rests_on=max(yes, key=lambda word: word.place) if agreed else None,
        channels=frozenset.intersection(*common) if named else None,
        last=max(counting, key=lambda word: word.place) if counting else None,
    )


def settled(words: list[Word], at: datetime) -> Settled:
    """Where the newest words of one unit leave a purpose. There is at least one."""
    newest_first = sorted(words, key=lambda word: word.place, reverse=True)
    general = next((word for word in newest_first if not word.contact_channel), None)
    named = [word for word in newest_first if word.contact_channel]
    closed = general.place if general is not None and not general.given else None
    open_ones = [word for word in named if word.holds(at) and (closed is None or word.place > closed)]
    candidates = [general, *open_ones] if general is not None and general.holds(at) else open_ones
    return Settled(
        rests_on=candidates[0] if candidates else None,
        channels=frozenset(word.contact_channel for word in open_ones) if named else None,
        last=candidates[0] if candidates else newest_first[0],
    )


def _by_unit(told: Iterable[_Told], customer: Customer, units: dict[UUID, UUID]) -> dict[UUID, dict[str, Word]]:
    """Per unit and way of contact the newest word that stands for it: later rows overwrite earlier ones."""
    joined = max((member.joined_at for member in customer.members if member.joined_at), default=None)
    words: dict[UUID, dict[str, Word]] = {}
    for row in told:
        # Said in bankos to the customer as they are made up now.
        for_all = row.party_id == customer.golden.pk and row.decision_id and (joined is None or row.recorded_at > joined)
        for unit in set(units.values()) if for_all else {units[row.party_id]}:
            words.setdefault(unit, {})[row.contact_channel] = row.word
    return words
