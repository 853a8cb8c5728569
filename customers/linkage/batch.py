"""Everybody compared with everybody once: in parts, each a transaction, so that a run that dies goes on where it stopped.

A step is counted before it begins, and the count is forgotten once it is done: one that killed two workers is not begun again.

A part compares the units whose ids fall into it with all others that share a key. Running a part twice changes nothing.
"""

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from bankos.platform import clock, scratch
from bankos.platform.actors import Actor

from ..models import LinkageModel, LinkageRun, MemberDescription, Party, PartyLink
from . import known, links
from .descriptions import Description

if TYPE_CHECKING:
    import duckdb

UNITS_OF_A_PART = 100_000
SILENT = timedelta(minutes=10)  # the longest step between two signs of life
ATTEMPTS = 5
DEATHS = 2
"""Workers that may die of a step before the run is given up."""
STOPPED_TWICE = "It stopped the worker that did it, twice at the same step, and is not tried again. Ask whoever runs bankos."
FETCHED_WITHIN = 60  # seconds; a message that no worker took is dropped, and the sweeper sends another
MEMORY = "400MB"
State = LinkageRun.State
GOING_ON = (State.WAITING, State.LEARNING, State.COMPARING, State.JOINING)
log = structlog.get_logger(__name__)

_LISTS = ("phones", "emails", "keys")
# As text, whose lists DuckDB takes apart: ten times faster than rows through Python.
_AS_TEXT = ", ".join(
    f"array_to_string({name}, chr(31)) AS {name}" if name in _LISTS else f"nullif({name}, '') AS {name}"
    for name in (*Description._fields[1:], "keys")
)
_COPY = f"""
COPY (SELECT member_id AS id, {_AS_TEXT}, count(*) OVER (PARTITION BY name_key) AS bearers
        FROM customers_memberdescription) TO STDOUT (FORMAT csv, HEADER)
"""  # noqa: S608
_TAKEN_APART = ", ".join(f"CASE WHEN {name} IS NULL THEN [] ELSE string_split({name}, chr(31)) END AS {name}" for name in _LISTS)
_READ = f"""
CREATE OR REPLACE TABLE description AS
SELECT * REPLACE ({_TAKEN_APART}, bearers::INTEGER AS bearers, id::UUID AS id) FROM read_csv($file, header = true, all_varchar = true)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class RunView:
    """How far a run is."""

    id: UUID
    state: str
    going_on: bool
    records: int
    percent: int
    pairs: int
    linked: int
    joined: int
    asked_by: str
    started_at: datetime
    finished_at: datetime | None
    problem: str


def start(*, actor: Actor, at: datetime) -> UUID:
    """Ask the workers for a run; while one is going on, that is it."""
    try:
        with transaction.atomic():
            run = LinkageRun.objects.create(asked_by_name=actor.name, started_at=at, alive_at=at)
            transaction.on_commit(partial(_hand_out, run.pk))
    except IntegrityError:
        return LinkageRun.objects.filter(state__in=GOING_ON).values_list("pk", flat=True).get()
    return run.pk


def work(run_id: UUID, *, at: datetime) -> bool:
    """Do the next step of a run. Returns whether there is more to do; asked once too often, there is not."""
    if not _counted(run_id, at):
        return False
    try:
        run = _step(run_id, at)
    except Exception as error:
        with suppress(DatabaseError):
            LinkageRun.objects.filter(pk=run_id).update(problem=f"A step failed ({type(error).__name__}); it is tried again.")
        raise
    if run is not None and run.state in GOING_ON:
        _hand_out(run_id)
        return True
    return False


def _step(run_id: UUID, at: datetime) -> LinkageRun | None:
    with transaction.atomic():
        # One worker at a time: the row stays locked while its step is done, and whoever comes second leaves.
        run = LinkageRun.objects.select_for_update(skip_locked=True).filter(pk=run_id, state__in=GOING_ON).first()
        if run is None:
            return None
        match run.state:
            case State.WAITING:
                _describe(run, at)
            case State.LEARNING:
                _learn(run, at)
            case State.COMPARING:
                _compare(run, at)
            case _:
                _join(run, at)
        run.alive_at, run.attempts = clock.now(), 0
        run.save()
    return run


def _counted(run_id: UUID, at: datetime) -> bool:
    """Count an attempt at the next step, in a transaction of its own. False: another worker is at it, or two died of it."""
    with transaction.atomic():
        run = LinkageRun.objects.select_for_update(skip_locked=True).filter(pk=run_id, state__in=GOING_ON).first()
        if run is None:
            return False
        # Behind a fault that its worker lived to tell of, it is tried some more times.
        if run.attempts >= (ATTEMPTS if run.problem else DEATHS):
            run.state, run.finished_at, run.problem = State.FAILED, at, run.problem or STOPPED_TWICE
            run.save(update_fields=["state", "finished_at", "problem"])
            log.error("linkage run set aside", run_id=str(run_id))
            return False
        run.attempts, run.alive_at, run.problem = run.attempts + 1, at, ""
        run.save(update_fields=["attempts", "alive_at", "problem"])
        return True


def sweep(*, at: datetime) -> None:
    """Give a run whose worker died to another; one that dies again and again is given up."""
    silent = LinkageRun.objects.filter(state__in=GOING_ON, alive_at__lt=at - SILENT)
    silent.filter(attempts__gte=DEATHS, problem="").update(state=State.FAILED, finished_at=at, problem=STOPPED_TWICE)
    for run_id in list(silent.values_list("pk", flat=True)):
        _hand_out(run_id)


def latest() -> RunView | None:
    """The newest run. Queries: 1."""
    run = LinkageRun.objects.order_by("-pk").first()
    if run is None:
        return None
    steps = run.parts + 3 if run.parts else 4
    done = {State.WAITING: 0, State.LEARNING: 1, State.COMPARING: 2 + run.parts_done, State.JOINING: 2 + run.parts}.get(
        State(run.state), steps
    )
    return RunView(
        id=run.pk,
        state=State(run.state).label,
        going_on=run.state in GOING_ON,
        records=run.records,
        percent=100 * done // steps,
        pairs=run.pairs,
        linked=run.linked,
        joined=run.joined,
        asked_by=run.asked_by_name,
        started_at=run.started_at,
        finished_at=run.finished_at,
        problem=run.problem,
    )


def _describe(run: LinkageRun, at: datetime) -> None:
    known.refresh(known.units_of(list(Party.objects.customers().values_list("pk", flat=True))), at=at)
    run.records = MemberDescription.objects.count()
    run.parts = max(-(-run.records // UNITS_OF_A_PART), 1)
    run.state = State.LEARNING


def _learn(run: LinkageRun, at: datetime) -> None:
    """A model of today's records; what they teach nothing about keeps what was assumed."""
    from .training import learn

    with _loaded() as duck:
        model = learn(duck, records=run.records)
    newest = LinkageModel.objects.order_by("-version").first()
    run.model = LinkageModel.objects.create(
        version=(newest.version if newest else 0) + 1, weights=model.as_json(), learned_from=model.learned_from, learned_at=at
    )
    run.state = State.COMPARING


