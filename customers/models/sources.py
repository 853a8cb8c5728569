"""What people do about sources: looking at rows, and the work that was asked for."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field

from .landing import SourceFile, SourceSystem


class SourceLook(models.Model):
    """Somebody said why they need to see what the rows of a file say, and sees it until `until`. Append-only."""

    id = UUIDv7Field(primary_key=True)
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+")
    looked_by = models.UUIDField(help_text="The employee.")
    looked_by_name = models.CharField(max_length=120)
    reason = models.CharField(max_length=300)
    looked_at = models.DateTimeField()
    until = models.DateTimeField()
    decision_id = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(until__gt=models.F("looked_at")), name="a_look_ends_after_it_began")]
        indexes = [models.Index(fields=["looked_by", "until"], name="looks_in_force")]

    def __str__(self) -> str:
        return f"{self.looked_by_name} at {self.file_id}"


class SourceMapping(models.Model):
    """How columns of a source's files become fields of one kind of record, as it is being written; each change is kept in its history."""

    id = UUIDv7Field(primary_key=True)
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="mappings")
    code = models.CharField(max_length=30, help_text="What its versions, and the files they read, are called by.")
    kind = models.CharField(max_length=30, help_text="The kind of record.")
    header = models.JSONField(help_text="The columns of the sample.")
    definition = models.JSONField(default=dict)
    sample = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="mappings", help_text="The file it is tried on.")
    in_force = models.BooleanField(default=False, help_text="Whether its newest version reads files.")
    changed_at = models.DateTimeField()

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "code"], name="a_source_calls_a_mapping_once"),
            models.CheckConstraint(condition=Q(code__regex=r"^[a-z][a-z0-9_]{1,29}$"), name="a_mapping_is_called_by_a_code"),
        ]

    def __str__(self) -> str:
        return f"{self.system_id}.{self.code}"


class MappingVersion(models.Model):
    """A mapping as it was put in force. Append-only: what a file was read by can be read for ever."""

    id = UUIDv7Field(primary_key=True)
    mapping = models.ForeignKey(SourceMapping, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    feed = models.CharField(max_length=60, unique=True, help_text="What files read by it say they hold.")
    kind = models.CharField(max_length=30)
    header = models.JSONField()
    definition = models.JSONField()
    sha256 = models.CharField(max_length=64)
    activated_at = models.DateTimeField()
    activated_by = models.UUIDField()
    activated_by_name = models.CharField(max_length=120)
    decision_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mapping", "number"], name="a_mapping_counts_its_versions")]

    def __str__(self) -> str:
        return self.feed


class Watermark(models.Model):
    """How far a source's data of one kind reaches, what came late, and what the source took back."""

    pk = models.CompositePrimaryKey("system", "feed")
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="watermarks", db_index=False)
    feed = models.CharField(max_length=60, help_text="The kind of file; all versions of a mapping are one.")
    newest = models.DateTimeField(null=True, help_text="The newest business moment seen; empty where rows tell none.")
    before = models.DateTimeField(null=True, help_text="The newest seen before the last file: what its rows are late against.")
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="The last file.")
    late_rows = models.PositiveBigIntegerField(
        default=0, help_text="New rows of a moment before one that had been seen in an earlier file."
    )
    deleted_rows = models.PositiveBigIntegerField(default=0, help_text="Rows the source said it no longer has.")
    moved_at = models.DateTimeField(help_text="When it was last looked at.")

    def __str__(self) -> str:
        return f"{self.system_id} {self.feed} to {self.newest}"


class FileProfile(models.Model):
    """What the columns of a file hold, counted on a sample of its rows: how often they are empty, how their texts look."""

    pk = models.CompositePrimaryKey("file", "feed")
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="profiles", db_index=False)
    feed = models.CharField(max_length=60)
    columns = models.JSONField(default=dict, help_text="Column → rows looked at, how many were empty, look → how many.")

    def __str__(self) -> str:
        return f"{self.file_id} {self.feed}"


class SchemaDrift(models.Model):
    """A source's files are not as they were: a column more or less, renamed, empty more often, written in another way.

    Acknowledged, it is how the files are from now on: it is still counted and nobody is warned of it any more.
    """

    class Kind(models.TextChoices):
        ADDED = "added", "column added"
        MISSING = "missing", "column missing"
        RENAMED = "renamed", "column renamed"
        LOOK = "look", "written differently"
        EMPTY = "empty", "empty more or less often"

    id = UUIDv7Field(primary_key=True)
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="drifts")
    feed = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind)
    column = models.CharField(max_length=200)
    was = models.CharField(max_length=200, blank=True)
    now = models.CharField(max_length=200, blank=True)
    first_file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+")
    last_file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    files = models.PositiveIntegerField(default=1, help_text="Files it was seen in.")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by_name = models.CharField(max_length=120, blank=True)
    acknowledged_because = models.CharField(max_length=300, blank=True)
    decision_id = models.UUIDField(null=True, help_text="What it was acknowledged by.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "feed", "kind", "column", "now"], name="the_same_drift_is_one_record"),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, decision_id=None, acknowledged_because="")
                | (Q(acknowledged_at__isnull=False, decision_id__isnull=False) & ~Q(acknowledged_because="")),
                name="a_drift_is_acknowledged_for_a_reason",
            ),
            models.CheckConstraint(condition=Q(last_seen_at__gte=models.F("first_seen_at")), name="last_seen_after_first"),
        ]

    def __str__(self) -> str:
        return f"{self.system_id} {self.feed} {self.column}: {self.kind}"
