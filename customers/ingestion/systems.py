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
    """A system whose extracts bankos reads as it comes; its entry is made when its first file arrives."""

    name: str
    rank: int
    freshness_promise: timedelta = DAILY


SYSTEMS = {
    "core": KnownSystem("Core banking", 2),
    "crm": KnownSystem("CRM", 1),
    "lending": KnownSystem("Lending", 3),
    "cards": KnownSystem("Cards", 4),
    "payments": KnownSystem("Payments", 5),
    "digital": KnownSystem("Digital channels", 6),
}


def system_of(code: str, *, at: datetime) -> SourceSystem:
    """The system of this code: one that was registered, or one bankos knows by itself.

    Raises:
        UnknownSystem
    """
    found = SourceSystem.objects.sending().filter(code=code).first()
    if found is not None:
        return found
    known = SYSTEMS.get(code)
    if known is None:
        raise UnknownSystem(
            f"“{code}” is not a system bankos reads. It reads {', '.join(codes())}. An administrator can register others: page Sources."
        )
    system, _ = SourceSystem.objects.get_or_create(
        code=code, defaults={"name": known.name, "freshness_promise": known.freshness_promise, "rank": known.rank, "changed_at": at}
    )
    return system


def codes() -> list[str]:
    """The codes of all systems that may send files: those bankos knows by itself, then those that were registered."""
    registered = SourceSystem.objects.sending().order_by("code").values_list("code", flat=True)
    return [*SYSTEMS, *(code for code in registered if code not in SYSTEMS)]


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
        system.changed_at = at
        system.save(update_fields=["time_shift_days", "changed_at"])
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