def _compare(run: LinkageRun, at: datetime) -> None:
    from .scoring import pair_up, score

    by = links.judge()
    with _loaded() as duck:
        run.pairs += pair_up(duck, part=run.parts_done, parts=run.parts)
        likely = score(duck, by.model, among=run.records, least=by.thresholds.least_bits)
    run.linked += links.keep(likely, by, at=at)
    run.parts_done += 1
    if run.parts_done == run.parts:
        run.state = State.JOINING


def _join(run: LinkageRun, at: datetime) -> None:
    from . import joining

    after = (run.place_bits, run.place_link) if run.place_bits is not None and run.place_link else None
    joined, place = joining.join_next(after, links.judge(), at=at)
    run.joined += joined
    if place is not None:
        run.place_bits, run.place_link = place
        return
    # What the run has not found likely again is nobody's question any longer.
    stale = PartyLink.objects.filter(state=PartyLink.State.OPEN, scored_at__lte=run.started_at).exclude(model=run.model)
    stale.update(state=PartyLink.State.UNLIKELY)
    run.asked = PartyLink.objects.filter(state=PartyLink.State.OPEN).exclude(left__golden=F("right__golden")).count()
    run.state, run.finished_at = State.DONE, clock.now()


class _loaded:  # noqa: N801 - reads as what it gives
    """A database in a temporary folder with every description in it: memory stays bounded, whatever the number of records."""

    def __enter__(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        self._folder = tempfile.TemporaryDirectory(prefix="linkage-", dir=scratch.folder())
        folder = Path(self._folder.name)
        written = folder / "descriptions.csv"
        with written.open("wb") as out, connection.cursor() as cursor, cursor.copy(_COPY) as rows:
            for block in rows:
                out.write(block)
        self._duck = duckdb.connect(str(folder / "linkage.duckdb"), config={"memory_limit": MEMORY, "temp_directory": str(folder)})
        self._duck.execute(_READ, {"file": str(written)})
        return self._duck

    def __exit__(self, *error: object) -> None:
        self._duck.close()
        self._folder.cleanup()


def _hand_out(run_id: UUID) -> None:
    from ..tasks import link_records

    try:
        link_records.apply_async(args=[str(run_id)], retry=False, expires=FETCHED_WITHIN)
    except (OperationalError, OSError) as error:
        log.warning("broker not reached", error=type(error).__name__)  # the sweeper asks again
