"""The turn of a day: what begins or ends to be true on it takes effect by itself. Lists follow, and the floors above are told."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from bankos.platform import clock

from . import changes
from .ingestion.locking import one_at_a_time
from .models import PartyFact, PartyRelationship
from .survivorship import resurface

# For how long after a day its turn is made up for, if nobody worked then.
MADE_UP_FOR = timedelta(days=31)
AT_ONCE = 2_000


def turn_day(*, at: datetime) -> int:
    """Bring the customers up to date of whom something begins or has ended to be true. Returns their number.

    Doing it twice changes nothing: whoever changed since that day began has been told of already.
    """
    today = clock.bank_date(at)
    turned = sorted(_turned(today))
    for start in range(0, len(turned), AT_ONCE):
        some = turned[start : start + AT_ONCE]
        with transaction.atomic():
            one_at_a_time(at=at)
            resurface(some, day=today)
            changes.tell(some, changed=["party"], at=at)
    return len(turned)


def _turned(today: date) -> set[UUID]:
    """Customers of whom something became true, or no longer is, on a day up to today, and who did not change since that day began."""
    since = today - MADE_UP_FOR
    today_or_before = Q(valid_from__gt=since, valid_from__lte=today) | Q(valid_to__gte=since, valid_to__lt=today)
    dated = [
        *_dated(PartyFact.objects.filter(today_or_before), "party"),
        *_dated(PartyRelationship.objects.filter(today_or_before), "party"),
        *_dated(PartyRelationship.objects.filter(today_or_before), "other"),
    ]
    turned = set()
    for customer, changed_at, begins, last in dated:
        days = [day for day in (begins, last and last + timedelta(days=1)) if day is not None and since < day <= today]
        if any(changed_at < clock.start_of_day(day) for day in days):
            turned.add(customer)
    return turned


def _dated(rows: QuerySet, whose: str) -> Iterator[tuple[UUID, datetime, date | None, date | None]]:
    columns = (f"{whose}__golden", f"{whose}__golden__changed_at", "valid_from", "valid_to")
    yield from rows.values_list(*columns).iterator()
