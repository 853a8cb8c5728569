"""Parties: each record is resolved to one, and what it says is kept as facts of its source."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from customers.spelling import fold, phone_digits

from ..landed import Landing, Loaded
from ..records import PartyRecord
from ..resolution import Key, People, Resolution, resolve
from ..staging import Stage
from .facts import StatedFact, state_facts
from .touched import touch

_BUCKETS = 256


class ResolvedParty(NamedTuple):
    """A record that has found its party."""

    line: int
    party_id: UUID
    opens: bool
    bucket: int
    number: str
    kind: str
    name: str
    folded_name: str
    birth_date: date | None
    branch_code: str
    customer_since: date | None
    from_core: bool


class StatedIdentifier(NamedTuple):
    line: int
    party_id: UUID
    kind: str
    value: str


_BRANCHES = "SELECT code FROM customers_branch WHERE code = ANY(%(codes)s)"
_NUMBERS = "SELECT number FROM customers_party WHERE number = ANY(%(numbers)s)"
_KNOWN_KEYS = """
SELECT kind, value, party_id FROM customers_partyidentifier
 WHERE (system_id, kind, value) IN (
       SELECT CASE kind WHEN 'client_id' THEN 'crm' ELSE 'core' END, kind, value
         FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS wanted (kind, value))
"""
# Every name and birth date of the parties the keys lead to, and of those born on one of the days.
_KNOWN_PEOPLE = """
SELECT party_id, attribute, value FROM customers_partyfact
 WHERE attribute IN ('name', 'birth_date')
   AND (party_id = ANY(%(parties)s::uuid[])
        OR party_id IN (SELECT party_id FROM customers_partyfact WHERE attribute = 'birth_date' AND normalised = ANY(%(days)s::text[])))
"""
_OPEN = """
INSERT INTO customers_party (
    id, number, kind, name, search_name, birth_date, home_branch_id, customer_since, bucket, version, changed_at)
SELECT s.party_id, s.number, s.kind, s.name, s.folded_name, s.birth_date, b.id, s.customer_since, s.bucket, 1, %(at)s
  FROM staged_party s JOIN customers_branch b ON b.code = s.branch_code
 WHERE s.opens
 ORDER BY s.line
RETURNING id
"""
# Core banking decides where a customer is at home; the CRM only for those it alone knows.
_UPDATE = """
UPDATE customers_party p
   SET kind = s.kind, home_branch_id = s.branch_id, customer_since = s.customer_since
  FROM (SELECT DISTINCT ON (r.party_id) r.*, b.id AS branch_id
          FROM staged_party r JOIN customers_branch b ON b.code = r.branch_code
         WHERE r.from_core OR NOT EXISTS (
               SELECT FROM customers_partyidentifier i WHERE i.party_id = r.party_id AND i.kind = 'customer_no')
         ORDER BY r.party_id, r.line DESC) s
 WHERE p.id = s.party_id
   AND (p.kind, p.home_branch_id, p.customer_since) IS DISTINCT FROM (s.kind, s.branch_id, s.customer_since)
RETURNING s.line, p.id
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
    stage = Stage("staged_party", [_resolved(record, resolution) for record in resolved])
    origin = {"system": landing.system, "file": landing.file_id, "at": landing.at}
    opened = stage.run(_OPEN, at=landing.at)
    changed = _identify(resolved, resolution, origin)
    changed += stage.run(_UPDATE)
    touch({party for (party,) in opened} | {party for _, party in changed}, landing)
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
        people.by_key = {(kind, value): party for kind, value, party in cursor.fetchall()}
        nameless = [record for record in records if record.key_kind == "client_id" and not record.customer_no]
        if nameless:
            days = {record.birth_date.isoformat() for record in nameless if record.birth_date}
            cursor.execute(_KNOWN_PEOPLE, {"parties": list({*people.by_key.values()}), "days": list(days)})
            for party, attribute, value in cursor.fetchall():
                if attribute == "name":
                    people.learn(party, name=value)
                else:
                    people.learn(party, birth_date=date.fromisoformat(value))
    return people


def _keys(record: PartyRecord) -> Iterator[Key]:
    """The keys under which a record's party may be known."""
    yield record.key_kind, record.key
    if record.customer_no and record.key_kind != "customer_no":
        yield "customer_no", record.customer_no


def _resolved(record: PartyRecord, resolution: Resolution) -> ResolvedParty:
    party = resolution.party_of[record.line]
    return ResolvedParty(
        line=record.line,
        party_id=party,
        opens=resolution.opened.get(party) is record,
        bucket=party.int % _BUCKETS,
        number=record.number,
        kind=record.kind,
        name=record.name,
        folded_name=fold(record.name),
        birth_date=record.birth_date,
        branch_code=record.branch_code,
        customer_since=record.customer_since,
        from_core=record.key_kind == "customer_no",
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
    for attribute, value, normalised in (
        ("name", record.name, fold(record.name)),
        ("birth_date", born, born),
        ("phone", record.phone, phone_digits(record.phone)),
        ("email", record.email, record.email.lower()),
        ("address", record.address, fold(record.address)),
        ("town", record.town, fold(record.town)),
        ("language", record.language, record.language.lower()),
        ("company_number", record.company_number, record.company_number.upper()),
    ):
        if value:
            yield StatedFact(record.line, party, attribute, value, normalised)
