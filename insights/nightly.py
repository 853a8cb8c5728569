"""The night's work over all customers: forecast every account, suggest where one goes below zero.

The customers lie in 256 buckets; each part of the night's job is a range of them, and all it writes commits together.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from bankos.platform import actors, clock, jobs
from bankos.platform.jobs import JobKind, Work
from bankos.platform.models import Job

from . import registry, suggest

BUCKETS = 256
BUCKETS_A_PART = 16
NIGHTLY = actors.system("insights.forecast")


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to."""

    run_id: UUID
    as_of: date
    model_version: int
    parts: int
    forecasts: int
    failed: int
    finished: bool
    checksum: str  # of the parts' checksums, in order


def start(at: datetime) -> UUID:
    """Hand tonight's work to the workers; while that of today is open, it goes on. Returns the job's id.

    Raises:
        TooLittleHistory: there is nothing to learn a model from yet.
    """
    suggest.expire_overdue(at)
    champion = registry.champion_or_fit(at)
    as_of = clock.bank_date(at) - timedelta(days=1)
    with transaction.atomic():
        run, new = jobs.start(NIGHT, f"Forecast/{as_of}", actor=NIGHTLY, at=at, counts={"model": champion.version})
        if new:
            firsts = range(0, BUCKETS, BUCKETS_A_PART)
            jobs.split(run, [({"buckets": [first, first + BUCKETS_A_PART]}, BUCKETS_A_PART) for first in firsts], at=at)
    return run.pk


def run_now(*, at: datetime, progress: Callable[[int, int], None] | None = None) -> RunReport:
    """The whole night's work here and now, part after part, as of `at`. Running it twice changes nothing.

    Args:
        progress: called with (buckets done, buckets in all).
    Raises:
        TooLittleHistory: there is nothing to learn a model from yet.
    """
    run_id = start(at)
    jobs.run_to_end(run_id, at=at, progress=progress)
    return report(run_id)


def report(run_id: UUID) -> RunReport:
    """Queries: 2."""
    run = Job.objects.get(pk=run_id)
    parts = list(run.parts.order_by("pk"))
    checksum = hashlib.sha256("".join(part.counts.get("checksum", "") for part in parts).encode()).hexdigest()
    return RunReport(
        run_id=run.pk,
        as_of=date.fromisoformat(run.about_id),
        model_version=run.counts["model"],
        parts=len(parts),
        forecasts=sum(part.counts.get("forecasts", 0) for part in parts),
        failed=sum(part.state == jobs.State.FAILED for part in parts),
        finished=run.finished_at is not None,
        checksum=checksum,
    )


def _forecast(work: Work, at: datetime) -> None:
    from . import refresh  # NumPy and pandas, which no process loads before it forecasts

    first, behind = work.job.given["buckets"]
    done = refresh.buckets(range(first, behind), at=at)
    work.report(forecasts=done.rows, checksum=done.checksum)


def _counted(counts: Mapping[str, Any]) -> str:
    return f"by model version {counts['model']}" if "model" in counts else ""


NIGHT = JobKind("insights.forecast", "Forecasting all accounts", _forecast, atomic=True, counted=_counted)
