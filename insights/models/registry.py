"""Which models exist, what each was learnt from, and which of them was in charge when."""

from django.db import models

from bankos.platform.ids import UUIDv7Field


class ModelVersion(models.Model):
    """A fitted model that never changes. Append-only.

    `sha256` covers the program that computes with it and its parameters: the same hash gives the same answers.
    """

    id = UUIDv7Field(primary_key=True)
    name = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    params = models.JSONField()
    metrics = models.JSONField(help_text="Measured on accounts the measured fit never saw.")
    data_until = models.DateField(help_text="Last day of the data it was learnt from.")
    fitted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="a_model_version_is_fitted_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class ModelAlias(models.Model):
    """From `since` on, `alias` of a model name means this version. Append-only: the newest row counts.

    Which version was in charge on a day is one query over this table.
    """

    class Alias(models.TextChoices):
        CHAMPION = "champion", "in charge"
        CHALLENGER = "challenger", "watched beside it"

    id = UUIDv7Field(primary_key=True)
    model = models.CharField(max_length=40)
    alias = models.CharField(max_length=12, choices=Alias)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="aliases")
    since = models.DateTimeField()
    set_by = models.CharField(max_length=120)
    why = models.CharField(max_length=300)

    class Meta:
        verbose_name_plural = "model aliases"
        indexes = [models.Index(fields=["model", "alias", "-since"], name="alias_by_moment")]

    def __str__(self) -> str:
        return f"{self.alias} of {self.model}"
