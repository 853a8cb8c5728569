"""The transparency log: a Merkle tree (RFC 9162) over all decisions and consumptions."""

from django.db import models

from bankos.platform.ids import UUIDv7Field


class NextLeaf(models.Func):
    """The next free place in the log, as the database's default. See migration 0004."""

    function = "sentinel_next_leaf"
    template = "%(function)s()"
    output_field = models.BigIntegerField()


class LogEntry(models.Model):
    """One leaf of the tree, once it is part of it. What stands there is the decision's token or the consumption's text. Append-only."""

    class Kind(models.TextChoices):
        DECISION = "decision", "decision"
        CONSUMPTION = "consumption", "consumption"
        VOID = "void", "void"  # a place whose transaction was rolled back
        QUARANTINED = "quarantined", "quarantined"  # a place at which stands what the bank did not make

    index = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=11, choices=Kind)
    subject_id = models.UUIDField(null=True, help_text="The decision that was made, or used; empty for a void or quarantined place.")
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "log entries"
        indexes = [models.Index(fields=["subject_id"], name="log_entry_by_subject")]

    def __str__(self) -> str:
        return f"{self.index} {self.kind}"


class LogNode(models.Model):
    """The hash over a complete subtree of 2^level leaves, level 1 and up. Append-only."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Checkpoint(models.Model):
    """The tree's root at one size, signed (C2SP tlog-checkpoint). Append-only."""

    id = UUIDv7Field(primary_key=True)
    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField(help_text="The signed note, as it is published.")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="checkpoint_by_moment")]

    def __str__(self) -> str:
        return f"{self.size} at {self.created_at:%Y-%m-%d %H:%M:%S}"


class CheckpointWitness(models.Model):
    """How far a place outside the database has been told of checkpoints (`CHECKPOINT_WITNESSES`), and what is wrong with it."""

    name = models.CharField(primary_key=True, max_length=500)
    size = models.BigIntegerField(default=0, help_text="Of the largest checkpoint it took.")
    tried_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.size}"


class LogHorizon(models.Model):
    """All places up to `last_index` were given out to transactions numbered below `below`.

    Once those have ended, what is missing stays missing.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last_index = models.BigIntegerField()
    below = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_log_horizon")]

    def __str__(self) -> str:
        return f"{self.last_index} below {self.below}"
