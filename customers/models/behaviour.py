"""What customers agree to, say and do: consents, interactions, signals."""

from django.db import models

from bankos.platform.ids import UUIDv7Field

from .consents import ConsentNotice
from .landing import Sourced
from .parties import Party


class Channel(models.TextChoices):
    APP = "app", "app"
    WEB = "web", "web"
    PHONE = "phone", "phone"
    BRANCH = "branch", "branch"
    EMAIL = "email", "e-mail"
    LETTER = "letter", "letter"
    CONSOLE = "console", "staff console"


# The ways the bank reaches customers, which they may agree to one by one.
CONTACT_CHANNELS = (Channel.APP, Channel.EMAIL, Channel.PHONE, Channel.LETTER)
HOW_IT_WAS_COLLECTED: dict[str, str] = {
    Channel.PHONE: "spoken",
    Channel.BRANCH: "spoken",
    Channel.EMAIL: "written",
    Channel.LETTER: "written",
    Channel.APP: "electronic",
    Channel.WEB: "electronic",
    Channel.CONSOLE: "spoken",
}


class Consent(models.Model):
    """A customer's word on one use of their data (ISO/IEC TS 27560 consent record).

    Append-only: withdrawing writes a new row; the newest per purpose and way of contact counts. Whether it gave, refused or withdrew
    follows from the records before it, which may arrive late: it is read (`customers.rights.receipts`), never stored. The database
    holds `purpose` to the codes of `ConsentPurpose`; it stays plain text here because systems of record and policies speak in codes.
    """

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=40)
    contact_channel = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        choices=[(one.value, one.label) for one in CONTACT_CHANNELS],
        help_text="The way of contact it is about; empty: none in particular.",
    )
    given = models.BooleanField()
    channel = models.CharField(max_length=20, choices=Channel, help_text="Where the customer said so.")
    notice = models.ForeignKey(
        ConsentNotice, null=True, on_delete=models.PROTECT, related_name="+", help_text="What the customer was told, if that is known."
    )
    valid_until = models.DateTimeField(null=True, help_text="When a yes ends by itself.")
    evidence = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text="Where it can be found again: a call's number, a letter's."
    )
    occurred_at = models.DateTimeField(help_text="When the customer said so.")
    recorded_at = models.DateTimeField()
    source_file = models.ForeignKey("customers.SourceFile", null=True, on_delete=models.PROTECT, related_name="+")
    source_line = models.PositiveBigIntegerField(null=True)
    decision_id = models.UUIDField(null=True, help_text="The decision that allowed a change made in bankos.")
    recorded_by = models.CharField(
        max_length=120, blank=True, default="", db_default="", help_text="Who wrote down, in bankos, what the customer said."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party", "purpose", "contact_channel", "occurred_at"], name="one_consent_per_moment"),
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
    campaign = models.CharField(max_length=100, blank=True, default="", db_default="")
    details = models.JSONField(default=dict, db_default={}, help_text="What else the channel said of it.")
    occurred_at = models.DateTimeField()
    source_key = models.CharField(max_length=60, unique=True, help_text="What makes a second delivery of the same signal do nothing.")

    class Meta:
        indexes = [models.Index(fields=["party", "-occurred_at"], name="signal_by_party")]

    def __str__(self) -> str:
        return f"{self.kind} {self.party_id}"
