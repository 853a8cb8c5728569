"""What customers asked for under the GDPR, and what became of it."""

from typing import Self

from django.db import models
from django.db.models import Q, QuerySet
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field

from .behaviour import Channel
from .landing import SourceSystem
from .parties import Party, PartyFact


class RightsRequestQuerySet(QuerySet["RightsRequest"]):
    def open(self) -> Self:
        return self.filter(state=RightsRequest.State.OPEN)


class RightsRequest(models.Model):
    """One thing one customer asked for. It is answered within a month (GDPR Art. 12(3))."""

    class Kind(models.TextChoices):
        ACCESS = "access", "a copy of the data"
        CORRECTION = "correction", "a correction"
        ERASURE = "erasure", "erasure"

    class State(models.TextChoices):
        OPEN = "open", "open"
        DONE = "done", "done"
        REFUSED = "refused", "refused"

    class IdentityCheck(models.TextChoices):
        """How it was made sure that it is the customer who asks (Art. 12(6))."""

        DOCUMENT = "document", "Saw an identity document"
        SIGNED_IN = "signed_in", "Signed in to the app"
        CALL_BACK = "call_back", "Called back on a known number"
        LETTER = "letter", "Signed letter, signature compared"

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="rights_requests")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    heard_on = models.CharField(max_length=20, choices=Channel)
    identity_check = models.CharField(
        max_length=12, choices=IdentityCheck, blank=True, help_text="Empty: nobody asked, the bank acts by itself."
    )
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=120)
    decision_id = models.UUIDField(help_text="The decision that allowed to record it.")
    answer = models.CharField(max_length=300, blank=True, help_text="What the customer is told.")
    closed_at = models.DateTimeField(null=True)

    objects = RightsRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="a_closed_request_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["party", "-id"], name="rights_request_by_party"),
            models.Index(fields=["due_at"], condition=Q(state="open"), name="rights_request_by_deadline"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class AccessExport(models.Model):
    """The copy of a customer's data in the making, and, for some days, made: parts encrypted with a key of its own."""

    class State(models.TextChoices):
        MAKING = "making", "being made"
        READY = "ready", "ready"
        GONE = "gone", "deleted"

    request = models.OneToOneField(RightsRequest, on_delete=models.PROTECT, primary_key=True, related_name="export")
    state = models.CharField(max_length=8, choices=State, default=State.MAKING)
    key = models.BinaryField(null=True, help_text="Wrapped by the master key; empty once the export is deleted.")
    parts = models.PositiveIntegerField(default=0)
    records = models.PositiveBigIntegerField(default=0)
    ready_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True, help_text="When it is, or was, deleted.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(state="gone") | Q(key__isnull=True), name="a_deleted_export_has_no_key"),
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"


class AccessExportPart(models.Model):
    """A few hundred records of one section, compressed and encrypted."""

    id = UUIDv7Field(primary_key=True)
    export = models.ForeignKey(AccessExport, on_delete=models.PROTECT, related_name="pieces")
    number = models.PositiveIntegerField()
    section = models.CharField(max_length=60)
    cipher = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="one_export_part_per_number")]

    def __str__(self) -> str:
        return f"{self.export_id} {self.number}"


class Correction(models.Model):
    """What the customer says is wrong in what a source states: a task for the source's owner. bankos never writes the source itself."""

    request = models.OneToOneField(RightsRequest, on_delete=models.PROTECT, primary_key=True, related_name="correction")
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+", help_text="Whose owner is asked.")
    attribute = models.CharField(max_length=20, help_text="One of PartyFact.Attribute.")
    stated = models.CharField(max_length=300, help_text="What the source states.")
    said = models.CharField(max_length=300, help_text="What the customer says is right.")
    evidence = models.CharField(max_length=300, help_text="What it rests on: a document, a register.")
    corrected_by = models.ForeignKey(
        PartyFact, null=True, on_delete=models.PROTECT, related_name="+", help_text="The fact by which the source put it right."
    )

    def __str__(self) -> str:
        return f"{self.attribute} {self.pk}"


class RetentionRule(models.Model):
    """How long one category of data is kept, from which moment, and by which law. Administrators change it, with history."""

    class Category(models.TextChoices):
        IDENTITY = "identity", "Who the customer is"
        TRANSACTIONS = "transactions", "Accounts, payments and cards"
        CONTACTS = "contacts", "Contacts and acts"
        CONSENTS = "consents", "Consents"
        BEHAVIOUR = "behaviour", "Behaviour in the app, wishes and needs"
        DECISIONS = "decisions", "What decisions rested on"

    class Moment(models.TextChoices):
        ERASURE = "erasure", "the request for erasure"
        LAST_BUSINESS = "last_business", "the last booking"

    category = models.CharField(max_length=16, choices=Category, primary_key=True)
    years = models.PositiveSmallIntegerField(help_text="0: erased as soon as the customer asks.")
    counted_from = models.CharField(max_length=16, choices=Moment)
    legal_ground = models.CharField(max_length=200, help_text="Which law asks for it; shown to the customer.")

    history = HistoricalRecords()

    def __str__(self) -> str:
        return self.get_category_display()


class LegalHold(models.Model):
    """While it is in force nothing of the customer is erased. One person places it; two lift it."""

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=300)
    until = models.DateField(help_text="It ends by itself after this day.")
    placed_by = models.CharField(max_length=120)
    placed_at = models.DateTimeField()
    decision_id = models.UUIDField(help_text="The decision that allowed to place it.")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.UUIDField(null=True, help_text="The decision, of two people, that lifted it.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True) | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="a_lifted_hold_has_its_decision",
            )
        ]
        indexes = [models.Index(fields=["party"], condition=Q(lifted_at__isnull=True), name="hold_in_force")]

    def __str__(self) -> str:
        return f"hold {self.pk}"


class ErasurePiece(models.Model):
    """One category of one erasure: gone, or kept under restriction until a day, by law."""

    id = UUIDv7Field(primary_key=True)
    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="pieces")
    category = models.CharField(max_length=16, choices=RetentionRule.Category)
    due_date = models.DateField(help_text="From this day on it may be erased.")
    legal_ground = models.CharField(max_length=200, blank=True, help_text="Why it stays until then.")
    erased_at = models.DateTimeField(null=True)
    values = models.PositiveBigIntegerField(default=0, help_text="How many values and source lines were erased.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "category"], name="one_piece_per_category")]
        indexes = [models.Index(fields=["due_date"], condition=Q(erased_at__isnull=True), name="erasure_due")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.category}"
