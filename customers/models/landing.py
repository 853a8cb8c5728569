"""Where source data lands: raw, hashed, kept. Every fact and transaction points back to a line of a file here."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Now
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field


class Changing(models.Model):
    """A table whose rows change: what they were is kept, and read by whoever asks what was known when (bankos.platform.history)."""

    changed_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Since when bankos knows the row as it is.")

    class Meta:
        abstract = True


class SourceSystemQuerySet(QuerySet["SourceSystem"]):
    def sending(self) -> Self:
        """Those that send files: all but the customers' own word."""
        return self.exclude(pk=SourceSystem.CUSTOMERS_WORD)


class SourceSystem(Changing):
    """A system of record that bankos reads and never writes; one of them is no system but what customers state themselves."""

    CUSTOMERS_WORD = "customer"

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=80)
    freshness_promise = models.DurationField(help_text="How old its newest data may be before staff are told it is stale.")
    time_shift_days = models.IntegerField(
        null=True, help_text="Days added to every date of this system so that an old data set lives in the present; null until decided."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who answers for this source at the bank: gets the task when a customer says that something it tells is wrong.",
    )
    rank = models.PositiveSmallIntegerField(
        default=50, help_text="Whose word is shown first where sources disagree and no rule of its own says otherwise: 1 before 2."
    )

    objects = SourceSystemQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["changed_at"])

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(code__regex=r"^[a-z][a-z0-9_]{1,19}$"), name="a_source_is_called_by_a_code"),
            models.CheckConstraint(condition=models.Q(freshness_promise__gt=timedelta()), name="a_promise_is_a_time"),
        ]

    def __str__(self) -> str:
        return self.name


class SourceFile(Changing):
    """One file of a source system, known by its content: the same bytes land once."""

    class State(models.TextChoices):
        LOADING = "loading", "loading"
        WAITING = "waiting", "waits for a mapping"
        STOPPED = "stopped", "stopped by an error"
        DONE = "done", "done"

    id = UUIDv7Field(primary_key=True)
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    feed = models.CharField(max_length=60, blank=True, help_text="What it holds; empty if nobody could tell.")
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.LOADING)
    lines_read = models.PositiveBigIntegerField(default=0, help_text="Data lines landed and processed so far; a resume starts after them.")
    rows_read = models.PositiveBigIntegerField(default=0, help_text="Lines that hold a row; blank ones don't.")
    rows_added = models.PositiveBigIntegerField(default=0, help_text="Rows that brought something new.")
    rows_rejected = models.PositiveBigIntegerField(default=0, help_text="Rows still waiting for a correction.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why reading stopped, if it did.")
    changes = models.JSONField(default=list, help_text="What it has changed of customers so far, in the words of the event.")
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
    # Rows that live for minutes, made in the statement that has just read both: the database need not check each again.
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    party = models.ForeignKey("customers.Party", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)

    def __str__(self) -> str:
        return f"{self.file_id} touched {self.party_id}"


class BookedOn(models.Model):
    """The arrangements a chunk booked on: one row, because a row for each would cost as much as finding it. Of a file still being read."""

    id = UUIDv7Field(primary_key=True)
    # As of TouchedParty.
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    arrangements = ArrayField(models.UUIDField())

    def __str__(self) -> str:
        return f"{self.file_id} booked on {len(self.arrangements)}"


class TouchedArrangement(models.Model):
    """An arrangement a file that is in booked on, whose balance is still to be settled."""

    pk = models.CompositePrimaryKey("file", "arrangement")
    # As of TouchedParty.
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    arrangement = models.ForeignKey(
        "customers.Arrangement", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )

    def __str__(self) -> str:
        return f"{self.file_id} touched {self.arrangement_id}"


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


class HeldPart(models.Model):
    """A piece of a file that is not read yet, byte by byte as it came: let go when the whole file is in its chunks."""

    id = UUIDv7Field(primary_key=True)
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="held", db_index=False)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="a_part_is_held_once")]

    def __str__(self) -> str:
        return f"{self.file_id} part {self.number}"


class RejectedRow(models.Model):
    """A row that could not become part of the state: kept with its place and reason until it is corrected."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        ACCEPTED = "accepted", "accepted after correction"

    id = UUIDv7Field(primary_key=True)
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="rejected")
    line = models.PositiveBigIntegerField()
    feed = models.CharField(max_length=60, help_text="What reads the row: a file may hold rows of several kinds.")
    raw = models.JSONField(help_text="The row as column → text.")
    corrected = models.JSONField(null=True, blank=True, help_text="The row after a person's correction, if any.")
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    rejected_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="a_line_is_rejected_once")]
        # By which events that wait for their customer are found when somebody appears.
        indexes = [
            models.Index(KT(f"raw__{column}"), name=f"waiting_by_{column}", condition=models.Q(state="open", feed__startswith="channels."))
            for column in ("email", "user_id", "anonymous_id")
        ]

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


class SourcePosition(Sourced):
    """The newest change event seen of one row of a source, so that older ones that come late, and those that come twice, change nothing."""

    pk = models.CompositePrimaryKey("system", "feed", "key")
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+", db_index=False)
    feed = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    position = models.BigIntegerField(help_text="Where the change stands in the source's log of changes.")
    gone = models.BooleanField(default=False, help_text="The source deleted the row.")

    def __str__(self) -> str:
        return f"{self.system_id} {self.feed} {self.key}"
