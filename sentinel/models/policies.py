"""Policy versions and what happened to each."""

from django.db import models
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field

from .stores import PolicyStore


class PolicyVersion(models.Model):
    """One immutable text of a store's policies, schema and examples; a trigger refuses any change of it. One per store is active."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SCHEDULED = "scheduled", "scheduled"
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"
        REFUSED = "refused", "refused"

    id = UUIDv7Field(primary_key=True)
    store = models.ForeignKey(
        PolicyStore, on_delete=models.PROTECT, related_name="versions", to_field="name", db_column="store", default="bank"
    )
    number = models.PositiveIntegerField()
    policies = models.TextField(help_text="Cedar policies, each with @id, @sentence, @customer, @owner and @basis.")
    schema = models.TextField(help_text="The Cedar schema the policies are checked against.")
    examples = models.TextField(default="", blank=True, help_text="JSON: requests and the answers that must come out.")
    sha256 = models.CharField(max_length=64, help_text="Over the canonical JSON of policies, schema and examples.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    note = models.CharField(max_length=200, blank=True, help_text="What is new in this version, and why.")
    drafted_by = models.CharField(max_length=120, blank=True, help_text="Id of the person who wrote it; empty for what came with bankos.")
    created_at = models.DateTimeField()
    active_from = models.DateTimeField(null=True, blank=True, help_text="When an approved version takes over.")
    activation_decision_id = models.UUIDField(
        null=True,
        editable=False,
        help_text="The decision that lets it come into force; empty only where that was before there had to be one.",
    )
    activated_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    # The texts never change, so their history is the row itself.
    history = HistoricalRecords(excluded_fields=["policies", "schema", "examples"])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "number"], name="one_policy_text_per_number"),
            models.UniqueConstraint(fields=["store"], condition=models.Q(state="active"), name="one_active_policy_version"),
            models.CheckConstraint(
                condition=~models.Q(state__in=["active", "retired"]) | models.Q(activated_at__isnull=False),
                name="policy_version_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="scheduled") | models.Q(active_from__isnull=False), name="scheduled_version_has_its_start"
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="policy_version_by_hash")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.number} ({self.state})"


class PolicyStep(models.Model):
    """What happened to a version, by whom: drafted, its impact seen, asked for, approved, refused, in force, retired. Append-only."""

    class Kind(models.TextChoices):
        DRAFTED = "drafted", "Written"
        EXAMPLES = "examples", "Examples run"
        IMPACT_SEEN = "impact_seen", "Impact looked at"
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        ACTIVATED = "activated", "In force"
        RETIRED = "retired", "Retired"

    id = UUIDv7Field(primary_key=True)
    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12, choices=Kind)
    actor_id = models.CharField(max_length=120, blank=True)
    actor_name = models.CharField(max_length=120)
    detail = models.CharField(max_length=300, blank=True)
    decision_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["version", "id"], name="policy_step_by_version")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.kind}"
