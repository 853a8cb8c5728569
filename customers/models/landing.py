"""Where source data lands: raw, hashed, kept. Every fact and transaction points back to a line of a file here."""

from django.db import models
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field


class SourceSystem(models.Model):
    """A system of record that bankos reads and never writes."""

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=80)
    freshness_promise = models.DurationField(help_text="How old its newest data may be before staff are told it is stale.")
    time_shift_days = models.IntegerField(
        null=True, help_text="Days added to every date of this system so that an old data set lives in the present; null until decided."
    )

    history = HistoricalRecords()

    def __str__(self) -> str:
        return self.name


class SourceFile(models.Model):
    """One file of a source system, known by its content: the same bytes land once."""

    class State(models.TextChoices):
        LOADING = "loading", "loading"
        STOPPED = "stopped", "stopped by an error"
        DONE = "done", "done"

    id = UUIDv7Field(primary_key=True)
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    feed = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.LOADING)
    lines_read = models.PositiveBigIntegerField(default=0, help_text="Data lines landed and processed so far; a resume starts after them.")
    rows_read = models.PositiveBigIntegerField(default=0, help_text="Lines that hold a row; blank ones don't.")
    rows_added = models.PositiveBigIntegerField(default=0, help_text="Rows that brought something new.")
    rows_rejected = models.PositiveBigIntegerField(default=0, help_text="Rows still waiting for a correction.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why reading stopped, if it did.")
    received_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    data_until = models.DateTimeField(null=True, help_text="The newest business moment seen in the file: what freshness is measured from.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "sha256"], name="same_content_lands_once")]

    def __str__(self) -> str:
        return f"{self.system_id}/{self.name}"


class TouchedParty(models.Model):
    """A party changed by a file that is still being read: announced once, when the whole file is in."""

    pk = models.CompositePrimaryKey("file", "party")
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+", db_index=False)
    party = models.ForeignKey("customers.Party", on_delete=models.PROTECT, related_name="+", db_index=False)

    def __str__(self) -> str:
        return f"{self.file_id} touched {self.party_id}"


class SourceChunk(models.Model):
    """A run of raw lines of a file, compressed with zlib, exactly as received. Append-only."""

    id = UUIDv7Field(primary_key=True)
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="chunks")
    first_line = models.PositiveBigIntegerField(help_text="Line number in the file, the header being line 1.")
    line_count = models.PositiveIntegerField()
    raw = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "first_line"], name="a_line_lands_once")]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.first_line}"


class RejectedRow(models.Model):
    """A row that could not become part of the state: kept with its place and reason until it is corrected."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        ACCEPTED = "accepted", "accepted after correction"

    id = UUIDv7Field(primary_key=True)
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="rejected")
    line = models.PositiveBigIntegerField()
    raw = models.JSONField(help_text="The row as column → text.")
    corrected = models.JSONField(null=True, blank=True, help_text="The row after a person's correction, if any.")
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    rejected_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="a_line_is_rejected_once")]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.line} {self.code}"


class Sourced(models.Model):
    """Provenance every loaded row carries: the file it came from and its line there."""

    # No index: rows lead to their file, files are never deleted, and each index slows loading down.
    source_file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+", db_index=False)
    source_line = models.PositiveBigIntegerField()
    recorded_at = models.DateTimeField(help_text="When bankos came to know it.")

    class Meta:
        abstract = True
