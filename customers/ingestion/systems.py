"""The systems of record bankos reads, and how far each one's dates are moved."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bankos.platform import clock

from ..models import SourceSystem
from .errors import TimeShiftFixed, UnknownSystem

# Extracts arrive once a day; two hours are for a night that takes longer.
DAILY = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class KnownSystem:
    name: str
    freshness_promise: timedelta


SYSTEMS = {
    "core": KnownSystem("Core banking", DAILY),
    "crm": KnownSystem("CRM", DAILY),
    "lending": KnownSystem("Lending", DAILY),
    "cards": KnownSystem("Cards", DAILY),
    "payments": KnownSystem("Payments", DAILY),
    "digital": KnownSystem("Digital channels", DAILY),
}


def system_of(code: str) -> SourceSystem:
    """Raises UnknownSystem."""
    known = SYSTEMS.get(code)
    if known is None:
        raise UnknownSystem(f"“{code}” is not a system bankos reads. It reads {', '.join(SYSTEMS)}.")
    system, _ = SourceSystem.objects.get_or_create(code=code, defaults={"name": known.name, "freshness_promise": known.freshness_promise})
    return system


def fix_time_shift(system: SourceSystem, *, as_if_today: bool, last_day: date | None, at: datetime) -> timedelta:
    """How far this system's dates are moved, decided at its first ingest and the same ever after.

    Systems that are moved are moved alike, whatever day each is first read on: a loan and the salary that pays it stay as far
    apart as they were.

    Args:
        last_day: the last day of the data set, which becomes the day of `at`; None for a living source, which cannot be moved.
    Raises:
        TimeShiftFixed
    """
    if as_if_today and last_day is None:
        raise TimeShiftFixed(f"{system.name} sends living data: its dates cannot be moved to today. Read it without --as-if-today.")
    if system.time_shift_days is None:
        system.time_shift_days = _days_to_shift(last_day, at) if as_if_today and last_day is not None else 0
        system.save(update_fields=["time_shift_days"])
    if as_if_today and not system.time_shift_days:
        raise TimeShiftFixed(f"{system.name} was first read with its dates as they are. Go on without --as-if-today.")
    if system.time_shift_days and not as_if_today:
        raise TimeShiftFixed(
            f"{system.name} was first read with its dates moved by {system.time_shift_days} days. Go on with --as-if-today."
        )
    return timedelta(days=system.time_shift_days)


def _days_to_shift(last_day: date, at: datetime) -> int:
    fixed = SourceSystem.objects.exclude(time_shift_days=None).exclude(time_shift_days=0).values_list("time_shift_days", flat=True)
    return fixed.first() or (clock.bank_date(at) - last_day).days
