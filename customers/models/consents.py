"""What consents are about: purposes and the wordings customers are told. Data an administrator keeps, not code."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import QuerySet
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field

A_CODE = RegexValidator(r"^[a-z][a-z0-9_]{0,39}$", "Lower-case letters, digits and underscores, beginning with a letter.")


class ConsentPurpose(models.Model):
    """One use of personal data a customer may agree to. Policies and forecasts know it by its code, staff by its label."""

    code = models.CharField(max_length=40, primary_key=True, validators=[A_CODE])
    label = models.CharField(max_length=80)
    by_channel = models.BooleanField(default=False, help_text="The customer may agree to some ways of being contacted and not to others.")
    offered = models.BooleanField(default=True, help_text="Customers are still asked; what they said before counts all the same.")
    place = models.PositiveSmallIntegerField(default=0, help_text="Its place in lists.")

    history = HistoricalRecords()

    def __str__(self) -> str:
        return self.label


class ConsentNoticeQuerySet(QuerySet["ConsentNotice"]):
    def in_force(self, at: datetime) -> Self:
        """The newest wording of each purpose in each language."""
        begun = self.filter(in_force_from__lte=at)
        return begun.order_by("purpose_id", "language", "-version").distinct("purpose_id", "language")


class ConsentNotice(models.Model):
    """What a customer is told before answering, word for word, and the terms it stands for (ISO/IEC TS 27560, processing).

    Append-only: another wording is another version, so that a consent's record leads to exactly what its customer was told.
    """

    class LawfulBasis(models.TextChoices):
        CONSENT = "consent", "consent (GDPR Art. 6(1)(a))"
        CONTRACT = "contract", "contract (GDPR Art. 6(1)(b))"
        LEGAL_OBLIGATION = "legal_obligation", "legal obligation (GDPR Art. 6(1)(c))"
        LEGITIMATE_INTEREST = "legitimate_interest", "legitimate interest (GDPR Art. 6(1)(f))"

    id = UUIDv7Field(primary_key=True)
    purpose = models.ForeignKey(ConsentPurpose, on_delete=models.PROTECT, related_name="notices")
    language = models.CharField(max_length=2, help_text="ISO 639-1, such as en or ga.")
    version = models.PositiveSmallIntegerField(editable=False)
    wording = models.TextField(max_length=2000, help_text="What the customer hears or reads, word for word.")
    lawful_basis = models.CharField(max_length=20, choices=LawfulBasis, default=LawfulBasis.CONSENT)
    personal_data = ArrayField(models.CharField(max_length=60), help_text="Categories of personal data, separated by commas.")
    storage = models.CharField(max_length=200, help_text="How long and where what is made of it is kept.")
    recipients = ArrayField(models.CharField(max_length=80), default=list, blank=True, help_text="Who else gets it; empty: nobody.")
    jurisdictions = ArrayField(models.CharField(max_length=60), help_text="Where it is processed.")
    controller = models.CharField(max_length=120, help_text="Who is responsible for it (the PII controller).")
    valid_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="A yes ends after so many days; empty: until withdrawn.")
    in_force_from = models.DateTimeField()
    made_by = models.CharField(max_length=120, editable=False)

    objects = ConsentNoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["purpose", "language", "version"], name="one_wording_per_version")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """How decisions name it: "marketing.en.2"."""
        return f"{self.purpose_id}.{self.language}.{self.version}"
