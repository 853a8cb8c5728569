"""Decisions evaluated again: the impact of another text on many, and the constant check of a sample."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bankos.platform.ids import UUIDv7Field

from .policies import PolicyVersion


class ReplayRun(models.Model):
    """The decisions of some days, made again with one policy version. What was counted is in the parts."""

    class State(models.TextChoices):
        RUNNING = "running", "running"
        STOPPING = "stopping", "stopping"
        STOPPED = "stopped", "stopped"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    id = UUIDv7Field(primary_key=True)
    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="replays")
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    decisions = models.PositiveIntegerField(help_text="How many there are to make again.")
    asked_by = models.CharField(max_length=120)
    asked_by_name = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["version", "id"], name="replay_run_by_version")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.state}"


class ReplayPart(models.Model):
    """A range of decision ids, worked on by one worker. `counts` holds [action, segment, group, was, would be, number] rows."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        CLAIMED = "claimed", "claimed"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    id = UUIDv7Field(primary_key=True)
    run = models.ForeignKey(ReplayRun, on_delete=models.CASCADE, related_name="parts")
    first_id = models.UUIDField()
    last_id = models.UUIDField()
    size = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    erased = models.PositiveIntegerField(default=0, help_text="Content erased: cannot be made again.")
    damaged = models.PositiveIntegerField(default=0, help_text="Content damaged: cannot be made again.")
    counts = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["run", "state"], name="replay_part_by_state")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.state}"


class ReplayChange(models.Model):
    """One decision that would come out differently."""

    id = UUIDv7Field(primary_key=True)
    run = models.ForeignKey(ReplayRun, on_delete=models.CASCADE, related_name="changes")
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
