"""What policies know of a customer that is looked at: whether few may see them."""

from datetime import datetime
from uuid import UUID

from sentinel.authority import Resource

from ..members import customer_of
from ..models import Protection
from ..state import facts_for_decision

STAFF = (Protection.Kind.STAFF, Protection.Kind.HOUSEHOLD)


def resource_of(party_id: UUID, *, at: datetime) -> Resource:
    """The customer as a decision about looking at them sees it. Queries: 2 more than `facts_for_decision`."""
    facts = facts_for_decision(party_id, at=at).attributes
    kinds = set(Protection.objects.in_force().filter(party__in=customer_of(party_id, actor=None).ids).values_list("kind", flat=True))
    shield = {"is_staff": not kinds.isdisjoint(STAFF), "protected": Protection.Kind.VIP in kinds}
    return Resource("Party", str(party_id), {**facts, **shield})
