"""A run over many decisions: a job whose parts are ranges of decisions, worked on by as many workers as there are."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from bankos.platform import jobs
from bankos.platform.actors import OVERSEEING, Actor
from bankos.platform.jobs import JobKind, Work
from bankos.platform.models import Job

from .. import policy
from ..models import Decision, PolicyVersion, ReplayChange
from .counting import Tally

LONGEST_PERIOD_DAYS = 92
PART = 500
"""Decisions."""
BATCH = 50
"""Decisions between two looks at whether the run was stopped."""


class ImpactError(Exception):
    """It cannot be asked like this; the message is a sentence for staff."""


class NotAllowed(ImpactError):
    """Only compliance officers and administrators look at what a policy would do."""


class NotFound(ImpactError):
    """There is no such version or run."""


class OutOfRange(ImpactError):
    """Too many days, or none."""


def start(version_id: UUID, *, days: int, actor: Actor, at: datetime) -> UUID:
    """Begin making the last days' decisions of the version's store again with this version; while a run of the version is open, that one
    goes on.

    Returns:
        The job's id.
    Raises:
        NotAllowed, NotFound, OutOfRange
        policy.TextChanged
    """
    check_allowed(actor)
    if not 1 <= days <= LONGEST_PERIOD_DAYS:
        raise OutOfRange(f"Choose 1 to {LONGEST_PERIOD_DAYS} days.")
    with transaction.atomic():
        version = PolicyVersion.objects.select_for_update().filter(pk=version_id).first()
        if version is None:
            raise NotFound("There is no such policy version.")
        policy.text_of(version.pk, version.sha256)  # a text that cannot be used fails here and not in every part
        open_one = jobs.open_jobs(REPLAY, subject_of(version.pk)).first()
        if open_one is not None:
            return open_one.pk
        given = {"since": (at - timedelta(days=days)).isoformat(), "until": at.isoformat()}
        run, _ = jobs.start(REPLAY, subject_of(version.pk), given=given, actor=actor, at=at)
        jobs.split(run, [(part, part["size"]) for part in _planned(run, version)], at=at)
    return run.pk


def stop(run_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Let no further decision be made again; what was counted stays. A run that is over stays as it is.

    Raises:
        NotAllowed, NotFound
    """
    check_allowed(actor)
    if not jobs.of(REPLAY).filter(pk=run_id).exists():
        raise NotFound("There is no such run.")
    jobs.stop(run_id, at=at)


def check_allowed(actor: Actor) -> None:
    """Raises NotAllowed."""
    if OVERSEEING.isdisjoint(actor.roles):
        raise NotAllowed("Only compliance officers and administrators look at what a policy would do.")


def subject_of(version_id: UUID) -> str:
    """What a run with this version is about."""
    return f"PolicyVersion/{version_id}"


def version_of(run: Job) -> UUID:
    return UUID(run.about_id)


def _decisions(run: Job, store: str | None) -> QuerySet[Decision]:
    """The run's decisions: those that asked a policy."""
    since, until = (datetime.fromisoformat(run.given[name]) for name in ("since", "until"))
    return Decision.objects.filter(store=store, issued_at__gte=since, issued_at__lt=until, policy_version__isnull=False)


_PARTS = """
SELECT (array_agg(id ORDER BY id))[1], (array_agg(id ORDER BY id DESC))[1], count(*)
  FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %s AS part FROM ({decisions}) AS decisions) AS numbered
 GROUP BY part ORDER BY part
"""


def _planned(run: Job, version: PolicyVersion) -> list[dict[str, Any]]:
    """Ranges of decisions. The newest first: what a stopped run has seen is then the present."""
    decisions, values = _decisions(run, version.store_id).values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_PARTS.format(decisions=decisions), [PART, *values])
        ranges = cursor.fetchall()
    return [{"first": str(first), "last": str(last), "size": size} for first, last, size in reversed(ranges)]


def _make_again(work: Work, at: datetime) -> None:
    part = work.job
    run = Job.objects.get(pk=part.parent_id)
    version = PolicyVersion.objects.only("sha256", "store").get(pk=version_of(part))
    text = policy.text_of(version.pk, version.sha256)
    tally = Tally(run.pk)
    within = _decisions(run, version.store_id).filter(id__range=(part.given["first"], part.given["last"]))
    needed = within.select_related("context_key").only("action", "segment", "outcome", "rules", "context_cipher", "context_key__wrapped")
    rows = list(needed.order_by("id"))
    for first in range(0, len(rows), BATCH):
        work.check()
        tally.add(rows[first : first + BATCH], text)
    ReplayChange.objects.bulk_create(tally.changes)
    work.report(
        done=part.total,
        made=tally.done,
        erased=tally.erased,
        damaged=tally.damaged,
        changed=len(tally.changes),
        counts=tally.as_json(),
    )


def _about(rows: Any) -> Mapping[UUID, str]:
    numbers = dict(PolicyVersion.objects.filter(pk__in={version_of(row) for row in rows}).values_list("pk", "number"))
    return {row.pk: f"version {numbers[version_of(row)]}" for row in rows if version_of(row) in numbers}


REPLAY = JobKind("sentinel.replay", "Trying a policy on past decisions", _make_again, atomic=True, seen_by=OVERSEEING, about=_about)
