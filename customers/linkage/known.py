"""Descriptions of the bank's own customers: made from facts, kept with their keys, found by them.

Described is a *unit*: the records that were one customer from the start because a key says so. A merge does not change it, so a merge
can be judged again on the same evidence; a record that was split off is a unit of its own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ..models import LinkageSettings, MemberDescription
from .blocking import keys_of, largest_block
from .descriptions import Description, describe

_CHUNK = 5_000
_MOST_CONTACTS = 6
_COLUMNS = Description._fields[1:]

UNIT = "CASE WHEN member.golden_id = opened.golden_id THEN member.opened_as_id ELSE member.id END"
_UNITS_OF = f"""
SELECT DISTINCT {UNIT}
  FROM customers_party member JOIN customers_party opened ON opened.id = member.opened_as_id
 WHERE member.golden_id = ANY(%s::uuid[]) AND member.kind = 'person'
"""  # noqa: S608
# The newest come last.
_SAID = f"""
SELECT {UNIT} AS unit, fact.attribute, fact.system_id, fact.value, fact.normalised
  FROM customers_party member
  JOIN customers_party opened ON opened.id = member.opened_as_id
  JOIN customers_partyfact fact ON fact.party_id = member.id
 WHERE (member.opened_as_id = ANY(%(units)s::uuid[]) OR member.id = ANY(%(units)s::uuid[])) AND {UNIT} = ANY(%(units)s::uuid[])
   AND fact.attribute IN ('name', 'birth_date', 'national_id', 'phone', 'email', 'address', 'town')
 ORDER BY unit, fact.source_file_id, fact.source_line, fact.attribute, fact.normalised, fact.value
