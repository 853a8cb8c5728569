"""What a machine joins by itself: as far as its autonomy and the policies let it. Everything else waits for a person."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import product
from uuid import UUID

from django.db.models import F, Q, QuerySet

from bankos.platform import actors
from sentinel import actions, authority, autonomy

from .. import identity
from ..models import PartyLink
from . import merging
from .comparing import compare
from .known import units_of
from .links import Judge
from .zones import Zone

LINKAGE = actors.system("customers.linkage")
MODEL = "customers.linkage"
REASON = "The records agree so well that they are one person’s."
_BATCH = 200


Place = tuple[float, UUID]
"""How far joining has come: the weight and id of the last link looked at."""


def join_likely(units: Collection[UUID], by: Judge, *, at: datetime) -> int:
    """Join these units' customers with whoever is the same person beyond the threshold, the surest first. Returns how many were joined.

    Two customers become one if their best pair says so and all their pairs taken together do, and nobody who was told apart would
    come together. Each is asked of the authority; what it does not permit stays in the queue. While linkage may not act alone anywhere,
    everything does.
    """
    if not _may_join():
        return 0
    found = _likely(by).filter(Q(left__in=units) | Q(right__in=units))
    return _join([(left, right) for _, left, right, _ in found], by, at=at)


def join_next(after: Place | None, by: Judge, *, at: datetime) -> tuple[int, Place | None]:
    """The same for the next links of all, from a place on. Returns how many were joined, and the new place; None at the end."""
    if not _may_join():
        return 0, None
    found = _likely(by)
    if after is not None:
        found = found.filter(Q(bits__lt=after[0]) | Q(bits=after[0], pk__gt=after[1]))
    rows = list(found[:_BATCH])
    joined = _join([(left, right) for _, left, right, _ in rows], by, at=at)
    return joined, (rows[-1][3], rows[-1][0]) if len(rows) == _BATCH else None


def _may_join() -> bool:
    return autonomy.may_act_alone(subjects=(LINKAGE.id, MODEL), action=merging.PARTY_JOIN.name)


def _likely(by: Judge) -> QuerySet[PartyLink, tuple[UUID, UUID, UUID, float]]:
    """The open links beyond the threshold between different customers: id, left, right, bits."""
    found = PartyLink.objects.filter(state=PartyLink.State.OPEN, probability__gte=by.thresholds.same).exclude(
        left__golden=F("right__golden")
    )
    return found.order_by("-bits", "pk").values_list("pk", "left_id", "right_id", "bits")


def _join(pairs: Sequence[tuple[UUID, UUID]], by: Judge, *, at: datetime) -> int:
    joined = 0
    for left, right in pairs:
        golden = identity.golden_of([left, right])
        one, other = golden[left], golden[right]
        if one != other and _belong_together(one, other, by):
            joined += _ask_and_join(one, other, by, at=at)
    return joined


def _belong_together(one: UUID, other: UUID, by: Judge) -> bool:
    """Of customers of one unit each the link itself says it."""
    sides = units_of([one]), units_of([other])
    pairs = [(min(pair), max(pair)) for pair in product(*sides)]
    if PartyLink.objects.filter(state=PartyLink.State.APART, left__in=sides[0] | sides[1], right__in=sides[0] | sides[1]).filter(
        Q(left__golden=one, right__golden=other) | Q(left__golden=other, right__golden=one)
    ):
        return False
    if len(pairs) == 1:
        return True
    scores = compare(pairs, by)
    best = max(scores, key=lambda score: score.bits)
    return by.thresholds.zone(best.probability) is Zone.SAME and sum(score.bits for score in scores) > 0


def _ask_and_join(one: UUID, other: UUID, by: Judge, *, at: datetime) -> int:
    kept, absorbed = merging.kept_and_absorbed(one, other)
    parameters: Mapping[str, str] = {"other": str(absorbed), "contradicts": merging.contradiction(kept, absorbed), "reason": REASON}
    model = authority.ModelRef(MODEL, str(by.version), by.sha256)
    # What it may not join by itself waits in the queue of questions.
    ran = actions.run(
        merging.PARTY_JOIN, actor=LINKAGE, resource_id=str(kept), parameters=parameters, at=at, model=model, asks_second_person=False
    )
    return int(ran.done)
