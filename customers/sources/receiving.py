"""Files handed in on the page: kept at once, read by a worker. One that nobody can read waits there, with nothing of it lost."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from bankos.platform.actors import Actor
from bankos.platform.jobs import Elsewhere, Work
from sentinel import actions
from sentinel.actions import NotPossible, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .. import ingestion
from ..ingestion import Progress, ReadElsewhere, held
from ..ingestion.reading import sha256_of
from ..models import SourceFile
from . import jobs, looking, rejected
from .access import SOURCE, facts, system_for

State = SourceFile.State
LARGEST_MEGABYTES = held.LARGEST // 1024**2


def receive(code: str, path: Path, *, name: str, actor: Actor, at: datetime) -> UUID:
    """Keep the file that lies at `path` and have it read.

    Returns:
        The job's id.
    Raises:
        SourceNotVisible, sentinel.authority.NotPermitted
        NotPossible: it is empty, too large, or its bytes were read before.
    """
    system = system_for(code, actor=actor)
    sha256 = sha256_of(path)
    name = Path(name).name[:200] or "file"
    asked: dict[str, Any] = {"resource_id": code, "parameters": {"name": name, "sha256": sha256}, "at_hand": path.stat().st_size}
    file, decision_id = actions.run(RECEIVE_FILE, actor=actor, at=at, **asked).or_raise()
    # Behind the decision's own transaction, which other decisions wait for: a large file takes seconds. Killed here, it is handed in again.
    with transaction.atomic():
        held.hold(file, path)
        return jobs.ask(READ, system=system, file=file, actor=actor, decision_id=decision_id, at=at)


def _receive(permitted: Permitted) -> tuple[SourceFile, UUID]:
    name, size, at = permitted.parameters["name"], permitted.asked.at_hand, permitted.at
    if size is None:
        raise NotPossible("The file was not kept until now. Hand it in again.")
    if not size:
        raise NotPossible(f"{name} is empty.")
    if size > held.LARGEST:
        raise NotPossible(f"{name} is larger than {LARGEST_MEGABYTES} MB. Files of any size are read where they lie: manage.py ingest.")
    file, _ = SourceFile.objects.get_or_create(
        system_id=permitted.resource_id,
        sha256=permitted.parameters["sha256"],
        defaults={"name": name, "feed": "", "state": State.LOADING, "received_at": at, "changed_at": at},
    )
    if file.state == State.DONE:
        raise NotPossible(f"These bytes were read before, as {file.name}. The same content lands once.")
    return file, permitted.decision.id


RECEIVE_FILE = actions.declare(
    ActionType(
        name="source.receive",
        title="Hand in a file of a source",
        resource_type=SOURCE,
        parameters={"name": ParameterKind.TEXT, "sha256": ParameterKind.NAME},
        risk=RiskTier.MEDIUM,
    ),
    facts=facts,
    effect=_receive,
)


def read_again(file_id: UUID, *, actor: Actor, at: datetime) -> UUID:
    """Have a file read that waits or stopped, now that it can be: a mapping is in force, or the worker that read it died.

    Returns:
        The job's id.
    Raises:
        SourceNotVisible, sentinel.authority.NotPermitted
        NotPossible: it is read, or its bytes are not kept.
    """
    file = looking.file_for(file_id, actor=actor)

    asked: dict[str, Any] = {"resource_id": file.system_id, "parameters": {"file": str(file.pk)}, "details": {"what": rejected.FILE}}
    job_id: UUID = actions.run(rejected.RERUN_ROWS, actor=actor, at=at, **asked).or_raise()
    return job_id


def _read_again(permitted: Permitted) -> UUID:
    file = SourceFile.objects.select_related("system").get(pk=permitted.parameters["file"])
    if file.state == State.DONE:
        raise NotPossible(f"{file.name} is read.")
    if not held.is_held(file):
        raise NotPossible(f"{file.name} isn’t kept any more. Hand it in again.")
    return jobs.ask(READ, system=file.system, file=file, actor=permitted.actor, decision_id=permitted.decision.id, at=permitted.at)


rejected.again[rejected.FILE] = _read_again


def _read(work: Work, at: datetime) -> None:
    file = jobs.file_of(work.job)
    if file is None:
        raise NotPossible("There is no file to read.")

    def progress(so_far: Progress) -> None:
        done = round(so_far.fraction * jobs.PER_MILLE)
        work.report(done, rows=so_far.rows, accepted=so_far.rows - so_far.rejected, rejected=so_far.rejected)

    with held.restored(file) as path:
        try:
            ingestion.ingest(file.system_id, [path], at=at, as_if_today=bool(file.system.time_shift_days), progress=progress)
        except ReadElsewhere:
            raise Elsewhere from None


READ = jobs.declare("read", "Reading a file", _read)