"""  # noqa: S608
_KEEP = f"""
INSERT INTO customers_memberdescription (member_id, {", ".join(_COLUMNS)}, keys, fingerprint, described_at)
SELECT id::uuid, {", ".join(_COLUMNS[:-2])}, string_to_array(phones, chr(31)), string_to_array(emails, chr(31)),
       string_to_array(keys, chr(31)), fingerprint, %(at)s
  FROM unnest({", ".join(f"%({name})s::text[]" for name in ("id", *_COLUMNS, "keys", "fingerprint"))})
       AS said (id, {", ".join((*_COLUMNS, "keys", "fingerprint"))})
 ORDER BY id
    ON CONFLICT (member_id) DO UPDATE
   SET {", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS, "keys", "fingerprint", "described_at"))}
 WHERE (customers_memberdescription.fingerprint, customers_memberdescription.keys) IS DISTINCT FROM (excluded.fingerprint, excluded.keys)
RETURNING member_id
"""  # noqa: S608
_BY_KEY = """
SELECT wanted.unit, wanted.key, found.member_id
  FROM unnest(%(units)s::uuid[], %(keys)s::text[], %(mosts)s::integer[]) AS wanted (unit, key, most)
 CROSS JOIN LATERAL (
       SELECT member_id FROM customers_memberdescription WHERE keys @> ARRAY[wanted.key] LIMIT wanted.most + 1) found
"""


@dataclass(slots=True)
class _Said:
    """What the records of one unit say, the newest of each kind."""

    name: str = ""
    surname_first: bool = True
    fields: dict[str, str] = field(default_factory=dict)
    phones: dict[str, None] = field(default_factory=dict)
    emails: dict[str, None] = field(default_factory=dict)

    def hear(self, attribute: str, value: str, normalised: str, *, surname_first: bool) -> None:
        match attribute:
            case "name":
                # Where one system writes the given name first, its word is easier to take apart.
                if not self.name or self.surname_first or not surname_first:
                    self.name, self.surname_first = value, surname_first
            case "phone":
                self.phones[normalised] = None
            case "email":
                self.emails[normalised] = None
            case _:
                self.fields[attribute] = value

    def described(self, unit: UUID) -> Description:
        given, surname = _taken_apart(self.name, surname_first=self.surname_first)
        street, postcode = _street_and_postcode(self.fields.get("address", ""))
        return describe(
            str(unit),
            given_name=given,
            surname=surname,
            birth_date=self.fields.get("birth_date", ""),
            national_id=self.fields.get("national_id", ""),
            address_1=street,
            town=self.fields.get("town", ""),
            postcode=postcode,
            phones=tuple(list(self.phones)[-_MOST_CONTACTS:]),
            emails=tuple(list(self.emails)[-_MOST_CONTACTS:]),
        )


def _taken_apart(name: str, *, surname_first: bool) -> tuple[str, str]:
    words = name.split()
    if len(words) < 2:
        return "", name
    return (words[-1], " ".join(words[:-1])) if surname_first else (words[0], " ".join(words[1:]))


def _street_and_postcode(address: str) -> tuple[str, str]:
    """The last part of an address is its postcode, if it has one."""
    street, _, last = address.rpartition(",")
    return (street, last) if street and any(sign.isdigit() for sign in last) else (address, "")


def units_of(customers: Collection[UUID]) -> set[UUID]:
    """The units these customers (golden parties) are made of; organisations have none. Queries: 1."""
    with connection.cursor() as cursor:
        cursor.execute(_UNITS_OF, [list(customers)])
        return {unit for (unit,) in cursor.fetchall()}


def refresh(units: Collection[UUID], *, at: datetime) -> set[UUID]:
    """Describe these units by what is known now. Returns those that say something new. Queries: 3 for each 5,000."""
    surname_first = set((LinkageSettings.objects.first() or LinkageSettings()).surname_first)
    changed: set[UUID] = set()
    in_order = sorted(units)
    for start in range(0, len(in_order), _CHUNK):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SAID, {"units": in_order[start : start + _CHUNK]})
            described = list(_described(cursor.fetchall(), surname_first))
            cursor.execute(_KEEP, {**_as_columns(described), "at": at})
            changed.update(unit for (unit,) in cursor.fetchall())
    return changed


def _described(rows: Iterable[tuple[UUID, str, str, str, str]], surname_first: set[str]) -> Iterator[Description]:
    for unit, said in groupby(rows, key=lambda row: row[0]):
        heard = _Said()
        for _, attribute, system, value, normalised in said:
            heard.hear(attribute, value, normalised, surname_first=system in surname_first)
        yield heard.described(unit)


def _as_columns(described: list[Description]) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {name: [] for name in (*Description._fields, "keys", "fingerprint")}
    for one in described:
        for name, value in one._asdict().items():
            columns[name].append("\x1f".join(value) if isinstance(value, tuple) else value)
        columns["keys"].append("\x1f".join(sorted(keys_of(one))))
        columns["fingerprint"].append(fingerprint(one))
    return columns


def fingerprint(one: Description) -> str:
    return blake2b("\x1f".join(map(str, one[1:])).encode(), digest_size=16).hexdigest()


def descriptions(units: Collection[UUID]) -> list[Description]:
    """The kept descriptions of these units, in the order of their ids. Queries: 1."""
    rows = MemberDescription.objects.filter(pk__in=units).order_by("pk").values_list("pk", *_COLUMNS)
    return [_from_row(row) for row in rows]


def _from_row(row: tuple[Any, ...]) -> Description:
    identity, *said, phones, emails = row
    return Description._make((str(identity), *said, tuple(phones), tuple(emails)))


def fingerprints(units: Collection[UUID]) -> dict[UUID, str]:
    """Queries: 1."""
    return dict(MemberDescription.objects.filter(pk__in=units).values_list("pk", "fingerprint"))


def candidates(units: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """The pairs these units are part of: with whoever shares a key that few share. The smaller id is left. Queries: 2."""
    own = MemberDescription.objects.filter(pk__in=units).values_list("pk", "keys")
    wanted = [(unit, key) for unit, keys in own for key in keys]
    if not wanted:
        return set()
    holders: dict[tuple[UUID, str], list[UUID]] = defaultdict(list)
    with connection.cursor() as cursor:
        mosts = [largest_block(key) for _, key in wanted]
        cursor.execute(_BY_KEY, {"units": [unit for unit, _ in wanted], "keys": [key for _, key in wanted], "mosts": mosts})
        for unit, key, found in cursor.fetchall():
            holders[unit, key].append(found)
    return {
        (min(unit, other), max(unit, other))
        for (unit, key), others in holders.items()
        if len(others) <= largest_block(key)
        for other in others
        if other != unit
    }


def bearers(names: Collection[str]) -> dict[str, int]:
    """How many units bear each of these names. Queries: 1."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name_key, count(*) FROM customers_memberdescription WHERE name_key = ANY(%s) GROUP BY 1", [list(names)])
        return dict(cursor.fetchall())


def how_many() -> int:
    """About how many units there are: the planner's count, which costs nothing, once it has one. Queries: 1, or 2."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'customers_memberdescription'::regclass")
        counted = int(cursor.fetchall()[0][0])
    return counted if counted > _CHUNK else MemberDescription.objects.count()
