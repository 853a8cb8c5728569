"""Four eyes: requests, answers, what was said and looked at. All append-only."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bankos.platform.ids import UUIDv7Field


class ApprovalRequest(models.Model):
    """A decision that waits for a second person. Append-only; its state is read from the answer and the use."""

    id = UUIDv7Field(primary_key=True)
    decision = models.OneToOneField("Decision", on_delete=models.PROTECT, related_name="approval_request")
    eligible_roles = ArrayField(models.CharField(max_length=80), help_text="Roles whose agreement the policies can accept.")
    note = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="approval_request_by_expiry")]

    def __str__(self) -> str:
        return str(self.decision_id)


class ApprovalAnswer(models.Model):
    """What the second person said. One per request, append-only.

    `decision` is the second person's own: signed, in the log and used up. Empty only in rows from before answers were decisions.
    """

    id = UUIDv7Field(primary_key=True)
    request = models.OneToOneField(ApprovalRequest, on_delete=models.PROTECT, related_name="answer")
    decision = models.OneToOneField("Decision", null=True, on_delete=models.PROTECT, related_name="approval_answer")
    approved = models.BooleanField()
    approver_id = models.CharField(max_length=120)
    approver_roles = ArrayField(models.CharField(max_length=80))
    approver_branch = models.CharField(max_length=20, blank=True)
    approver_line = ArrayField(models.CharField(max_length=120), default=list)
    mandate = models.JSONField(null=True, help_text="Amount and currency of the personal mandate it rests on.")
    delegated_by = ArrayField(
        models.CharField(max_length=120), default=list, help_text="Ids of those whose role the approver stood in for."
    )
    evidence = ArrayField(models.CharField(max_length=80), default=list, help_text="What the approver had opened before answering.")
    note = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField()

    def __str__(self) -> str:
        return "approved" if self.approved else "refused"


class ApprovalUse(models.Model):
    """The permit an approval led to. One per answer, append-only: an approval counts once."""

    id = UUIDv7Field(primary_key=True)
    answer = models.OneToOneField(ApprovalAnswer, on_delete=models.PROTECT, related_name="use")
    decision = models.OneToOneField("Decision", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.decision_id)


class ApprovalMessage(models.Model):
    """A question back to the asker, or their answer to it. Append-only."""

    id = UUIDv7Field(primary_key=True)
    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="messages")
    author_id = models.CharField(max_length=120)
    author_name = models.CharField(max_length=120)
    text = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["request", "id"], name="approval_message_by_request")]

    def __str__(self) -> str:
        return str(self.request_id)


class EvidenceView(models.Model):
    """A person opened one piece of evidence of a request. Append-only, once per person and piece."""

    id = UUIDv7Field(primary_key=True)
    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="views")
    person_id = models.CharField(max_length=120)
    item = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "person_id", "item"], name="one_view_per_person_and_item")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.item}"
