"""What is suggested to staff, and what they answered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bankos.platform.ids import UUIDv7Field

from .registry import ModelVersion


class Recommendation(models.Model):
    """One suggestion for one customer, with the evidence it was made from, as it was then.

    What it says never changes; only its `state` moves on. A suggestion whose grounds changed is superseded by a new
    one. `withheld` is one that nobody may make (no consent, say): kept as evidence, never shown.
    """

    class Kind(models.TextChoices):
        OVERDRAFT = "overdraft", "the account goes below zero"

    class State(models.TextChoices):
        OPEN = "open", "open"
        AWAITING_APPROVAL = "awaiting_approval", "waits for approval"
        ACCEPTED = "accepted", "accepted"
        REFUSED = "refused", "refused by the approver"
        POSTPONED = "postponed", "later"
        DECLINED = "declined", "declined"
        EXPIRED = "expired", "expired"
        SUPERSEDED = "superseded", "replaced by a newer one"
        WITHHELD = "withheld", "not made: the policy forbids it"

    CURRENT = (State.OPEN, State.AWAITING_APPROVAL, State.WITHHELD)

    id = UUIDv7Field(primary_key=True)
    party_id = models.UUIDField()
    arrangement_id = models.UUIDField()
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=20, choices=State)
    made_at = models.DateTimeField()
    as_of_date = models.DateField()
    data_until = models.DateField(null=True)
    valid_until = models.DateField(help_text="The day of the dip: from then on it comes too late.")
    quiet_until = models.DateField(null=True, help_text="After an answer: no new suggestion of this kind before this day.")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="recommendations")
    grounds = models.CharField(max_length=64, help_text="sha256 of what it was made from; the same grounds make no second one.")
    action = models.CharField(max_length=60, blank=True)
    parameters = models.JSONField(default=dict)
    decision_id = models.UUIDField(help_text="The decision on the proposal; of a withheld one, the refusal.")
    title = models.CharField(max_length=160)
    say = models.CharField(max_length=600)
    would_not_be_suggested_if = models.CharField(max_length=300)
    currency = models.CharField(max_length=3)
    reasons = models.JSONField(default=list, help_text="[{text, detail, for_}]")
    options = models.JSONField(default=list, help_text="The others considered: [{title, detail, available, rules, decision_id}]")
    policy_checks = models.JSONField(default=list, help_text="Rules of the bank that were looked at: [{id, sentence, ok}]")
    limits = models.JSONField(default=list, help_text="What it cannot see: [text]")
    incomes = models.JSONField(default=list, help_text="Expected and seen incomes on the chart: [[date, label]]")
    past_path = ArrayField(models.DecimalField(max_digits=18, decimal_places=2), help_text="End-of-day balances up to `as_of_date`.")
    low_path = ArrayField(models.DecimalField(max_digits=18, decimal_places=2))
    median_path = ArrayField(models.DecimalField(max_digits=18, decimal_places=2))
    high_path = ArrayField(models.DecimalField(max_digits=18, decimal_places=2))
    alternative_path = ArrayField(models.DecimalField(max_digits=18, decimal_places=2), null=True)
    helped = models.BooleanField(
        null=True, help_text="Of an accepted one, once known: did the account stay above zero until `valid_until`?"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party_id", "kind"],
                condition=models.Q(state__in=["open", "awaiting_approval", "withheld"]),
                name="one_current_recommendation_of_a_kind",
            )
        ]
        indexes = [
            models.Index(fields=["party_id", "kind", "-made_at"], name="recommendation_by_party"),
            models.Index(fields=["valid_until"], condition=models.Q(state="open"), name="recommendation_open"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class RecommendationAnswer(models.Model):
    """What a person said to a suggestion, and the decision that made it their act. Append-only."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "accepted"
        POSTPONED = "postponed", "later"
        DECLINED = "declined", "declined"

    id = UUIDv7Field(primary_key=True)
    recommendation = models.ForeignKey(Recommendation, on_delete=models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=10, choices=Answer)
    outcome = models.CharField(max_length=16, help_text="done, needs_approval or refused.")
    reason = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=500, blank=True)
    until = models.DateField(null=True)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=60)
    actor_name = models.CharField(max_length=120)
    decision_id = models.UUIDField()
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(answer="declined") | ~models.Q(reason=""), name="a_decline_has_a_reason"),
            models.CheckConstraint(condition=~models.Q(reason="could_harm") | ~models.Q(note=""), name="possible_harm_is_described"),
        ]

    def __str__(self) -> str:
        return f"{self.answer} {self.recommendation_id}"
