"""Money that moved on a customer's accounts."""

from datetime import date, timedelta
from uuid import UUID

from django.db.models import Q

from bankos.platform import clock
from bankos.platform.money import Money

from ..models import Arrangement, ArrangementRole, Transaction
from .entry import Entry, Place, Wanted

# Looking into each month costs something, however empty it is: most pages are full with the last weeks', few need all months there are.
LOOK_BACK = (timedelta(days=92), timedelta(days=2 * 366), date.max - date.min)


def money(wanted: Wanted) -> list[Entry]:
    """Queries: 1 to 3, and 1 for the accounts."""
    held = ArrangementRole.objects.filter(party__in=wanted.members, role__in=ArrangementRole.HOLDERS).values("arrangement")
    named = {account.pk: account for account in Arrangement.objects.filter(pk__in=held).select_related("product", "system")}
    days = [account.balance_date for account in named.values() if account.balance_date]
    newest = min([max(days, default=date.max), *([clock.bank_date(wanted.before[0])] if wanted.before else [])])
    found: list[Transaction] = []
    for back in LOOK_BACK if named else ():
        found = _newest_bookings([*named], wanted, _earlier(newest, back))
        if len(found) == wanted.limit:
            break
    return [_booking(row, named[row.arrangement_id]) for row in found]


def _newest_bookings(accounts: list[UUID], wanted: Wanted, since: date) -> list[Transaction]:
    """Queries: 1. Each account by itself, so that each is a short walk along its index however long its history."""
    said = wanted.holding("counterparty", "counterparty_account", "purpose", "method")
    bookings = Transaction.objects.filter(said, _booked_before(wanted.before), booking_date__gte=since).order_by("-booking_date", "-id")
    per_account = [bookings.filter(arrangement=account)[: wanted.limit] for account in accounts]
    if not per_account[1:]:
        return list(per_account[0])
    return list(per_account[0].union(*per_account[1:], all=True).order_by("-booking_date", "-id")[: wanted.limit])


def _earlier(day: date, back: timedelta) -> date:
    return day - back if day - date.min > back else date.min


def _booked_before(place: Place | None) -> Q:
    if place is None:
        return Q()
    moment, id = place
    day = clock.bank_date(moment)
    # The bound stands by itself: from the "or" alone the database would walk along all that is newer.
    earlier = Q(booking_date__lte=day)
    if moment == clock.start_of_day(day):
        earlier &= Q(booking_date__lt=day) | Q(id__lt=id)
    return earlier


def _booking(row: Transaction, account: Arrangement) -> Entry:
    method = row.method.replace("_", " ")
    who = row.counterparty or row.counterparty_account or method.capitalize()
    detail = [method if who.lower() != method else "", row.purpose.replace("_", " "), f"{account.product.name} •• {account.number[-4:]}"]
    return Entry(
        id=row.pk,
        kind="money",
        occurred_at=clock.start_of_day(row.booking_date),
        title=f"Taken back: {who}" if row.reverses else who,
        detail=" · ".join(part for part in detail if part),
        actor_kind="",
        actor_name="",
        decision_id=None,
        amount=Money(row.amount, row.currency),
        source=account.system.name,
    )
