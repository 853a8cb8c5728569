"""Which records are one customer: golden parties and their members.

Each source's record of somebody is a party of its own, a *member*; a customer is the *golden* party its members point to. What was
stated of a member stays there for ever, so to merge and to part customers only moves pointers, and undoing a merge is exact. Other
floors keep the party ids they were told at the time and ask here which customer these stand for now.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from bankos.platform import clock
from bankos.platform.ids import uuid7

from . import changes
from .ingestion.locking import one_at_a_time
from .models import Party, PartyMove
from .survivorship import resurface

__all__ = ["NotJoined", "NotTwoCustomers", "golden_of", "join_parties", "members_of", "part_parties", "undo_move"]

CHANGED = ["identity"]


class NotTwoCustomers(ValueError):
    """Only a customer can be joined to another one, and only part of a customer can leave it."""


class NotJoined(LookupError):
    """There is nothing of this act left to undo."""


def golden_of(ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The customer each of these parties is part of now; parties that don't exist are left out. Queries: 1, none for nothing."""
    if not ids:
        return {}
    return dict(Party.objects.filter(pk__in=ids).values_list("pk", "golden_id"))


def members_of(party_id: UUID) -> QuerySet[Party, UUID]:
    """The ids of all records of the customer this party is part of: a subquery for `filter(party_id__in=...)`, itself among them."""
    return Party.objects.filter(golden__in=Party.objects.filter(pk=party_id).values("golden")).values_list("pk", flat=True)


def join_parties(*, keep: UUID, absorb: UUID, at: datetime) -> UUID:
    """Make two customers one, in the caller's transaction: all members of `absorb` come to `keep`. Returns the act, for `undo_move`.

    Who asked and why is the caller's to know; here only the state changes.

    Raises:
        NotTwoCustomers: they are one already, or one of them is no golden party.
    """
    one_at_a_time(at=at)
    if keep == absorb or set(golden_of([keep, absorb]).items()) != {(keep, keep), (absorb, absorb)}:
        raise NotTwoCustomers(f"{keep} and {absorb}")
    return _move(Party.objects.filter(golden_id=absorb), to=keep, at=at)


def part_parties(members: Collection[UUID], *, at: datetime) -> UUID:
    """Make some members of one customer a customer of their own, in the caller's transaction; the first of them by id is its golden.

    Raises:
        NotTwoCustomers: they are not of one customer, or its golden party is among them: then part the others.
    """
    one_at_a_time(at=at)
    golden = golden_of(members)
    if not members or set(golden) != set(members) or len(set(golden.values())) > 1 or set(golden.values()) & set(members):
        raise NotTwoCustomers(", ".join(sorted(map(str, members))))
    return _move(Party.objects.filter(pk__in=members), to=min(members), at=at)


def undo_move(act: UUID, *, at: datetime) -> UUID:
    """Bring back whom an act moved, to the customers they came from, as long as they are still where it, or a later merge of the whole
    customer, brought them. In the caller's transaction. Returns the act of undoing.

    Raises:
        NotJoined: nobody is.
    """
    one_at_a_time(at=at)
    moved = list(PartyMove.objects.filter(act=act).select_related("member", "after"))
    back = {move.member_id: move for move in moved if move.member.golden_id == move.after.golden_id != move.before_id}
    # Whoever they came from must be a customer again, or have stayed one.
    homes = golden_of({move.before_id for move in back.values()})
    back = {member: move for member, move in back.items() if move.before_id in back or homes[move.before_id] == move.before_id}
    if not back:
        raise NotJoined(str(act))
    undoing = uuid7()
    _keep_moves(undoing, [(move.member, move.before_id) for move in back.values()], at=at)
    for member, move in back.items():
        Party.objects.filter(pk=member).update(golden_id=move.before_id, joined_at=move.joined_before)
    _tell(back, [move.after_id for move in back.values()], at=at)
    return undoing


def _move(members: QuerySet[Party], *, to: UUID, at: datetime) -> UUID:
    act = uuid7()
    moving = list(members.order_by("pk").select_for_update())
    _keep_moves(act, [(member, to) for member in moving], at=at)
    Party.objects.filter(pk__in=[member.pk for member in moving]).update(golden_id=to, joined_at=at)
    _tell([to], [member.golden_id for member in moving], at=at)
    return act


def _keep_moves(act: UUID, moves: Iterable[tuple[Party, UUID]], *, at: datetime) -> None:
    PartyMove.objects.bulk_create(
        PartyMove(act=act, member=member, before_id=member.golden_id, after_id=to, joined_before=member.joined_at, recorded_at=at)
        for member, to in moves
    )


def _tell(*parties: Iterable[UUID], at: datetime) -> None:
    """Bring the customers on both sides up to date and say so."""
    customers = set(golden_of({party for some in parties for party in some}).values())
    resurface(customers, day=clock.bank_date(at))
    changes.tell(customers, changed=CHANGED, at=at)
