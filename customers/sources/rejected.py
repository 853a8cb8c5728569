"""Rows that could not become part of the state, for people: where they stand and why, what they say, corrected and tried again.

Everybody in charge of sources reads file, line and the kind of reason. What a row says, and a sentence that quotes it, is shown to who has
said why they look at that file (`looking`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from bankos.platform.actors import Actor
from bankos.platform.jobs import Work
from sentinel import actions
from sentinel.actions import NotPossible, Permitted
from sentinel.authority import parameters_hash
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .. import ingestion
from ..ingestion import Correction, UnknownCorrection
from ..models import RejectedRow, SourceFile, SourceSystem
from . import jobs, looking
from .access import SOURCE, SourceNotVisible, check_may_see, facts, system_for

ROWS_PER_PAGE = 25
LONGEST_CELL = 4_000
State = RejectedRow.State


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a row: what came, and what a person made of it. Both empty where it may not be read."""

    column: str
    came: str
    now: str
    named: bool
    """Whether the reason speaks of it."""
    known: bool
    """Whether the file's rows have such a column; what a row has too much has none."""


@dataclass(frozen=True, slots=True)
class RowView:
    """`shown_until` is None where the row may not be read now: then `reason` quotes nothing and the cells are empty."""

    id: UUID
    system: str
    file: UUID
    file_name: str
    line: int
    code: str
    reason: str
    cells: tuple[Cell, ...]
    corrected: bool
    waits: bool
    rejected_at: datetime
    shown_until: datetime | None

    @property
    def columns(self) -> str:
        """The columns the reason speaks of."""
        return ", ".join(cell.column for cell in self.cells if cell.named)


@dataclass(frozen=True, slots=True)
class RowPage:
    rows: tuple[RowView, ...]
    next_after: UUID | None


def rows(code: str, *, actor: Actor, at: datetime, file: UUID | None = None, why: str = "", after: UUID | None = None) -> RowPage:
    """The rows of a source that wait, in the order they came, from behind `after` on. Queries: 3.

    Args:
        why: only those with this reason's code.
    Raises:
        SourceNotVisible
    """
    waiting = _rows().filter(file__system=system_for(code, actor=actor), state=State.OPEN)
    if file is not None:
        waiting = waiting.filter(file=file)
    if why:
        waiting = waiting.filter(code=why)
    if after is not None:
        waiting = waiting.filter(pk__gt=after)
    found = list(waiting.order_by("pk")[: ROWS_PER_PAGE + 1])
    read = looking.files_read_by(actor, at=at)
    page = found[:ROWS_PER_PAGE]
    return RowPage(tuple(_view(row, read) for row in page), page[-1].pk if len(found) > ROWS_PER_PAGE else None)


def row(row_id: UUID, *, actor: Actor, at: datetime) -> RowView:
    """One row, waiting or not. Queries: 2.

    Raises:
        SourceNotVisible
    """
    return _view(_found(row_id, actor), looking.files_read_by(actor, at=at))


def correct(row_id: UUID, cells: Mapping[str, str], *, actor: Actor, at: datetime) -> bool:
    """Note what the row should say and try it so. What was typed is kept, whether it fits or not.

    Returns:
        Whether the row is in.
    Raises:
        SourceNotVisible, sentinel.authority.NotPermitted
        NotPossible: the row doesn't wait any more, or has no such column.
    """
    found = _found(row_id, actor)
    file = found.file
    parameters = {"row": str(found.pk), "sha256": parameters_hash(cells)}
    # What a row says is of customers, and not for a decision about a source to keep.
    asked: dict[str, Any] = {"resource_id": file.system_id, "parameters": parameters, "at_hand": cells}
    accepted: bool = actions.run(CORRECT_ROW, actor=actor, at=at, **asked).or_raise()
    return accepted


def _correct(permitted: Permitted) -> bool:
    cells = permitted.at_hand
    found = RejectedRow.objects.select_related("file").get(pk=permitted.parameters["row"])
    system = found.file.system_id
    try:
        ingestion.correct([Correction(found.file.name, found.line, cells, found.pk)], system=system)
    except UnknownCorrection as error:
        raise NotPossible(str(error)) from None
    return bool(ingestion.rerun(system, row=found.pk, at=permitted.at).accepted)


