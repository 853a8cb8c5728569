"""The stop control, and its drills."""

from django.db import models

from bankos.platform.ids import UUIDv7Field


class AutomationStop(models.Model):
    """Machines do not act here any more until two people say so. Only lifting it changes the row; it is lifted once."""

    class Scope(models.TextChoices):
        EVERYTHING = "everything", "Everything"
        ACTION = "action", "One kind of action"
        MODEL = "model", "One system, agent or model"
        BRANCH = "branch", "One branch"

    id = UUIDv7Field(primary_key=True)
    scope = models.CharField(max_length=10, choices=Scope)
    value = models.CharField(max_length=120, blank=True, help_text="Which action, model or branch; empty for everything.")
    reason = models.CharField(max_length=300)
    drill = models.BooleanField(default=False, help_text="Pressed to see that it works.")
    stopped_by = models.CharField(max_length=120)
    stopped_by_name = models.CharField(max_length=120)
    stopped_at = models.DateTimeField()
    stop_decision_id = models.UUIDField(help_text="The decision that allowed stopping.")
    lifted_by = models.CharField(max_length=120, blank=True)
    lifted_by_name = models.CharField(max_length=120, blank=True)
    lifted_at = models.DateTimeField(null=True)
    lift_decision_id = models.UUIDField(null=True, help_text="The decision, with a second person's approval, that allowed starting again.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "value"], condition=models.Q(lifted_at__isnull=True), name="one_stop_in_force"),
            models.CheckConstraint(
                condition=models.Q(scope="everything", value="") | (~models.Q(scope="everything") & ~models.Q(value="")),
                name="stop_names_what_it_stops",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.value}".strip()


class DrillSighting(models.Model):
    """One worker in one drill: when it was last permitted to act, and when it was first refused. Append-only."""

    id = UUIDv7Field(primary_key=True)
    stop = models.ForeignKey(AutomationStop, on_delete=models.PROTECT, related_name="sightings")
    worker = models.CharField(max_length=120)
    permitted = models.PositiveIntegerField(help_text="How often it was permitted before.")
    last_permitted_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stop", "worker"], name="one_sighting_per_worker_and_drill")]

    def __str__(self) -> str:
        return f"{self.stop_id} {self.worker}"
