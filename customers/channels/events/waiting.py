"""Events of people nobody knew: tried again as soon as a customer with that address or that id of the channel appears."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from customers.ingestion import rejects
from customers.ingestion.feeds.channels import FEEDS
from customers.ingestion.loading.events import SHARED, UNKNOWN
from customers.models import Party, PartyFact, PartyIdentifier, RejectedRow

APPEARS = frozenset({"party", "identity", "sign_ins"})
"""What a customer's change has to be about for somebody to be known who was not."""
IDS = ("user_id", "anonymous_id")


def try_again(parties: Iterable[UUID], *, at: datetime) -> int:
    """Run the events that may be about these customers. Returns how many found their customer. Queries: 3, and those of a run."""
    members = Party.objects.filter(golden__in=Party.objects.filter(pk__in=list(parties)).values("golden"))
    emails = PartyFact.objects.filter(party__in=members, attribute=PartyFact.Attribute.EMAIL).values_list("normalised", flat=True)
    names = PartyIdentifier.objects.filter(party__in=members, kind__in=IDS).values_list("kind", "value")
    known: dict[str, set[str]] = {"email": set(emails), "user_id": set(), "anonymous_id": set()}
    for kind, value in names:
        known[kind].add(value)
    wanted = Q(pk__in=())
    for column, values in known.items():
        if values:
            wanted |= Q(**{f"raw__{column}__in": sorted(values)})
    rows = _waiting().filter(wanted)
    if not rows.exists():
        return 0
    return rejects.rerun(among=rows, at=at).accepted


def _waiting() -> QuerySet[RejectedRow]:
    feeds = [feed.name for feed in FEEDS]
    # The second condition is that of the indexes.
    found = RejectedRow.objects.filter(state=RejectedRow.State.OPEN, feed__startswith="channels.")
    return found.filter(code__in=(UNKNOWN, SHARED), feed__in=feeds)
