"""What is unusual about a request, for the person who has to agree to it: compared with what was decided before, in plain sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from . import autonomy, catalogue
from .cedar import Outcome
from .models import ApprovalRequest, Decision
from .policy import BANK

COMPARED = 500  # permits, the newest
ENOUGH = 10
TWICE = Decimal(2)
MANY_A_DAY = 3
OFFICE_HOURS = range(8, 19)


@dataclass(frozen=True, slots=True)
class Unusual:
    """`title` is what stands out, `detail` what it was compared with."""

    title: str
    detail: str


def unusual_points(request_id: UUID) -> tuple[Unusual, ...]:
    """What stands out about a request. Queries: 4 to 5."""
    row = ApprovalRequest.objects.select_related("decision").get(pk=request_id)
    return tuple(_points(row.decision))


def _points(asked: Decision) -> Iterator[Unusual]:
    yield from _amount(asked)
    yield from _first_time(asked)
    yield from _refused_before(asked)
    yield from _many_today(asked)
    yield from _out_of_hours(asked)


def _amount(asked: Decision) -> Iterator[Unusual]:
    amount, currency = asked.parameters.get("amount"), asked.parameters.get("currency")
    if not isinstance(amount, str) or not isinstance(currency, str):
        return
    before = Decision.objects.filter(
        store=BANK, action=asked.action, outcome=Outcome.PERMIT, id__lt=asked.pk, parameters__currency=currency
    )
    amounts = [Decimal(value) for value in before.order_by("-id").values_list("parameters__amount", flat=True)[:COMPARED]]
    if len(amounts) < ENOUGH:
        return
    middle = Decimal(median(amounts))
    if middle and Decimal(amount) >= TWICE * middle:
        times = Decimal(amount) / middle
        yield Unusual(
            f"{times:.1f} times the usual amount.",
            f"The middle of the last {len(amounts)} permitted of this kind is {currency} {middle:,.2f}.",
        )


def _first_time(asked: Decision) -> Iterator[Unusual]:
    same = Decision.objects.filter(store=BANK, resource_type=asked.resource_type, resource_id=asked.resource_id, action=asked.action)
    if asked.resource_type == "Party" and not same.filter(outcome=Outcome.PERMIT, id__lt=asked.pk).exists():
        yield Unusual("The first of this kind for this customer.", "None was permitted before.")


def _refused_before(asked: Decision) -> Iterator[Unusual]:
    since = asked.issued_at - timedelta(days=30)
    same = Decision.objects.filter(
        store=BANK, resource_type=asked.resource_type, resource_id=asked.resource_id, action=asked.action, outcome=Outcome.DENY
    )
    times = same.filter(id__lt=asked.pk, issued_at__gte=since).count()
    if times:
        plural = "" if times == 1 else "s"
        yield Unusual(f"Refused {times} time{plural} in the last 30 days.", "The same kind of act, for the same subject.")


def _many_today(asked: Decision) -> Iterator[Unusual]:
    today = Decision.objects.filter(
        store=BANK,
        actor_id=asked.actor_id,
        action=asked.action,
        outcome=Outcome.NEEDS_APPROVAL,
        issued_at__gte=autonomy.start_of_day(asked.issued_at),
    )
    number = today.filter(id__lte=asked.pk).count()
    if number > MANY_A_DAY and asked.actor_kind == "employee":
        yield Unusual(f"The {_ordinal(number)} request of this kind by this person today.", f"{catalogue.get(asked.action).title}.")


def _out_of_hours(asked: Decision) -> Iterator[Unusual]:
    local: datetime = asked.issued_at.astimezone(ZoneInfo(settings.TIME_ZONE))
    if local.hour not in OFFICE_HOURS or local.isoweekday() > 6:
        yield Unusual("Asked outside office hours.", f"On a {local:%A} at {local:%H:%M}.")


def _ordinal(number: int) -> str:
    return f"{number}{'th' if 10 <= number % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
