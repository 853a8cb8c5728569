from django.contrib.auth.models import AbstractUser
from django.db import models

from .ids import UUIDv7Field


class User(AbstractUser):
    """A person of the bank's staff."""

    id = UUIDv7Field(primary_key=True)
    name = models.CharField("full name", max_length=120, blank=True)
    job_title = models.CharField(max_length=80, blank=True)
    branch_code = models.CharField(
        "home branch", max_length=20, blank=True, help_text="Code of the branch this person works for; empty for head office."
    )

    manager = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reports", help_text="Who this person reports to."
    )

    def get_full_name(self) -> str:
        return self.name or self.get_username()


class DomainEvent(models.Model):
    """The outbox: a CloudEvent 1.0, written in the transaction that made the change. Append-only."""

    id = UUIDv7Field(primary_key=True)
    type = models.CharField(max_length=80)
    source = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["subject", "occurred_at"], name="event_by_subject")]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class EventDelivery(models.Model):
    """One subscriber's receipt for one event; open until `delivered_at` is set."""

    id = UUIDv7Field(primary_key=True)
    event = models.ForeignKey(DomainEvent, on_delete=models.PROTECT, related_name="deliveries", db_index=False)  # the constraint's serves
    subscriber = models.CharField(max_length=80)
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="one_receipt_per_subscriber")]
        indexes = [
            # In the order they are handed out, so that a long backlog is never sorted again for each batch.
            models.Index(fields=["subscriber", "id"], condition=models.Q(delivered_at__isnull=True), name="event_delivery_open")
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} <- {self.event_id}"


class Heartbeat(models.Model):
    """The last moment a background process was seen working."""

    process = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.process


class Meter(models.Model):
    """How much of its rate a program has used: it would be idle again at `idle_at` (a leaky bucket). The table is unlogged."""

    key = models.CharField(max_length=80, primary_key=True)
    idle_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"meter of {self.key}"


class AttemptCount(models.Model):
    """Failed tries at an account, from an address or on a device (see `attempts`). Keys are hashes.

    `failures` are those of `counted_at`, they go down with time; before `open_at` there is no further try; after `forgotten_at` the row
    means nothing.
    """

    key = models.CharField(max_length=80, primary_key=True)
    account = models.CharField(max_length=64, blank=True)
    failures = models.FloatField()
    counted_at = models.DateTimeField()
    open_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["forgotten_at"], name="attempts_forgotten"),
            models.Index(fields=["account"], condition=~models.Q(account=""), name="attempts_of_account"),
        ]

    def __str__(self) -> str:
        return self.key
