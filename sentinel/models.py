"""The authority's tables. Decisions, consumptions and everything about an approval are evidence: added, never changed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Cast, Right
from simple_history.models import HistoricalRecords

from bankos.platform.actors import ActorKind
from bankos.platform.ids import UUIDv7Field

from .cedar import Outcome


class PolicyVersion(models.Model):
    """One immutable text of a store's policies and schema; a trigger refuses any change of it. One per store is active."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"

    id = UUIDv7Field(primary_key=True)
    store = models.CharField(max_length=40, default="bank")
    number = models.PositiveIntegerField()
    policies = models.TextField(help_text="Cedar policies, each with @id, @sentence, @customer, @owner and @basis.")
    schema = models.TextField(help_text="The Cedar schema the policies are checked against.")
    sha256 = models.CharField(max_length=64, help_text="Over the canonical JSON of policies and schema.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    note = models.CharField(max_length=200, blank=True, help_text="What is new in this version, and why.")
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    # The texts never change, so their history is the row itself.
    history = HistoricalRecords(excluded_fields=["policies", "schema"])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "number"], name="one_policy_text_per_number"),
            models.UniqueConstraint(fields=["store"], condition=models.Q(state="active"), name="one_active_policy_version"),
            models.CheckConstraint(
                condition=models.Q(state="draft") | models.Q(activated_at__isnull=False), name="policy_version_has_its_moment"
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="policy_version_by_hash")]

    def __str__(self) -> str:
        return f"{self.store} {self.number} ({self.state})"


class AutonomySetting(models.Model):
    """How far a system, an agent or a model may go by itself, for one action or for all."""

    class Level(models.TextChoices):
        OFF = "off", "Off"
        WATCH = "watch", "Watch"
        SUGGEST = "suggest", "Suggest"
        ACT_WITH_APPROVAL = "act_with_approval", "Act with approval"
        ACT_ALONE = "act_alone", "Act alone"

    id = UUIDv7Field(primary_key=True)
    subject = models.CharField(max_length=120, blank=True, help_text="Name of the system, agent or model; empty for all.")
    action = models.CharField(max_length=80, blank=True, help_text="Name of the action; empty for all.")
    level = models.CharField(max_length=20, choices=Level, default=Level.SUGGEST)
    reason = models.CharField(max_length=200, help_text="Why this level; asked for at each change.")
    changed_at = models.DateTimeField()

    history = HistoricalRecords()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "action"], name="one_autonomy_level_per_action")]

    def __str__(self) -> str:
        return f"{self.subject or 'everybody'} / {self.action or 'everything'}: {self.get_level_display()}"


class Decision(models.Model):
    """An answer, with all it rests on. The columns repeat the claims of `token`, so that a difference shows. Append-only."""

    id = UUIDv7Field(primary_key=True)
    outcome = models.CharField(max_length=16, choices=[(outcome.value, outcome.value) for outcome in Outcome])
    action = models.CharField(max_length=80)
    resource_type = models.CharField(max_length=40)
    resource_id = models.CharField(max_length=120)
    parameters = models.JSONField()
    parameters_hash = models.CharField(max_length=64, help_text="sha256 over the RFC 8785 text of the parameters.")
    actor_kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in ActorKind])
    actor_id = models.CharField(max_length=120)
    actor_roles = ArrayField(models.CharField(max_length=80))
    rules = ArrayField(models.CharField(max_length=80), help_text="Ids of the rules that decided.")
    obligations = ArrayField(models.CharField(max_length=80))
    policy_version = models.ForeignKey(
        PolicyVersion, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty if no policy was asked."
    )
    autonomy_level = models.CharField(max_length=20, blank=True, help_text="Empty for people.")
    model = models.JSONField(null=True, help_text="Name, version and sha256 of the model that proposed it.")
    purposes = ArrayField(models.CharField(max_length=80))
    consents = ArrayField(models.UUIDField())
    approval = models.ForeignKey("ApprovalRequest", null=True, on_delete=models.PROTECT, related_name="+")
    context = models.JSONField(help_text="The request as the policies saw it: with it a decision can be made again.")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    token = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["resource_type", "resource_id", "id"], name="decision_by_resource"),
            models.Index(fields=["actor_id", "id"], name="decision_by_actor"),
            models.Index(fields=["action", "id"], name="decision_by_action"),
            models.Index(Right(Cast("id", models.TextField()), 8), name="decision_by_short_id"),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.outcome}"


class Consumption(models.Model):
    """The one use of a permit. A trigger refuses any other decision, and one that has expired by the database's clock. Append-only."""

    id = UUIDv7Field(primary_key=True)
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="consumption")
    consumed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.decision_id)


class ApprovalRequest(models.Model):
    """A decision that waits for a second person. Append-only; its state is read from the answer and the use."""

    id = UUIDv7Field(primary_key=True)
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="approval_request")
    eligible_roles = ArrayField(models.CharField(max_length=80), help_text="Roles whose agreement the policies accept.")
    note = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="approval_request_by_expiry")]

    def __str__(self) -> str:
        return str(self.decision_id)


class ApprovalAnswer(models.Model):
    """What the second person said. One per request, append-only."""

    id = UUIDv7Field(primary_key=True)
    request = models.OneToOneField(ApprovalRequest, on_delete=models.PROTECT, related_name="answer")
    approved = models.BooleanField()
    approver_id = models.CharField(max_length=120)
    approver_roles = ArrayField(models.CharField(max_length=80))
    approver_branch = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField()

    def __str__(self) -> str:
        return "approved" if self.approved else "refused"


class ApprovalUse(models.Model):
    """The permit an approval led to. One per answer, append-only: an approval counts once."""

    id = UUIDv7Field(primary_key=True)
    answer = models.OneToOneField(ApprovalAnswer, on_delete=models.PROTECT, related_name="use")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.decision_id)
