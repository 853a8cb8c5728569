"""Erasure (GDPR Art. 17): what may go now, what the law keeps and until when, and the nightly work on what has become due.

Two people agree (`sentinel.erasure`). What stays is restricted: shown to compliance only and used for nothing (Art. 18). While a contract
runs, what it needs stays; its time begins when it ends.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Max

from bankos.platform import actors, clock, events
from bankos.platform.actors import Actor
from sentinel import actions, authority
from sentinel import erasure as authority_erasure
from sentinel.actions import Ask, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..changes import tell
from ..members import Customer, customer_of
from ..models import AccessExport, Arrangement, ArrangementRole, ErasurePiece, Party, RetentionRule, RightsRequest, Transaction
from ..models.behaviour import Channel
from ..visibility import NotVisible
from . import access, asking, reach
from .asking import Kind, State

ERASED = "customers.customer.erased"
SOURCE = "customers"
LOOK_AGAIN = timedelta(days=30)
NIGHTLY = actors.system("customers.rights")
CONTRACT = "The contract still runs (GDPR Art. 6(1)(b)); its time begins when it ends."
# What a running contract does not need.
WITHOUT_CONTRACT = frozenset({RetentionRule.Category.BEHAVIOUR, RetentionRule.Category.DECISIONS})
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become of one category: erased at once (`until` is None), or kept until a day, because of `ground`.

    `contract`: it is kept by a contract that runs, and `until` is only when that is looked at again.
    """

    category: str
    label: str
    until: date | None
    ground: str
    contract: bool = False


def plan_of(party_id: UUID, *, at: datetime) -> tuple[Plan, ...]:
    """What erasing this customer now would do. Queries: 4.

    Raises:
        NotVisible: there is no such customer.
    """
    customer = customer_of(party_id, actor=None)
    today = clock.bank_date(at)
    runs, last = _contract_runs(customer), _last_booking(customer)
    rules = {rule.category: rule for rule in RetentionRule.objects.all()}
    return tuple(_plan(rules[category], runs, last, today) for category in RetentionRule.Category if category in rules)


def ask(party_id: UUID, *, checked: str, heard_on: str, actor: Actor, at: datetime) -> UUID:
    """Record that the customer asks to be erased; compliance officers then see to it. Returns the request's id.

    Raises:
        NotVisible, sentinel.authority.NotPermitted
    """
    return asking.record(party_id, Kind.ERASURE, checked=checked, heard_on=heard_on, actor=actor, at=at)


def erase_due(*, at: datetime) -> int:
    """Erase what was kept by law and is due, each piece by itself; what a hold keeps waits. Returns how many went."""
    today = clock.bank_date(at)
    due = ErasurePiece.objects.filter(erased_at=None, due_date__lte=today).order_by("due_date", "id")
    return sum(_erase_if_due(piece_id, at) for piece_id in due.values_list("pk", flat=True))


def _plan(rule: RetentionRule, runs: bool, last: date | None, today: date) -> Plan:
    if runs and rule.category not in WITHOUT_CONTRACT:
        return Plan(rule.category, rule.get_category_display(), today + LOOK_AGAIN, CONTRACT, contract=True)
    begins = last if rule.counted_from == RetentionRule.Moment.LAST_BUSINESS and last is not None else today
    until = _years_later(begins, rule.years)
    if not rule.years or until <= today:
        return Plan(rule.category, rule.get_category_display(), None, "")
    return Plan(rule.category, rule.get_category_display(), until, rule.legal_ground)


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return date(day.year + years, 3, 1)


def _contract_runs(customer: Customer) -> bool:
    own = ArrangementRole.objects.filter(party__in=customer.ids, role__in=ArrangementRole.HOLDERS).values("arrangement")
    return Arrangement.objects.filter(pk__in=own).exclude(status=Arrangement.Status.CLOSED).exists()


def _last_booking(customer: Customer) -> date | None:
    own = ArrangementRole.objects.filter(party__in=customer.ids, role__in=ArrangementRole.HOLDERS).values("arrangement")
    found: date | None = Transaction.objects.filter(arrangement__in=own).aggregate(last=Max("booking_date"))["last"]
    return found


def _known(party_id: str, at: datetime) -> dict[str, object] | None:
    try:
        resource = asking.resource_of(UUID(party_id), at=at)
    except (NotVisible, ValueError):
        return None
    left = ErasurePiece.objects.filter(request__party__golden=UUID(resource.id), erased_at=None)
    done = resource.attributes.get("restricted") and not left.exists()
    return None if done else dict(resource.attributes)


