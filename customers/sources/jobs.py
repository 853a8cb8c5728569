"""Long work on sources: reading files, trying rows again, dry runs of mappings. Each kind is declared beside what does it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from bankos.platform import jobs
from bankos.platform.actors import OVERSEEING, Actor
from bankos.platform.jobs import JobKind, JobView, WorkFunction
from bankos.platform.models import Job
from sentinel.actions import NotPossible

from ..ingestion import IngestError
from ..models import SourceFile, SourceSystem
from .access import check_may_see

PER_MILLE = 1_000
"""How far work on a file is, is told in thousandths of it."""
_PREFIX = "customers.source."


def declare(name: str, title: str, work: WorkFunction) -> JobKind:
    """A kind of work on a source, of which administrators and compliance officers know."""
    return JobKind(
        _PREFIX + name,
        title,
        work,
        expected=(IngestError, NotPossible),
        seen_by=OVERSEEING,
        counted=_counted,
        about=_names,
        page=lambda job: f"{reverse('source', args=[job.given['system']])}#jobs",
    )


def ask(
    kind: JobKind,
    *,
    system: SourceSystem,
    file: SourceFile | None = None,
    actor: Actor,
    decision_id: UUID | None,
    at: datetime,
    subject: str = "",
    **given: Any,
) -> UUID:
    """Ask the workers for it; in a transaction that also holds why. Returns the job's id.

    Args:
        file: the one it is about; None for all of the source.
        subject: what it is about, if not the source.
        given: what the work has to know besides.
    """
    about = {"system": system.code, "file": str(file.pk) if file else None, **given}
    job, _ = jobs.start(
        kind, subject or f"SourceSystem/{system.code}", given=about, actor=actor, decision_id=decision_id, at=at, total=PER_MILLE
    )
    return job.pk


def latest(system: str, *, actor: Actor, count: int = 3) -> list[JobView]:
    """What was asked for last, the newest first. Queries: 2.

    Raises:
        SourceNotVisible
    """
    check_may_see(actor)
    rows = Job.objects.filter(kind__startswith=_PREFIX, given__system=system, parent=None).order_by("-pk")[:count]
    return jobs.views_of(rows)


def file_of(job: Job) -> SourceFile | None:
    """The file the job is about. Queries: 1, none if it is about all of the source."""
    return SourceFile.objects.select_related("system").get(pk=job.given["file"]) if job.given["file"] else None


def _names(rows: Sequence[Job]) -> Mapping[UUID, str]:
    ids = {row.pk: UUID(row.given["file"]) for row in rows if row.given["file"]}
    names = dict(SourceFile.objects.filter(pk__in=ids.values()).values_list("pk", "name")) if ids else {}
    return {pk: names.get(file, "") for pk, file in ids.items()}


def _counted(counts: Mapping[str, Any]) -> str:
    return f"{counts.get('rows', 0):,} rows, {counts.get('accepted', 0):,} in, {counts.get('rejected', 0):,} not"
