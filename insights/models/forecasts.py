"""What the nightly work computes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bankos.platform.ids import UUIDv7Field

from .registry import ModelVersion


def _path(**options: object) -> ArrayField:
    return ArrayField(models.DecimalField(max_digits=18, decimal_places=2), **options)  # type: ignore[arg-type]


class BalanceForecast(models.Model):
    """What will be on one account in the 30 days after `as_of_date`, and how low it may go.

    The paths hold one end-of-day balance a day. The lowest point of each path is the figure of the same name.
    """

    id = UUIDv7Field(primary_key=True)
    arrangement_id = models.UUIDField()
    party_id = models.UUIDField(help_text="The account's owner.")
    as_of_date = models.DateField()
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="forecasts")
    currency = models.CharField(max_length=3)
    balance = models.DecimalField(max_digits=18, decimal_places=2, help_text="At the end of `as_of_date`.")
    lowest_low = models.DecimalField(max_digits=18, decimal_places=2, help_text="Nine of ten stay above it.")
    lowest_median = models.DecimalField(max_digits=18, decimal_places=2)
    lowest_high = models.DecimalField(max_digits=18, decimal_places=2, help_text="One of ten stays above it.")
    lowest_date = models.DateField()
    end_balance = models.DecimalField(max_digits=18, decimal_places=2)
    low_path = _path()
    median_path = _path()
    high_path = _path()
    data_until = models.DateField(null=True, help_text="The account's newest booking.")
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arrangement_id", "as_of_date", "model_version"], name="one_forecast_a_day"),
            models.CheckConstraint(
                condition=models.Q(lowest_low__lte=models.F("lowest_median")) & models.Q(lowest_median__lte=models.F("lowest_high")),
                name="a_band_is_not_inside_out",
            ),
        ]
        indexes = [models.Index(fields=["party_id", "-as_of_date"], name="forecast_by_party")]

    def __str__(self) -> str:
        return f"{self.arrangement_id} {self.as_of_date}"
