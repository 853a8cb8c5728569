"""What single people may decide beyond their role, and who stands in for whom: both end by themselves."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field


class PersonalMandate(models.Model):
    """One person may decide one action up to an amount, until a day."""

    id = UUIDv7Field(primary_key=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=80)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    granted_by = models.CharField(max_length=120)
    decision_id = models.UUIDField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(starts_at__lt=models.F("ends_at")), name="mandate_ends_after_it_starts")]
        indexes = [models.Index(fields=["person", "action"], name="mandate_by_person")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.action} {self.currency} {self.amount}"


class Delegation(models.Model):
    """While somebody is away another person approves with their role."""

    id = UUIDv7Field(primary_key=True)
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=80)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    decision_id = models.UUIDField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(starts_at__lt=models.F("ends_at")), name="delegation_ends_after_it_starts"),
            models.CheckConstraint(condition=~models.Q(giver=models.F("receiver")), name="nobody_delegates_to_themselves"),
        ]
        indexes = [models.Index(fields=["receiver", "ends_at"], name="delegation_by_receiver")]

    def __str__(self) -> str:
        return f"{self.role}: {self.giver_id} to {self.receiver_id}"
