"""What customers agree to, say and do: consents, interactions, signals."""

from typing import Self

from django.db import models
from django.db.models import QuerySet

from bankos.platform.ids import UUIDv7Field

from .landing import Sourced
from .parties import Party


class Purpose(models.TextChoices):
    """What a consent is for; staff read the label."""

    PAYMENT_INSIGHT = "payment_insight", "Use payments to suggest help"
    MARKETING = "marketing", "Send offers"


class Channel(models.TextChoices):
    APP = "app", "app"
    WEB = "web", "web"
    PHONE = "phone", "phone"
    BRANCH = "branch", "branch"
    EMAIL = "email", "e-mail"
    LETTER = "letter", "letter"
    CONSOLE = "console", "staff console"


class ConsentQuerySet(QuerySet["Consent"]):
    def now(self) -> Self:
        """The newest word of each party on each purpose."""
        return self.order_by("party_id", "purpose", "-occurred_at").distinct("party_id", "purpose")


class Consent(models.Model):
    """A customer's permission to use data for one purpose (ISO/IEC TS 27560 consent record).

    Append-only: withdrawing writes a new row; the newest per purpose counts.
    """

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=40, choices=Purpose)
    given = models.BooleanField()
    channel = models.CharField(max_length=20, choices=Channel)
    occurred_at = models.DateTimeField(help_text="When the customer said so.")
    recorded_at = models.DateTimeField()
    source_file = models.ForeignKey("customers.SourceFile", null=True, on_delete=models.PROTECT, related_name="+")
    source_line = models.PositiveBigIntegerField(null=True)
    decision_id = models.UUIDField(null=True, help_text="The decision that allowed a change made in bankos.")
    recorded_by = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text="Who wrote down, in bankos, what the customer said."
    )

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party", "purpose", "occurred_at"], name="one_consent_per_moment"),
            models.CheckConstraint(
                condition=models.Q(source_file__isnull=False) | models.Q(decision_id__isnull=False), name="a_consent_has_evidence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} {self.purpose}"


class Interaction(models.Model):
    """A contact with, or an act for, a customer, by any actor on any channel. Append-only."""

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="interactions")
    kind = models.CharField(max_length=40, help_text="call, visit, message, act, answer …")
    channel = models.CharField(max_length=20, choices=Channel)
    summary = models.CharField(max_length=300)
    actor_kind = models.CharField(max_length=12)
    actor_name = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    decision_id = models.UUIDField(null=True)
    source_key = models.CharField(max_length=60, unique=True, help_text="What makes a second delivery of the same contact do nothing.")
    source_file = models.ForeignKey("customers.SourceFile", null=True, on_delete=models.PROTECT, related_name="+")
    source_line = models.PositiveBigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["party", "-occurred_at"], name="interaction_by_party")]

    def __str__(self) -> str:
        return f"{self.kind} {self.party_id}"


class Signal(Sourced):
    """Something a customer did in a digital channel that may matter: an abandoned application, a travel notice."""

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="signals")
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=20, choices=Channel)
    detail = models.CharField(max_length=200, blank=True)
    occurred_at = models.DateTimeField()
    source_key = models.CharField(max_length=60, unique=True, help_text="What makes a second delivery of the same signal do nothing.")

    class Meta:
        indexes = [models.Index(fields=["party", "-occurred_at"], name="signal_by_party")]

    def __str__(self) -> str:
        return f"{self.kind} {self.party_id}"
