"""That somebody searched, never for what: the text may be a name or an account number."""

from django.db import models

from bankos.platform.ids import UUIDv7Field


class SearchLog(models.Model):
    """One search of one person. Append-only."""

    id = UUIDv7Field(primary_key=True)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, blank=True, default="", help_text="What was found by: phone, name …; empty if nothing was.")
    text_length = models.PositiveSmallIntegerField()
    found = models.PositiveSmallIntegerField()
    searched_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["actor_id", "-searched_at"], name="search_by_actor")]

    def __str__(self) -> str:
        return f"search by {self.actor_id}"
