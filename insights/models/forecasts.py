"""The nightly work and what it computes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bankos.platform.ids import UUIDv7Field

from .registry import ModelVersion


class ForecastRun(models.Model):
    """One night's work over all customers. This table, not the broker, knows what is left to do."""

    id = UUIDv7Field(primary_key=True)
    as_of_date = models.DateField(help_text="The last day whose bookings are complete; the forecast begins the day after.")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["as_of_date"], condition=models.Q(finished_at__isnull=True), name="one_open_forecast_run_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.as_of_date}"


class ForecastPartition(models.Model):
    """A range of party buckets, worked on by one worker at a time."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        CLAIMED = "claimed", "being worked on"
        DONE = "done", "done"
        FAILED = "failed", "given up"

    id = UUIDv7Field(primary_key=True)
    run = models.ForeignKey(ForecastRun, on_delete=models.CASCADE, related_name="partitions")
    first_bucket = models.PositiveSmallIntegerField()
    last_bucket = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0, help_text="Forecasts computed.")
    checksum = models.CharField(max_length=64, blank=True, help_text="sha256 of the forecasts: the same data give the same.")
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "first_bucket"], name="a_partition_is_planned_once"),
            models.CheckConstraint(
                condition=models.Q(first_bucket__lte=models.F("last_bucket")) & models.Q(last_bucket__lte=255),
                name="a_partition_is_a_range_of_buckets",
            ),
        ]
        indexes = [models.Index(fields=["run", "first_bucket"], condition=~models.Q(state="done"), name="forecast_partition_open")]

    def __str__(self) -> str:
        return f"{self.first_bucket}-{self.last_bucket}"


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
