"""What was erased out of evidence."""

from django.db import models

from bankos.platform.ids import UUIDv7Field


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
