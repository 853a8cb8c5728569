"""Which member a record is, and which customer it is part of: deterministic keys first, then the same birth date and the same names
in any order.

A system's own key names a member of its own, for ever. A new member becomes part of a known customer, or opens one.

Pure: what is known comes in as a value, what was found goes out. Records are taken in the order of their lines, each one known
to those behind it, so a file gives the same parties however it is cut into chunks.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from bankos.platform.ids import uuid7
from customers.spelling import name_key

from .feed import Complaint
from .records import PartyRecord

Key = tuple[str, str]
"""(kind, value): a system's own key of a person, such as ("client_id", "7")."""


@dataclass(slots=True)
class People:
    """What is known so far: members by their keys, the customers they are part of, customers by name and birth date, the numbers in
    use, the branches.
    """

    by_key: dict[Key, UUID] = field(default_factory=dict)
    golden_of: dict[UUID, UUID] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    branches: set[str] = field(default_factory=set)
    _births: dict[UUID, set[date]] = field(default_factory=lambda: defaultdict(set))
    _names: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    _by_likeness: dict[tuple[date, str], set[UUID]] = field(default_factory=lambda: defaultdict(set))

    def customer(self, key: Key) -> UUID | None:
        """The customer of the member with this key."""
        member = self.by_key.get(key)
        return None if member is None else self.golden_of[member]

    def learn(self, customer: UUID, *, name: str | None = None, birth_date: date | None = None) -> None:
        """One more name or birth date some system states of a customer."""
        if name is not None:
            self._names[customer].add(name_key(name))
        if birth_date is not None:
            self._births[customer].add(birth_date)
        for born in self._births[customer]:
            for key in self._names[customer]:
                self._by_likeness[born, key].add(customer)

    def like(self, *, name: str, birth_date: date | None) -> set[UUID]:
        """The customers born that day who bear that name, its words in any order."""
        return self._by_likeness.get((birth_date, name_key(name)), set()) if birth_date else set()


@dataclass(slots=True)
class Resolution:
    """`party_of`: line → member; `golden_of`: member → customer; `opened`: the members that are new, and the record each was opened by."""

    party_of: dict[int, UUID] = field(default_factory=dict)
    golden_of: dict[UUID, UUID] = field(default_factory=dict)
    opened: dict[UUID, PartyRecord] = field(default_factory=dict)
    complaints: dict[int, Complaint] = field(default_factory=dict)


def resolve(records: Iterable[PartyRecord], people: People) -> Resolution:
    """Find or open the member each record is. `people` learns from each."""
    result = Resolution()
    for record in records:
        key = record.key_kind, record.key
        member = people.by_key.get(key)
        customer = _customer(record, people)
        if isinstance(customer, Complaint):
            result.complaints[record.line] = customer
            continue
        if objection := _objection(record, people, opens=member is None):
            result.complaints[record.line] = objection
            continue
        if member is None:
            member = uuid7()
            result.opened[member] = record
            people.numbers.add(record.number)
            people.by_key[key] = member
            people.golden_of[member] = customer or member
        result.party_of[record.line] = member
        result.golden_of[member] = people.golden_of[member]
        people.learn(people.golden_of[member], name=record.name, birth_date=record.birth_date)
    return result


def _objection(record: PartyRecord, people: People, *, opens: bool) -> Complaint | None:
    if record.branch_code not in people.branches:
        return Complaint("unknown_branch", f"Branch “{record.branch_code}” is not known. Read the branches first, or correct the code.")
    if opens and record.number in people.numbers:
        return Complaint("number_taken", f"The customer number {record.number} belongs to somebody else already.")
    return None


def _customer(record: PartyRecord, people: People) -> UUID | Complaint | None:
    """Whose record it is; None if nobody's who is known."""
    own = people.customer((record.key_kind, record.key))
    if record.key_kind == "customer_no":
        return own
    named = people.customer(("customer_no", record.customer_no)) if record.customer_no else None
    if record.customer_no and named is None:
        return Complaint(
            "unknown_customer", f"Customer “{record.customer_no}” is not known. Read the customers first, or correct the number."
        )
    if own and named and own != named:
        return Complaint(
            "two_parties",
            f"Client “{record.key}” was known as somebody else before it named customer “{record.customer_no}”; a person must decide.",
        )
    if found := own or named:
        return found
    alike = people.like(name=record.name, birth_date=record.birth_date)
    return next(iter(alike)) if len(alike) == 1 else None