CORRECT_ROW = actions.declare(
    ActionType(
        name="source.correct",
        title="Correct a row that could not be read",
        resource_type=SOURCE,
        parameters={"row": ParameterKind.UUID, "sha256": ParameterKind.NAME},
        risk=RiskTier.MEDIUM,
    ),
    facts=facts,
    effect=_correct,
)


def rerun(code: str, *, file: UUID | None = None, actor: Actor, at: datetime) -> UUID:
    """Have all waiting rows of a source, or of one of its files, tried again as they are.

    Returns:
        The job's id.
    Raises:
        SourceNotVisible, sentinel.authority.NotPermitted
        NotPossible: no row waits.
    """
    system = system_for(code, actor=actor)
    of_file = SourceFile.objects.filter(system=system, pk=file).first() if file else None
    if file is not None and of_file is None:
        raise SourceNotVisible(file)

    asked: dict[str, Any] = {"resource_id": code, "parameters": {"file": str(file or "")}, "details": {"what": ROWS}}
    job_id: UUID = actions.run(RERUN_ROWS, actor=actor, at=at, **asked).or_raise()
    return job_id


def _rows_again(permitted: Permitted) -> UUID:
    system, file = SourceSystem.objects.get(code=permitted.resource_id), permitted.parameters["file"]
    of_file = SourceFile.objects.get(pk=file) if file else None
    waiting = RejectedRow.objects.filter(file__system=system, state=State.OPEN)
    if not (waiting.filter(file=of_file) if of_file else waiting).exists():
        raise NotPossible("No row waits there.")
    return jobs.ask(RERUN, system=system, file=of_file, actor=permitted.actor, decision_id=permitted.decision.id, at=permitted.at)


# What can be tried again: rows as they are, and files that could not be read (`receiving`).
ROWS, FILE = "rows", "file"
again: dict[str, Callable[[Permitted], UUID]] = {ROWS: _rows_again}


def _again(permitted: Permitted) -> UUID:
    return again[permitted.details["what"]](permitted)


RERUN_ROWS = actions.declare(
    ActionType(
        name="source.rerun",
        title="Try rows or a file of a source again",
        resource_type=SOURCE,
        parameters={"file": ParameterKind.NAME},
        risk=RiskTier.LOW,
    ),
    facts=facts,
    effect=_again,
)


def _rerun(work: Work, at: datetime) -> None:
    system, file = work.job.given["system"], work.job.given["file"]
    waiting = RejectedRow.objects.filter(file__system=system, state=State.OPEN)
    total = (waiting.filter(file=file) if file else waiting).count()

    def progress(tried: int, accepted: int) -> None:
        work.report(tried, max(total, tried), rows=tried, accepted=accepted, rejected=tried - accepted)

    ingestion.rerun(system, file=UUID(file) if file else None, at=at, progress=progress)


RERUN = jobs.declare("rerun", "Trying rows again", _rerun)


def _rows() -> QuerySet[RejectedRow]:
    return RejectedRow.objects.select_related("file")


def _found(row_id: UUID, actor: Actor) -> RejectedRow:
    check_may_see(actor)
    found = _rows().filter(pk=row_id).first()
    if found is None:
        raise SourceNotVisible(row_id)
    return found


def _view(row: RejectedRow, read: Mapping[UUID, datetime]) -> RowView:
    shown = read.get(row.file_id)
    now = row.corrected or row.raw
    header = ingestion.columns_of(row)
    return RowView(
        id=row.pk,
        system=row.file.system_id,
        file=row.file_id,
        file_name=row.file.name,
        line=row.line,
        code=row.code,
        reason=row.reason if shown else "",
        cells=tuple(
            Cell(
                column,
                came=row.raw.get(column, "") if shown else "",
                now=now.get(column, "") if shown else "",
                named=f"{column}: " in row.reason,
                known=column in header,
            )
            for column in dict.fromkeys([*header, *now])
        ),
        corrected=row.corrected is not None,
        waits=row.state == State.OPEN,
        rejected_at=row.rejected_at,
        shown_until=shown,
    )
