"""Acts that wait for a second person."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class AwaitedAct(models.Model):
    """What will be done, as its asker, if a second person agrees: everything needed to ask again. Append-only.

    The request itself, its answer and its state belong to the authority (sentinel.approvals).
    """

    request_id = models.UUIDField(primary_key=True)
    decision_id = models.UUIDField(unique=True, help_text="The decision that said: needs approval.")
    action = models.CharField(max_length=80)
    party_id = models.UUIDField()
    parameters = models.JSONField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=120)
    purposes = ArrayField(models.CharField(max_length=80))
    model = models.JSONField(null=True, help_text="Name, version and sha256 of the model that proposed it.")
    summary = models.CharField(max_length=300, help_text="What staff and the timeline read.")
    asked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["party_id"], name="awaited_act_by_party")]

    def __str__(self) -> str:
        return f"{self.action} {self.request_id}"
