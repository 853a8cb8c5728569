"""That somebody may see customers: until when, and by which decision. What changes is kept by the database."""

from django.db import models
from django.db.models.functions import Now

from bankos.platform.ids import UUIDv7Field


class Granted(models.Model):
    """What a permission rests on. It is never taken away, it ends: `until` is the moment it ended or will end, None while it has no end.

    The database takes no row, and no change of one, without a decision of the authority that is about it (migration 0023); those there
    were before name none.
    """

    given_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="")
    decision_id = models.UUIDField(null=True)

    class Meta:
        abstract = True


class VisibilityChange(models.Model):
    """What was changed of who sees whom, written by the database itself: the row as it was and as it is, without its reason. Append-only.

    `what` is the table.
    """

    id = UUIDv7Field(primary_key=True)
    what = models.CharField(max_length=60)
    row = models.CharField(max_length=40, help_text="The key of the row.")
    about = models.CharField(max_length=40, help_text="The branch, team, portfolio, circle, customer or program.")
    before = models.JSONField(null=True)
    after = models.JSONField()
    decision_id = models.UUIDField(null=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["about", "changed_at"], name="visibility_change_about")]

    def __str__(self) -> str:
        return f"{self.what} {self.row}"
