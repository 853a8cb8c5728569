"""One customer with all its records: what every reading of a customer starts from."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from bankos.platform.actors import Actor

from .care import masking
from .models import Party
from .visibility import NotVisible


@dataclass(frozen=True, slots=True)
class Customer:
    """The golden party and all its members, itself among them. `shown`: what the actor sees whole of what can be masked."""

    golden: Party
    members: tuple[Party, ...]
    shown: frozenset[str] = frozenset()
    national_id: str = ""

    @property
    def ids(self) -> list[UUID]:
        """Of all members: what rows about the customer are found by."""
        return [member.pk for member in self.members]


_remembered: ContextVar[dict[tuple[UUID, Actor | None], Customer] | None] = ContextVar("remembered", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Let `customer_of` ask the database once for each party and actor: for a page of many parts, which only reads."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def customer_of(party_id: UUID, *, actor: Actor | None) -> Customer:
    """The customer this party is part of. No actor: for floors that then ask sentinel.

    Raises:
        NotVisible: the actor may not see it, or there is none.
    Queries: 1; none again within `asked_once`.
    """
    remembered = _remembered.get()
    if remembered is None:
        return _read(party_id, actor)
    if (party_id, actor) not in remembered:
        remembered[party_id, actor] = _read(party_id, actor)
    return remembered[party_id, actor]


def _read(party_id: UUID, actor: Actor | None) -> Customer:
    golden = Party.objects.filter(pk=party_id).values("golden")
    rows = Party.objects.filter(golden__in=golden).select_related("home_branch").order_by("pk")
    known = rows if actor is None else rows.visible_to(actor)
    seen = list(known.annotate(shown=masking.shown_to(actor), national_id=masking.NATIONAL_ID))
    if not seen:
        raise NotVisible(party_id)
    first = next(member for member in seen if member.pk == member.golden_id)
    national_id = next((member.national_id for member in seen if member.national_id), "")  # type: ignore[attr-defined] # annotated
    return Customer(first, tuple(seen), frozenset(first.shown), national_id)  # type: ignore[attr-defined]


def locked_customer(party_id: UUID, *, actor: Actor) -> Party:
    """The golden party this party is part of, locked in the caller's transaction for what is about to be written about it.

    The lock waits for a merge that is under way: what is said to a customer is said to whoever that is then.

    Raises:
        NotVisible: the actor may not see it, or there is none.
    Queries: 1.
    """
    golden = Party.objects.visible_to(actor).filter(pk=party_id).values("golden")
    party = Party.objects.customers().select_for_update().filter(pk__in=golden).first()
    if party is None:
        raise NotVisible(party_id)
    return party
