"""Who is told of changes, under which secret, and what became of each message."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field

from .clients import ApiClient
from .parties import Party


class WebhookSubscription(models.Model):
    """That a program is told of changes of the customers it may know of. Removed, it stays for the sake of its log."""

    class State(models.TextChoices):
        ACTIVE = "active", "active"
        PAUSED = "paused", "paused"
        DISABLED = "disabled", "disabled after failures"
        REMOVED = "removed", "removed"

    id = UUIDv7Field(primary_key=True)
    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=500)
    changes = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="What of a customer; empty for everything.")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    note = models.CharField(max_length=200, blank=True, help_text="Why it is not active.")
    failing_since = models.DateTimeField(null=True, help_text="The first failure since anything was received.")
    not_before = models.DateTimeField(null=True, help_text="After a failure nothing is sent there before this moment.")
    created_at = models.DateTimeField()

    history = HistoricalRecords(excluded_fields=["failing_since", "not_before"])

    def __str__(self) -> str:
        return self.url


class WebhookSecret(models.Model):
    """A secret messages are signed with, wrapped by the bank's master key. While two are good, messages bear both signatures."""

    id = UUIDv7Field(primary_key=True)
    subscription = models.ForeignKey(WebhookSubscription, on_delete=models.PROTECT, related_name="secrets")
    wrapped = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"secret of {self.subscription_id}"


class WebhookDelivery(models.Model):
    """A message on its way, or a second time on its way: a replay bears the first one's `message_id`."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        DELIVERED = "delivered", "received"
        GIVEN_UP = "given_up", "given up"
        WITHHELD = "withheld", "not sent: the program may not know of the customer"

    id = UUIDv7Field(primary_key=True)
    subscription = models.ForeignKey(WebhookSubscription, on_delete=models.PROTECT, related_name="deliveries")
    message_id = models.UUIDField(help_text="Of the event it tells of: what a receiver knows a message by.")
    party = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    body = models.TextField(help_text="Ids, what changed, version and links; no word about anybody.")
    replay = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["subscription", "message_id"], condition=Q(replay=False), name="a_change_is_told_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="webhook_due"),
            models.Index(fields=["subscription", "-id"], name="webhook_by_subscription"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.subscription_id}"


class WebhookAttempt(models.Model):
    """One try to hand a message over. Append-only."""

    id = UUIDv7Field(primary_key=True)
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, related_name="tries")
    tried_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, help_text="What was answered; null if nothing was.")
    milliseconds = models.PositiveIntegerField()
    problem = models.CharField(max_length=120, blank=True)
    answer = models.CharField(max_length=200, blank=True, help_text="How the answer begins.")

    def __str__(self) -> str:
        return f"{self.status} for {self.delivery_id}"
