"""Events of channels as they arrive over HTTP: kept as they came before anything is made of them."""

from django.db import models
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field

from .clients import ApiClient
from .landing import SourceSystem


class EventPost(models.Model):
    """One request with events: its body, byte by byte, compressed with zlib, and what was answered. Append-only."""

    id = UUIDv7Field(primary_key=True)
    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="+")
    content_type = models.CharField(max_length=80)
    attributes = models.JSONField(default=dict, help_text="What a single event in binary mode says in headers.")
    idempotency_key = models.CharField(max_length=128, blank=True)
    sha256 = models.CharField(max_length=64, help_text="Of the body.")
    body = models.BinaryField()
    answer = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "idempotency_key"], condition=~models.Q(idempotency_key=""), name="a_key_means_one_request"
            )
        ]

    def __str__(self) -> str:
        return f"events of {self.client_id}"


class EventArrival(models.Model):
    """One event, known by its source and id: a second one of the same name changes nothing. Append-only.

    `number` is its place in the order of arrival, and the line by which what became of it is known.
    """

    number = models.BigAutoField(primary_key=True)
    post = models.ForeignKey(EventPost, on_delete=models.PROTECT, related_name="arrivals", db_index=False)
    place = models.PositiveIntegerField(help_text="In the request, from 0.")
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.CharField(max_length=200)
    event_id = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, help_text="Of the event's canonical form.")
    feed = models.CharField(max_length=60, help_text="What reads it.")
    cells = models.JSONField(help_text="What it says, as column → text.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "source", "event_id"], name="an_event_arrives_once")]

    def __str__(self) -> str:
        return f"event {self.number}"


class WaitingArrival(models.Model):
    """An event nobody has made anything of yet."""

    arrival = models.OneToOneField(EventArrival, primary_key=True, on_delete=models.PROTECT, related_name="waiting")

    def __str__(self) -> str:
        return f"waiting {self.arrival_id}"


class EventKind(models.Model):
    """A kind of event that counts as a signal. Events of other kinds are kept, and run when their kind is added here."""

    code = models.CharField(max_length=40, primary_key=True)
    title = models.CharField(max_length=80, help_text="What staff read in the timeline.")

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(code__regex=r"^[a-z][a-z0-9_]*$"), name="a_kind_of_event_is_called_by_a_code")
        ]

    def __str__(self) -> str:
        return self.title
