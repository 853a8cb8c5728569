"""The effect ledger: everything the bank did through bankos, with the permit it rests on."""

from django.db import models

from bankos.platform.ids import UUIDv7Field


class Effect(models.Model):
    """One act with consequences outside bankos. Append-only.

    A trigger refuses a row whose consumption is not that of a permit for exactly this: same action, same resource, the sha256 of
    `parameters` equal to the hash in the decision, the same token.
    """

    id = UUIDv7Field(primary_key=True)
    consumption_id = models.UUIDField(unique=True, help_text="The one use of the permit.")
    decision_id = models.UUIDField(unique=True, help_text="The permit. Also what the receiving system knows the act by.")
    action = models.CharField(max_length=80)
    resource_type = models.CharField(max_length=40)
    resource_id = models.CharField(max_length=120)
    parameters = models.TextField(help_text="RFC 8785 text: the very bytes whose sha256 the decision bears.")
    system = models.CharField("system of record", max_length=20)
    token = models.TextField(help_text="The signed permit, handed on with the instruction.")
    executed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["resource_type", "resource_id", "-id"], name="effect_by_resource"),
            models.Index(fields=["action", "executed_at"], name="effect_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"


class EffectDelivery(models.Model):
    """The receipt for an effect's instruction: it lies at the system of record. Append-only, one per effect."""

    id = UUIDv7Field(primary_key=True)
    effect = models.OneToOneField(Effect, on_delete=models.PROTECT, related_name="delivery")
    reference = models.CharField(max_length=120, help_text="Where the system of record finds it: its folder and the file's name.")
    sha256 = models.CharField(max_length=64, help_text="Over the bytes of the file.")
    delivered_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "effect deliveries"

    def __str__(self) -> str:
        return self.reference
