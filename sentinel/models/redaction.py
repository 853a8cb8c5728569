"""What was erased out of evidence."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bankos.platform.ids import UUIDv7Field


class Erasing(models.Model):
    """A decision to erase a customer, as it was used: in one transaction, for this customer. Only the database writes it. Append-only."""

    decision = models.OneToOneField("Decision", on_delete=models.PROTECT, primary_key=True, related_name="+")
    transaction = models.BigIntegerField(help_text="The transaction it was used in.")
    subject_id = models.CharField(max_length=200, help_text="The customer it names.")
    members = ArrayField(models.CharField(max_length=200), help_text="Everybody that customer is, by id.")
    began_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject_id


class Redaction(models.Model):
    """One value that was erased where rows otherwise never change: where it stood, and its salted hash. Append-only."""

    id = UUIDv7Field(primary_key=True)
    decision_id = models.UUIDField(help_text="The decision that allowed it.")
    table_name = models.CharField(max_length=80, help_text="With its schema, where that is not the application's own.")
    column_name = models.CharField(max_length=63)
    row_id = models.CharField(max_length=40, help_text="Its primary key, as text.")
    salt = models.CharField(max_length=36)
    sha256 = models.CharField(max_length=64, help_text="Over the salt and the value, as text or as bytes.")
    redacted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["table_name", "row_id"], name="redaction_by_row")]

    def __str__(self) -> str:
        return f"{self.table_name}.{self.column_name} {self.row_id}"
