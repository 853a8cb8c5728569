"""Wordings customers are told before they answer: each change of a text is a version of its own."""

from django.db import transaction
from django.db.models import Max

from bankos.platform.actors import Actor

from ..models import ConsentNotice, ConsentPurpose


def publish(notice: ConsentNotice, *, actor: Actor) -> ConsentNotice:
    """Keep a new wording as the next version of its purpose and language. Those before it stay as they were told."""
    with transaction.atomic():
        # Two people who write at the same moment take turns.
        ConsentPurpose.objects.select_for_update().get(pk=notice.purpose_id)
        earlier = ConsentNotice.objects.filter(purpose=notice.purpose_id, language=notice.language)
        notice.version = (earlier.aggregate(newest=Max("version"))["newest"] or 0) + 1
        notice.made_by = actor.name
        notice.save(force_insert=True)
    return notice
