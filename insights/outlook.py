"""What the newest forecast expects of a customer's accounts, whether or not something is suggested."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.money import Money
from customers.identity import members_of
from customers.state import facts_for_decision
from customers.visibility import NotVisible, may_see

from .models import BalanceForecast

# An older forecast has little of its 30 days left: better none than one that looks fresh.
OLDEST = timedelta(days=3)
PURPOSE = "payment_insight"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The lowest end-of-day balance expected (the middle forecast) and its day, on one account."""

    arrangement_id: UUID
    lowest: Money
    day: date


def outlook_of(party_id: UUID, *, actor: Actor, at: datetime) -> Outlook | None:
    """The lowest balance the next 30 days are expected to bring, over the customer's own current accounts.

    None without the customer's consent to the use of payments: to tell is to use them.

    Raises:
        NotVisible: the actor may not see this customer (also when there is none).
    Queries: 1, and what visibility and the facts take.
    """
    if not may_see(party_id, actor):
        raise NotVisible(str(party_id))
    if PURPOSE not in facts_for_decision(party_id, at=at).consents:
        return None
    recent = BalanceForecast.objects.filter(party_id__in=members_of(party_id), as_of_date__gte=clock.bank_date(at) - OLDEST)
    newest: dict[UUID, BalanceForecast] = {}
    for row in recent.defer("low_path", "median_path", "high_path").order_by("as_of_date", "computed_at"):
        newest[row.arrangement_id] = row
    if not newest:
        return None
    row = min(newest.values(), key=lambda forecast: forecast.lowest_median)
    return Outlook(row.arrangement_id, Money(row.lowest_median, row.currency), row.lowest_date)
