"""The one place that reads the time.

The clock is read once, at the edge (request, task, command), and the moment is passed in as `at`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source()


def today() -> date:
    """The present day where the bank is (`settings.TIME_ZONE`)."""
    return bank_date(now())


def bank_date(moment: datetime) -> date:
    """The calendar day of an aware moment, where the bank is."""
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def start_of_day(day: date) -> datetime:
    """The first moment of a calendar day where the bank is."""
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The last moment of a calendar day where the bank is."""
    return datetime.combine(day, time.max, ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Let the whole process see one fixed moment (tests, replays)."""
    global _source
    if moment.tzinfo is None:
        raise ValueError("the clock needs an aware moment")
    before, _source = _source, lambda: moment.astimezone(UTC)
    try:
        yield
    finally:
        _source = before
