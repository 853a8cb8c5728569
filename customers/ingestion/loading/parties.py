"""Parties: each record is a member of a customer, and what it says is kept as facts of its source."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from customers.attributes import normalised
from customers.spelling import fold

from ..landed import Landing, Loaded
from ..records import PartyRecord
from ..resolution import Key, People, Resolution, resolve
from ..staging import Stage
from .facts import StatedFact, state_facts
from .touched import touch

_BUCKETS = 256


class OpenedParty(NamedTuple):
    """A record that has opened a member."""

    line: int
    party_id: UUID
    golden_id: UUID
    bucket: int
    number: str
    kind: str
    name: str
    folded_name: str
    birth_date: date | None
    branch_code: str
    customer_since: date | None


class StatedIdentifier(NamedTuple):
    line: int
    party_id: UUID
    kind: str
    value: str


_BRANCHES = "SELECT code FROM customers_branch WHERE code = ANY(%(codes)s)"
_NUMBERS = "SELECT number FROM customers_party WHERE number = ANY(%(numbers)s)"
_KNOWN_KEYS = """
SELECT i.kind, i.value, i.party_id, member.golden_id
  FROM customers_partyidentifier i JOIN customers_party member ON member.id = i.party_id
 WHERE (i.system_id, i.kind, i.value) IN (
       SELECT CASE kind WHEN 'client_id' THEN 'crm' ELSE 'core' END, kind, value
         FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS wanted (kind, value))
"""
# Every name and birth date of the customers the keys lead to, and of those born on one of the days.
_KNOWN_PEOPLE = """
SELECT member.golden_id, fact.attribute, fact.value
  FROM customers_party member JOIN customers_partyfact fact ON fact.party_id = member.id
 WHERE fact.attribute IN ('name', 'birth_date')
   AND member.golden_id IN (
       SELECT unnest(%(customers)s::uuid[])
        UNION
       SELECT born.golden_id FROM customers_partyfact f JOIN customers_party born ON born.id = f.party_id
        WHERE f.attribute = 'birth_date' AND f.normalised = ANY(%(days)s::text[]))
"""
_OPEN = """
INSERT INTO customers_party (
    id, golden_id, opened_as_id, number, kind, name, search_name, birth_date, home_branch_id, customer_since, bucket, version, changed_at)
SELECT s.party_id, s.golden_id, s.golden_id, s.number, s.kind, s.name, s.folded_name, s.birth_date, b.id, s.customer_since, s.bucket, 1,
       %(at)s
  FROM staged_party s JOIN customers_branch b ON b.code = s.branch_code
 ORDER BY s.line
"""
_LOAD_IDENTIFIERS = """
INSERT INTO customers_partyidentifier (id, party_id, system_id, kind, value, source_file_id, source_line, recorded_at)
SELECT id, party_id, %(system)s, kind, value, %(file)s, line, %(at)s FROM staged_identifier ORDER BY line
    ON CONFLICT (system_id, kind, value) DO NOTHING
RETURNING source_line, party_id
"""


def load_parties(records: Sequence[PartyRecord], landing: Landing) -> Loaded:
    resolution = resolve(records, _people_around(records))
    resolved = [record for record in records if record.line in resolution.party_of]
    if not resolved:
        return Loaded(0, resolution.complaints)
    if resolution.opened:
        opened = [_opened(record, party, resolution.golden_of[party]) for party, record in resolution.opened.items()]
        Stage("staged_party", opened).run(_OPEN, at=landing.at)
    changed = _identify(resolved, resolution, {"system": landing.system, "file": landing.file_id, "at": landing.at})
    touch({*resolution.opened, *(party for _, party in changed)}, landing)
    said = state_facts([fact for record in resolved for fact in _facts(record, resolution.party_of[record.line])], landing)
    return Loaded(len({line for line, _ in changed} | said), resolution.complaints)


def _people_around(records: Sequence[PartyRecord]) -> People:
    """Everybody these records could be about. Queries: 3, and 1 more when some record has nothing but a name to go by."""
    people = People()
    keys = {key for record in records for key in _keys(record)}
    with connection.cursor() as cursor:
        cursor.execute(_BRANCHES, {"codes": list({record.branch_code for record in records})})
        people.branches = {code for (code,) in cursor.fetchall()}
        cursor.execute(_NUMBERS, {"numbers": [record.number for record in records]})
        people.numbers = {number for (number,) in cursor.fetchall()}
        cursor.execute(_KNOWN_KEYS, {"kinds": [kind for kind, _ in keys], "values": [value for _, value in keys]})
        for kind, value, member, customer in cursor.fetchall():
            people.by_key[kind, value] = member
            people.golden_of[member] = customer
        nameless = [record for record in records if record.key_kind == "client_id" and not record.customer_no]
        if nameless:
            days = {record.birth_date.isoformat() for record in nameless if record.birth_date}
            cursor.execute(_KNOWN_PEOPLE, {"customers": list({*people.golden_of.values()}), "days": list(days)})
            for customer, attribute, value in cursor.fetchall():
                if attribute == "name":
                    people.learn(customer, name=value)
                else:
                    people.learn(customer, birth_date=date.fromisoformat(value))
    return people


def _keys(record: PartyRecord) -> Iterator[Key]:
    """The keys under which a record's customer may be known."""
    yield record.key_kind, record.key
    if record.customer_no and record.key_kind != "customer_no":
        yield "customer_no", record.customer_no


def _opened(record: PartyRecord, party: UUID, customer: UUID) -> OpenedParty:
    return OpenedParty(
        line=record.line,
        party_id=party,
        golden_id=customer,
        bucket=party.int % _BUCKETS,
        number=record.number,
        kind=record.kind,
        name=record.name,
        folded_name=fold(record.name),
        birth_date=record.birth_date,
        branch_code=record.branch_code,
        customer_since=record.customer_since,
    )


def _identify(records: Iterable[PartyRecord], resolution: Resolution, origin: dict[str, object]) -> list[tuple[int, UUID]]:
    stated = [
        StatedIdentifier(record.line, resolution.party_of[record.line], kind, value)
        for record in records
        for kind, value in ((record.key_kind, record.key), ("national_id", record.national_id))
        if value
    ]
    if not stated:
        return []
    return [(line, party) for line, party in Stage("staged_identifier", stated).run(_LOAD_IDENTIFIERS, **origin)]


def _facts(record: PartyRecord, party: UUID) -> Iterator[StatedFact]:
    """What a record states; silence is no fact."""
    born = record.birth_date.isoformat() if record.birth_date else ""
    since = record.customer_since.isoformat() if record.customer_since else ""
    for attribute, value in (
        ("name", record.name),
        ("birth_date", born),
        ("national_id", record.national_id),
        ("phone", record.phone),
        ("email", record.email),
        ("address", record.address),
        ("town", record.town),
        ("language", record.language),
        ("company_number", record.company_number),
        ("kind", record.kind),
        ("home_branch", record.branch_code),
        ("customer_since", since),
    ):
        if value:
            yield StatedFact(record.line, party, attribute, value, normalised(attribute, value))
