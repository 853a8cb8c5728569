"""Decisions evaluated again: the impact of another text on many, and the constant check of a sample."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bankos.platform.ids import UUIDv7Field


class ReplayChange(models.Model):
    """One decision that would come out differently."""

    id = UUIDv7Field(primary_key=True)
    run = models.ForeignKey("platform.Job", on_delete=models.CASCADE, related_name="+")
    decision_id = models.UUIDField()
    action = models.CharField(max_length=80)
    segment = models.CharField(max_length=40, blank=True)
    group = models.CharField(max_length=40, blank=True, help_text="The protected group the person belongs to.")
    was = models.CharField(max_length=16)
    would_be = models.CharField(max_length=16)
    rules_were = ArrayField(models.CharField(max_length=80))
    rules_would_be = ArrayField(models.CharField(max_length=80))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "decision_id"], name="one_change_per_run_and_decision")]

    def __str__(self) -> str:
        return f"{self.decision_id}: {self.was} to {self.would_be}"


class ReplayCheck(models.Model):
    """One round of the constant check: a sample of decisions, each made again with its own policy version. Append-only."""

    id = UUIDv7Field(primary_key=True)
    checked = models.PositiveIntegerField()
    erased = models.PositiveIntegerField()
    different = ArrayField(models.UUIDField(), help_text="Decisions that came out differently: there should be none.")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.checked} checked, {len(self.different)} different"
