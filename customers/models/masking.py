"""What is masked for whom, and who uncovered what. How long a look lasts is the bank's setting."""

from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from bankos.platform.actors import Role
from bankos.platform.ids import UUIDv7Field

from .parties import Party

LONGEST_REVEAL = 60  # minutes
LONGEST_EMERGENCY = 30


class MaskedField(models.TextChoices):
    """What can be masked, named as the policies name it."""

    PHONE = "phone", "phone"
    EMAIL = "email", "e-mail"
    ADDRESS = "address", "address"
    BIRTH_DATE = "birth_date", "day of birth"
    NATIONAL_ID = "national_id", "national id"
    ACCOUNT_NUMBER = "account_number", "account numbers"


class MaskingRule(models.Model):
    """Whether a role sees a field whole without asking. Where there is no rule, the field is masked."""

    field = models.CharField(max_length=20, choices=MaskedField)
    role = models.CharField(max_length=30, choices=[(role.value, role.value.replace("_", " ")) for role in Role])
    shown = models.BooleanField("seen whole", default=False)
    decision_id = models.UUIDField(null=True, editable=False)

    history = HistoricalRecords()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["field", "role"], name="one_masking_rule_per_field_and_role")]

    def __str__(self) -> str:
        return f"{self.get_field_display()} for {self.get_role_display()}"


class CareSettings(models.Model):
    """How long looks last; one row."""

    reveal_minutes = models.PositiveSmallIntegerField(
        "minutes a field stays uncovered", default=5, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_REVEAL)]
    )
    emergency_minutes = models.PositiveSmallIntegerField(
        "minutes an emergency access lasts",
        default=LONGEST_EMERGENCY,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_EMERGENCY)],
        help_text="The policies allow 30 at most.",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "care settings"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="care_settings_are_one_row"),
            models.CheckConstraint(
                condition=Q(reveal_minutes__range=(1, LONGEST_REVEAL), emergency_minutes__range=(1, LONGEST_EMERGENCY)),
                name="looks_are_short",
            ),
        ]

    def __str__(self) -> str:
        return "How long looks last"


class Reveal(models.Model):
    """That a person uncovered a masked field of a customer for a while. Append-only."""

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    field = models.CharField(max_length=20, choices=MaskedField)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    decision_id = models.UUIDField(unique=True)
    revealed_at = models.DateTimeField()
    until = models.DateTimeField()
    officers_told = models.BooleanField(help_text="Whether the policies asked for compliance to be told.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gt=F("revealed_at"), until__lte=F("revealed_at") + timedelta(minutes=LONGEST_REVEAL)),
                name="a_reveal_is_short",
            )
        ]
        indexes = [models.Index(fields=["user", "party", "until"], name="reveal_in_force")]

    def __str__(self) -> str:
        return f"{self.field} of {self.party_id}"