def _carry_out(permitted: Permitted) -> None:
    """What two people agreed to, in the transaction of their decision."""
    try:
        customer = customer_of(UUID(permitted.resource_id), actor=None)
    except NotVisible:
        return
    at, decision_id = permitted.at, permitted.decision.id
    request = RightsRequest.objects.open().filter(party__in=customer.ids, kind=Kind.ERASURE).order_by("id").first()
    request = request or _by_own_motion(customer, permitted)
    planned = plan_of(customer.golden.pk, at=at)
    if not any(one.contract for one in planned):
        _restrict(customer, at)
    now: list[ErasurePiece] = []
    for one in planned:
        piece, _ = ErasurePiece.objects.get_or_create(
            request=request,
            category=one.category,
            defaults={"due_date": one.until or clock.bank_date(at), "legal_ground": one.ground},
        )
        if one.until is None and piece.erased_at is None:
            now.append(piece)
    _erase(now, customer, decision_id, at)
    _forget_copies(customer, at)
    asking.close(request, State.DONE, answer=_answer(planned), at=at)
    tell([customer.golden.pk], changed=["erased"], at=at)
    _publish(customer, [one.category for one in planned if one.until is None], at)


def _by_own_motion(customer: Customer, permitted: Permitted) -> RightsRequest:
    """Nobody asked: the bank erases what it need not keep (Art. 5(1)(e))."""
    return RightsRequest.objects.create(
        party=customer.golden,
        kind=Kind.ERASURE,
        heard_on=Channel.CONSOLE,
        asked_at=permitted.at,
        due_at=asking.due_from(permitted.at),
        recorded_by=permitted.actor.name,
        decision_id=permitted.decision.id,
    )


def _restrict(customer: Customer, at: datetime) -> None:
    Party.objects.filter(pk__in=customer.ids, restricted_at=None).update(restricted_at=at)


def _erase(pieces: Collection[ErasurePiece], customer: Customer, decision_id: UUID, at: datetime) -> None:
    gone = reach.erase([piece.category for piece in pieces], customer.ids, decision_id=decision_id, at=at)
    for piece in pieces:
        piece.values += gone[piece.category]
        piece.erased_at = piece.erased_at or at
        piece.save(update_fields=["values", "erased_at"])


def _forget_copies(customer: Customer, at: datetime) -> None:
    for export in AccessExport.objects.filter(request__party__in=customer.ids).exclude(state=AccessExport.State.GONE):
        access.delete(export, at=at)


def _answer(planned: tuple[Plan, ...]) -> str:
    gone = ", ".join(one.label.lower() for one in planned if one.until is None)
    kept = ", ".join(f"{one.label.lower()} until {one.until:%d %B %Y}" for one in planned if one.until and not one.contract)
    runs = ", ".join(one.label.lower() for one in planned if one.contract)
    said = [f"Erased: {gone}."] if gone else []
    said += [f"Kept by law: {kept}."] if kept else []
    said += [f"Kept while the contract runs: {runs}."] if runs else []
    return " ".join(said)


def _publish(customer: Customer, categories: list[str], at: datetime) -> None:
    events.publish(ERASED, subject=str(customer.golden.pk), data={"categories": categories}, source=SOURCE, at=at)


def _erase_if_due(piece_id: UUID, at: datetime) -> bool:
    with transaction.atomic():
        piece = ErasurePiece.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=piece_id, erased_at=None)
        found = piece.select_related("request").first()
        if found is None:
            return False
        customer = customer_of(found.request.party_id, actor=None)
        now = next(one for one in plan_of(customer.golden.pk, at=at) if one.category == found.category)
        if now.until is not None and now.until > found.due_date:
            # A contract still runs, or the rule was made longer meanwhile.
            found.due_date, found.legal_ground = now.until, now.ground
            found.save(update_fields=["due_date", "legal_ground"])
            return False
        _restrict(customer, at)
        parameters = {"request": str(found.request_id), "category": found.category}
        # Nobody is asked each night anew: what may not be erased waits.
        asked: dict[str, Any] = {"resource_id": str(customer.golden.pk), "parameters": parameters, "asks_second_person": False}
        ran = actions.run(ERASE_DUE, actor=NIGHTLY, at=at, **asked)
        if not ran.done:
            log.info("erasure waits", piece=str(found.pk), rules=[rule.id for rule in ran.decision.rules])
    return ran.done


def _due(asked: Ask) -> authority.Resource:
    return asking.resource_of(UUID(asked.resource_id), at=asked.at)


def _erase_piece(permitted: Permitted) -> None:
    customer = customer_of(UUID(permitted.resource_id), actor=None)
    pieces = ErasurePiece.objects.filter(request=permitted.parameters["request"])
    found = pieces.get(category=permitted.parameters["category"])
    # What came since of what went before goes as well: while the contract ran the customer was served.
    _erase([found, *pieces.exclude(erased_at=None)], customer, permitted.decision.id, permitted.at)
    _publish(customer, [found.category], permitted.at)


ERASE_DUE = actions.declare(
    ActionType(
        name="customer.erase_due",
        title="Erase what need not be kept any longer",
        resource_type="Party",
        parameters={"request": ParameterKind.UUID, "category": ParameterKind.CODE},
        risk=RiskTier.HIGH,
    ),
    facts=_due,
    effect=_erase_piece,
)


authority_erasure.goes_with(known=_known, erase=_carry_out)
