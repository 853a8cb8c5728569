"""Changing a rule of survivorship, and bringing every customer up to date with it, a bucket at a time."""

from datetime import datetime

from django.db import transaction

from bankos.platform import clock

from . import changes
from .ingestion.locking import one_at_a_time
from .models import Party, SurvivorshipRule
from .survivorship import resurface

BUCKETS = 256


def change_rule(rule: SurvivorshipRule, *, at: datetime) -> None:
    """Let an attribute survive by this rule from `at` on. What staff see follows with `resurface_bucket`, bucket by bucket."""
    rule.changed_at = at
    rule.save()


@transaction.atomic
def resurface_bucket(bucket: int, *, at: datetime) -> int:
    """Bring the customers of one bucket up to date with the rules and tell of those that changed. Returns their number.

    Doing it twice changes nothing.
    """
    one_at_a_time(at=at)
    customers = list(Party.objects.customers().filter(bucket=bucket).values_list("pk", flat=True))
    changed = resurface(customers, day=clock.bank_date(at))
    changes.tell(changed, changed=["survivorship"], at=at)
    return len(changed)
