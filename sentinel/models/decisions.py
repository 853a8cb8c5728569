"""Decisions, their use, and the keys of their contexts."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Cast, Right

from bankos.platform.ids import UUIDv7Field

from ..cedar import Outcome
from .log import NextLeaf
from .policies import PolicyVersion


class ContextKey(models.Model):
    """The key that the contexts of one customer's decisions are encrypted with, itself wrapped by the bank's master key.

    Erasing it (GDPR Art. 17) empties `wrapped`; the next decision about the customer makes another one.
    """

    id = UUIDv7Field(primary_key=True)
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=200)
    wrapped = models.BinaryField(null=True)
    made_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)
    erased_by = models.UUIDField(null=True, help_text="The decision that allowed it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id"], condition=models.Q(erased_at__isnull=True), name="one_context_key_in_use"
            ),
            models.CheckConstraint(
                condition=models.Q(wrapped__isnull=False, erased_at__isnull=True) | models.Q(wrapped__isnull=True, erased_at__isnull=False),
                name="an_erased_key_is_gone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"


class Decision(models.Model):
    """An answer, with all it rests on. The columns repeat the claims of `token`, so that a difference shows. Append-only."""

    id = UUIDv7Field(primary_key=True)
    leaf_index = models.BigIntegerField(unique=True, help_text="Its place in the log.")
    store = models.CharField(max_length=40, default="bank", help_text="Whose policies decided.")
    outcome = models.CharField(max_length=16, choices=[(outcome.value, outcome.value) for outcome in Outcome])
    action = models.CharField(max_length=80)
    resource_type = models.CharField(max_length=80)
    resource_id = models.CharField(max_length=200)
    branch = models.CharField(max_length=20, blank=True, help_text="The resource's branch.")
    segment = models.CharField(max_length=40, blank=True, help_text="The resource's segment.")
    parameters = models.JSONField(help_text="Free texts are replaced by their salted hash: they stand in the encrypted context.")
    parameters_hash = models.CharField(max_length=64, help_text="sha256 over the RFC 8785 text of the parameters as they were given.")
    actor_kind = models.CharField(max_length=80)
    actor_id = models.CharField(max_length=200)
    actor_roles = ArrayField(models.CharField(max_length=80))
    on_behalf_of = models.JSONField(null=True, help_text="Kind and id of who the actor acts for, if not for themselves.")
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
    approvals = models.JSONField(default=list, help_text="Who agreed, with which roles and when.")
    context_key = models.ForeignKey(ContextKey, on_delete=models.PROTECT, related_name="+")
    context_cipher = models.BinaryField(help_text="The request as the policies saw it, encrypted: with it a decision can be made again.")
    context_hash = models.CharField(max_length=64, help_text="sha256 over the context's canonical text.")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    token = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(leaf_index__gte=0), name="decision_has_a_place")]
        indexes = [
            models.Index(fields=["resource_type", "resource_id", "id"], name="decision_by_resource"),
            models.Index(fields=["actor_id", "id"], name="decision_by_actor"),
            models.Index(fields=["action", "id"], name="decision_by_action"),
            models.Index(fields=["issued_at"], name="decision_by_moment"),
            GinIndex(fields=["rules"], name="decision_by_rule"),
            models.Index(Right(Cast("id", models.TextField()), 8), name="decision_by_short_id"),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.outcome}"


class Consumption(models.Model):
    """The one use of a permit. A trigger refuses any other decision, one that has expired by the database's clock, and one whose
    machine was stopped meanwhile. Append-only."""

    id = UUIDv7Field(primary_key=True)
    leaf_index = models.BigIntegerField(unique=True, db_default=NextLeaf(), help_text="Its place in the log.")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="consumption")
    consumed_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(leaf_index__gte=0), name="consumption_has_a_place")]

    def __str__(self) -> str:
        return str(self.decision_id)
