"""The sources as staff read them: what came when, how fresh it is, what went wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from bankos.platform.actors import Actor

from ..models import HeldPart, RejectedRow, SchemaDrift, SourceFile, SourceSystem, Watermark
from . import lag
from .access import check_may_see, system_for
from .lag import Lag

FILES_PER_PAGE = 25
State = SourceFile.State
# What somebody has to do something about.
TROUBLED = (State.STOPPED, State.WAITING)


@dataclass(frozen=True, slots=True)
class SourceView:
    """`data_until`: the newest business moment told; for a source that tells none, when its newest file came. `seen_after`: None while no
    file was read to its end.
    """

    code: str
    name: str
    owner: str
    promise: timedelta
    rank: int
    last_file_at: datetime | None
    data_until: datetime | None
    stale: bool
    seen_after: Lag | None
    waiting_rows: int
    stopped_files: int
    waiting_files: int
    """Files nobody can read yet: they wait for a mapping."""
    changes: int
    """Ways in which its files are not as they were, that nobody has acknowledged."""

    @property
    def troubled(self) -> bool:
        return self.stale or bool(self.waiting_rows or self.stopped_files or self.waiting_files or self.changes)


@dataclass(frozen=True, slots=True)
class FileView:
    """`rerun`: rows that were rejected and are in by now. `problem` is the sentence for a file that stopped or waits."""

    id: UUID
    name: str
    feed: str
    state: str
    state_label: str
    problem: str
    rows: int
    added: int
    rejected: int
    rerun: int
    received_at: datetime
    finished_at: datetime | None
    data_until: datetime | None
    held: bool

    @property
    def troubled(self) -> bool:
        return self.state in TROUBLED

    @property
    def mappable(self) -> bool:
        """Whether it waits for somebody to say what its columns mean."""
        return self.state == State.WAITING and self.held

    @property
    def unchanged(self) -> int:
        """Rows that said what was known already."""
        return max(self.rows - self.added - self.rejected, 0)


@dataclass(frozen=True, slots=True)
class FilePage:
    """`next_before`: the place to read on from, None at the end."""

    files: tuple[FileView, ...]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class Reason:
    """How many rows of a source wait for the same kind of reason."""

    code: str
    rows: int
    files: int


def sources(*, actor: Actor, at: datetime) -> tuple[SourceView, ...]:
    """Every source, those with trouble first. Queries: 2.

    Raises:
        SourceNotVisible
    """
    check_may_see(actor)
    return tuple(sorted(_views(None, at), key=lambda one: (not one.troubled, one.name)))


def source(code: str, *, actor: Actor, at: datetime) -> SourceView:
    """Queries: 3.

    Raises:
        SourceNotVisible
    """
    return _views(system_for(code, actor=actor).pk, at)[0]


def files(code: str, *, actor: Actor, before: UUID | None = None, only_troubled: bool = False) -> FilePage:
    """The source's files, the newest first, from behind `before` on. Queries: 4.

    Raises:
        SourceNotVisible
    """
    system = system_for(code, actor=actor)
    rows = SourceFile.objects.filter(system=system)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if only_troubled:
        rows = rows.filter(state__in=TROUBLED)
    found = list(rows.order_by("-pk")[: FILES_PER_PAGE + 1])
    page = found[:FILES_PER_PAGE]
    return FilePage(tuple(views_of(page)), page[-1].pk if len(found) > FILES_PER_PAGE else None)


def views_of(rows: list[SourceFile]) -> list[FileView]:
    """Queries: 2."""
    kept = set(HeldPart.objects.filter(file__in=rows, number=0).values_list("file", flat=True))
    accepted = RejectedRow.objects.filter(file__in=rows, state=RejectedRow.State.ACCEPTED)
    rerun = dict(accepted.values_list("file").annotate(Count("pk")).order_by())
    return [
        FileView(
            id=row.pk,
            name=row.name,
            feed=row.feed,
            state=row.state,
            state_label=State(row.state).label,
            problem=row.problem,
            rows=row.rows_read,
            added=row.rows_added,
            rejected=row.rows_rejected,
            rerun=rerun.get(row.pk, 0),
            received_at=row.received_at,
            finished_at=row.finished_at,
            data_until=row.data_until,
            held=row.pk in kept,
        )
        for row in rows
    ]


def reasons(code: str, *, actor: Actor) -> tuple[Reason, ...]:
    """Why rows of this source wait, the commonest reason first. Queries: 2.

    Raises:
        SourceNotVisible
    """
    waiting = RejectedRow.objects.filter(file__system=system_for(code, actor=actor), state=RejectedRow.State.OPEN)
    counted = waiting.values("code").annotate(rows=Count("pk"), files=Count("file", distinct=True)).order_by("-rows", "code")
    return tuple(Reason(row["code"], row["rows"], row["files"]) for row in counted)


@dataclass(frozen=True, slots=True)
class WatermarkView:
    """How far one kind of a source's files reaches, and what came behind that."""

    feed: str
    newest: datetime | None
    late_rows: int
    deleted_rows: int
    last_file: str
    moved_at: datetime


def watermarks(code: str, *, actor: Actor) -> tuple[WatermarkView, ...]:
    """How far each kind of the source's files reaches. Queries: 2.

    Raises:
        SourceNotVisible
    """
    rows = Watermark.objects.select_related("file").filter(system=system_for(code, actor=actor)).order_by("feed")
    return tuple(WatermarkView(row.feed, row.newest, row.late_rows, row.deleted_rows, row.file.name, row.moved_at) for row in rows)


def _views(code: str | None, at: datetime) -> list[SourceView]:
    changed = SchemaDrift.objects.filter(system=OuterRef("pk"), acknowledged_at=None).order_by().values("system")
    systems = (
        SourceSystem.objects.sending()
        .select_related("owner")
        .annotate(
            until=Max("files__data_until"),
            received=Max("files__received_at"),
            stopped=Count("files", filter=Q(files__state=State.STOPPED)),
            unmapped=Count("files", filter=Q(files__state=State.WAITING)),
            waiting=Sum("files__rows_rejected"),
            changes=Coalesce(Subquery(changed.values(number=Count("pk"))), 0),
        )
    )
    if code is not None:
        systems = systems.filter(pk=code)
    found = list(systems.order_by("pk"))
    measured = lag.of_sources(system.pk for system in found)
    return [_view(system, measured.get(system.pk), at) for system in found]


def _view(system: SourceSystem, seen_after: Lag | None, at: datetime) -> SourceView:
    until = system.until or system.received  # type: ignore[attr-defined] # annotated
    return SourceView(
        code=system.code,
        name=system.name,
        owner=system.owner.name if system.owner else "",
        promise=system.freshness_promise,
        rank=system.rank,
        last_file_at=system.received,  # type: ignore[attr-defined]
        data_until=until,
        stale=until is None or at - until > system.freshness_promise,
        seen_after=seen_after,
        waiting_rows=system.waiting or 0,  # type: ignore[attr-defined]
        stopped_files=system.stopped,  # type: ignore[attr-defined]
        waiting_files=system.unmapped,  # type: ignore[attr-defined]
        changes=system.changes,  # type: ignore[attr-defined]
    )
