"""How far machines may go by themselves, and the evidence for it."""

from django.db import models
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field


class AutonomySetting(models.Model):
    """How far a system, an agent or a model may go by itself, for one action or all, for one segment of customers or all."""

    class Level(models.TextChoices):
        OFF = "off", "Off"
        WATCH = "watch", "Watch"
        SUGGEST = "suggest", "Suggest"
        ACT_WITH_APPROVAL = "act_with_approval", "Act with approval"
        ACT_ALONE = "act_alone", "Act alone"

    id = UUIDv7Field(primary_key=True)
    subject = models.CharField(max_length=120, blank=True, help_text="Name of the system, agent or model; empty for all.")
    action = models.CharField(max_length=80, blank=True, help_text="Name of the action; empty for all.")
    segment = models.CharField(max_length=40, blank=True, help_text="Segment of customers; empty for all.")
    level = models.CharField(max_length=20, choices=Level, default=Level.SUGGEST)
    limit_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True, help_text="The most one act may move.")
    limit_currency = models.CharField(max_length=3, blank=True)
    limit_per_day = models.PositiveIntegerField(null=True, blank=True, help_text="How many acts a day it may do alone.")
    from_hour = models.PositiveSmallIntegerField(null=True, blank=True, help_text="First hour of the day in which it may act alone.")
    to_hour = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The hour at which that ends.")
    reason = models.CharField(max_length=300, help_text="Why this level; asked for at each change.")
    changed_by = models.CharField(max_length=120, blank=True)
    changed_at = models.DateTimeField()
    decision_id = models.UUIDField(null=True, blank=True, editable=False, help_text="The decision this change rests on.")

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "action", "segment"], name="one_autonomy_level_per_action_and_segment"),
            models.CheckConstraint(
                condition=models.Q(limit_amount__isnull=True, limit_currency="")
                | (models.Q(limit_amount__isnull=False) & ~models.Q(limit_currency="")),
                name="autonomy_amount_has_its_currency",
            ),
            models.CheckConstraint(
                condition=models.Q(from_hour__isnull=True, to_hour__isnull=True)
                | models.Q(from_hour__gte=0, from_hour__lt=models.F("to_hour"), to_hour__lte=24),
                name="autonomy_hours_are_a_span",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject or 'everybody'} / {self.action or 'everything'}: {self.get_level_display()}"


class Review(models.Model):
    """What came of one decision a machine made or proposed: a person agreed or not, it was undone, it did harm. Append-only."""

    class Verdict(models.TextChoices):
        AGREED = "agreed", "Agreed"
        DISAGREED = "disagreed", "Overridden"
        UNDONE = "undone", "Undone later"
        HARM = "harm", "Complaint or harm"
        KEPT = "kept", "Neither undone nor harmful in time"

    id = UUIDv7Field(primary_key=True)
    decision = models.ForeignKey("Decision", on_delete=models.PROTECT, related_name="reviews")
    subject = models.CharField(max_length=120)
    action = models.CharField(max_length=80)
    segment = models.CharField(max_length=40, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=40, blank=True, help_text="Code of the reason for overriding.")
    confidence = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, help_text="How sure the model was that it would be agreed to, 0 to 1."
    )
    reviewer_id = models.CharField(max_length=120)
    reviewed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # A person agreed or did not; beside that, it may be undone and do harm, each once.
            models.UniqueConstraint(
                fields=["decision"], condition=models.Q(verdict__in=["agreed", "disagreed"]), name="one_answer_per_decision"
            ),
            models.UniqueConstraint(fields=["decision", "verdict"], name="one_review_per_decision_and_verdict"),
        ]
        indexes = [models.Index(fields=["subject", "action", "segment", "id"], name="review_by_automation")]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.verdict}"


class AutonomyWatch(models.Model):
    """Where the sequential tests of one automation stand: brought forward with each review, made anew from all reviews at any time."""

    id = UUIDv7Field(primary_key=True)
    subject = models.CharField(max_length=120)
    action = models.CharField(max_length=80)
    segment = models.CharField(max_length=40, blank=True)
    since = models.DateTimeField(help_text="Evidence counts from here: the last change of level.")
    state = models.JSONField(default=dict)
    reviews = models.PositiveIntegerField(default=0)
    agreed = models.PositiveIntegerField(default=0)
    undone = models.PositiveIntegerField(default=0)
    harm = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "autonomy watches"
        constraints = [models.UniqueConstraint(fields=["subject", "action", "segment"], name="one_watch_per_automation")]

    def __str__(self) -> str:
        return f"{self.subject} {self.action}: {self.agreed} of {self.reviews}"
