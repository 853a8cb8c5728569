"""The payments a customer has scheduled: standing orders and loan instalments on the customer's own accounts."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from bankos.platform.money import Money

from .identity import members_of
from .models import Arrangement, ArrangementRole, PaymentSchedule


@dataclass(frozen=True, slots=True)
class ScheduledPayment:
    """`kind` is that of its arrangement (standing_order, loan); `number` and `reference` are how the source system knows it.

    `day_of_month` is 1 to 31, None if the source does not say.
    """

    arrangement_id: UUID
    kind: str
    number: str
    reference: str
    counterparty: str
    amount: Money
    day_of_month: int | None
    active: bool


def payments_of(party_id: UUID) -> tuple[ScheduledPayment, ...]:
    """The scheduled payments that leave from accounts this party holds. No actor: for floors that then ask sentinel. Queries: 1."""
    rows = PaymentSchedule.objects.filter(account__in=_held_by(party_id)).select_related("arrangement").order_by("id")
    return tuple(
        ScheduledPayment(
            arrangement_id=row.arrangement_id,
            kind=row.arrangement.kind,
            number=row.arrangement.number,
            reference=row.arrangement.source_key,
            counterparty=row.counterparty,
            amount=Money(row.amount, row.currency),
            day_of_month=row.day_of_month,
            active=row.arrangement.status in (Arrangement.Status.ACTIVE, Arrangement.Status.ARREARS),
        )
        for row in rows
    )


def _held_by(party_id: UUID) -> QuerySet[ArrangementRole, UUID]:
    return ArrangementRole.objects.filter(party__in=members_of(party_id), role__in=ArrangementRole.HOLDERS).values_list(
        "arrangement", flat=True
    )
