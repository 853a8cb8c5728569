"""Programs that use the customers' interface: channel apps, other systems, AI agents."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field

from .behaviour import Channel
from .care import Portfolio
from .landing import SourceSystem
from .parties import Branch


class Scope(models.TextChoices):
    """What a program may be given the right to do; staff read the label."""

    STATE_READ = "state.read", "read a customer’s state"
    STATE_UNMASKED = "state.unmasked", "read masked fields whole"
    TIMELINE_READ = "timeline.read", "read a customer’s timeline"
    CONSENTS_READ = "consents.read", "read what customers agree to"
    CONSENTS_WRITE = "consents.write", "pass on what a customer agrees to"
    SIGNALS_WRITE = "signals.write", "record what a customer did in a channel"
    EVENTS_WRITE = "events.write", "send events of a channel"
    WEBHOOKS_MANAGE = "webhooks.manage", "be told of changes"
    SEARCH = "search", "search for customers"


class ApiClient(models.Model):
    """A program with rights of its own. It is revoked, never deleted: decisions name it."""

    class Kind(models.TextChoices):
        CHANNEL = "channel", "channel app"
        SYSTEM = "system", "other system"
        AGENT = "agent", "AI agent"

    class Reach(models.TextChoices):
        SPOKEN_FOR = "spoken_for", "the customer it speaks for"
        LISTED = "listed", "customers of some branches or portfolios"
        EVERYBODY = "everybody", "every customer"

    id = UUIDv7Field(primary_key=True)
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), help_text="What it may do.")
    reach = models.CharField("whom it may know of", max_length=12, choices=Reach)
    branches = models.ManyToManyField(Branch, blank=True, related_name="clients")
    portfolios = models.ManyToManyField(Portfolio, blank=True, related_name="clients")
    sees_protected = models.BooleanField(
        "knows of protected customers", default=False, help_text="Of those it may know of, also those whom few may see."
    )
    channel = models.CharField(
        max_length=20, choices=Channel, default=Channel.APP, help_text="Where its customers are, if an event does not say so."
    )
    system = models.ForeignKey(
        SourceSystem, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="The source its events belong to."
    )
    per_minute = models.PositiveIntegerField("requests a minute", default=600)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Who answers for it."
    )
    created_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    decision_id = models.UUIDField(null=True, editable=False, help_text="By which it is and may do what stands here.")

    history = HistoricalRecords(m2m_fields=[branches, portfolios])

    class Meta:
        verbose_name = "client of the interface"
        verbose_name_plural = "clients of the interface"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reach="spoken_for") | models.Q(kind="channel"), name="only_a_channel_speaks_for_customers"
            ),
            models.CheckConstraint(condition=models.Q(per_minute__gte=1), name="a_client_may_ask_at_all"),
            models.CheckConstraint(
                condition=~models.Q(kind="agent", sees_protected=True), name="nobody_shows_protected_customers_to_agents"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ClientKey(models.Model):
    """A secret of a client, of which only the hash is kept. Two may be good at once, so that one can follow the other."""

    id = UUIDv7Field(primary_key=True)
    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="keys")
    sha256 = models.CharField(max_length=64, unique=True)
    ending = models.CharField(max_length=4, help_text="Its last characters, to tell it from others.")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=120)
    decision_id = models.UUIDField(null=True, unique=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text="To the minute.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(expires_at__gt=models.F("created_at")), name="a_key_is_good_for_a_time")]

    def __str__(self) -> str:
        return f"key …{self.ending}"


class ClientProposal(models.Model):
    """What somebody asked to be done with a program, and how the program stood before: what a second person agrees to. Append-only.

    `client_id` of a program that is to be made is that of no program yet. `described`: `customers.channels.clients.Described`, or of a
    key how long it lasts.
    """

    id = UUIDv7Field(primary_key=True)
    client_id = models.UUIDField(db_index=True)
    what = models.CharField(max_length=20)
    before = models.JSONField(null=True)
    described = models.JSONField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.what} {self.client_id}"


class KeyLeave(models.Model):
    """That a person may make one key of a program, agreed to by another; the key is shown when it is made, to that person alone."""

    id = UUIDv7Field(primary_key=True)
    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="key_leaves")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decision_id = models.UUIDField(unique=True)
    days = models.PositiveSmallIntegerField()
    overlap_days = models.PositiveSmallIntegerField()
    given_at = models.DateTimeField()
    until = models.DateTimeField()
    key = models.OneToOneField(ClientKey, null=True, on_delete=models.PROTECT, related_name="leave")

    def __str__(self) -> str:
        return f"a key of {self.client_id} for {self.user_id}"
