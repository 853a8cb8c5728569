"""What a person had opened before they agreed: kept with the answer, so that an approval without a look can be seen as one."""

from datetime import datetime
from uuid import UUID

from bankos.platform.actors import Actor

from .models import EvidenceView


def note_opened(request_id: UUID, item: str, *, actor: Actor, at: datetime) -> None:
    """This person has opened this piece of evidence. Twice is once."""
    EvidenceView.objects.get_or_create(request_id=request_id, person_id=actor.id, item=item, defaults={"at": at})


def seen_by(request_id: UUID, actor: Actor) -> list[str]:
    """The pieces this person has opened, by name. Queries: 1."""
    opened = EvidenceView.objects.filter(request_id=request_id, person_id=actor.id)
    return list(opened.order_by("item").values_list("item", flat=True))
