"""Emergency access (break-glass): asked for, granted, ended, reviewed. Each step is a row that never changes."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from bankos.platform.ids import UUIDv7Field

from .masking import LONGEST_EMERGENCY
from .parties import Party


class EmergencyReason(models.TextChoices):
    AT_THE_COUNTER = "at_the_counter", "The customer stands before me"
    ON_THE_PHONE = "on_the_phone", "The customer is on the phone"
    DANGER = "danger", "Somebody may come to harm"
    FRAUD = "fraud", "Fraud is going on"
    OTHER = "other", "Something else"


class EmergencyAccess(models.Model):
    """That somebody asked to look at a customer they may not see otherwise, by number. Append-only.

    It looks the same whether there is such a customer or not: `party` is empty where there is none, and `resource_id`, which
    decisions name, is then nobody's.
    """

    Reason = EmergencyReason

    id = UUIDv7Field(primary_key=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=40, help_text="As it was typed.")
    party = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")
    resource_id = models.UUIDField()
    reason_code = models.CharField(max_length=20, choices=EmergencyReason)
    reason = models.CharField(max_length=500)
    asked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["asked_by", "resource_id"], name="emergency_by_asker")]

    def __str__(self) -> str:
        return f"emergency access {self.pk}"


class EmergencyGrantQuerySet(QuerySet["EmergencyGrant"]):
    def in_force(self) -> "EmergencyGrantQuerySet":
        return self.filter(until__gt=Now(), access__ended__isnull=True)


class EmergencyGrant(models.Model):
    """That it was allowed, until a moment. Append-only."""

    access = models.OneToOneField(EmergencyAccess, primary_key=True, on_delete=models.PROTECT, related_name="granted")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decision_id = models.UUIDField(unique=True)
    granted_at = models.DateTimeField()
    until = models.DateTimeField()

    objects = EmergencyGrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gt=F("granted_at"), until__lte=F("granted_at") + timedelta(minutes=LONGEST_EMERGENCY)),
                name="an_emergency_access_is_short",
            )
        ]
        indexes = [models.Index(fields=["user", "until"], name="emergency_in_force")]

    def __str__(self) -> str:
        return f"until {self.until}"


class EmergencyEnd(models.Model):
    """That it was ended before its time. Append-only."""

    access = models.OneToOneField(EmergencyAccess, primary_key=True, on_delete=models.PROTECT, related_name="ended")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decision_id = models.UUIDField(unique=True)
    ended_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ended {self.ended_at}"


class EmergencyReview(models.Model):
    """What a compliance officer found afterwards. Append-only."""

    access = models.OneToOneField(EmergencyAccess, primary_key=True, on_delete=models.PROTECT, related_name="review")
    justified = models.BooleanField()
    note = models.CharField(max_length=500, blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decision_id = models.UUIDField(unique=True)
    reviewed_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(justified=True) | ~Q(note=""), name="what_was_not_justified_is_explained")]

    def __str__(self) -> str:
        return "justified" if self.justified else "not justified"
