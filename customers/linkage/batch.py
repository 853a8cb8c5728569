"""Everybody compared with everybody once, by a job in steps: describe, learn, compare in parts, join. Each step is one transaction.

A part compares the units whose ids fall into it with all others that share a key. Running a part twice changes nothing.
"""

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.urls import reverse

from bankos.platform import jobs, scratch
from bankos.platform.actors import Actor, Role
from bankos.platform.jobs import JobKind, JobView, Work

from ..models import LinkageModel, MemberDescription, Party, PartyLink
from . import known, links
from .descriptions import Description

if TYPE_CHECKING:
    import duckdb

EVERYBODY = "Party/all"
UNITS_OF_A_PART = 100_000
MEMORY = "400MB"
DESCRIBE, LEARN, COMPARE, JOIN = "describe", "learn", "compare", "join"

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


def start(*, actor: Actor, at: datetime) -> UUID:
    """Ask the workers for a run; while one is going on, that is it. Returns the job's id."""
    return jobs.start(RUN, EVERYBODY, actor=actor, at=at)[0].pk


def latest() -> JobView | None:
    """The newest run. Queries: 1."""
    run = jobs.of(RUN, EVERYBODY).first()
    return None if run is None else jobs.view_of(run)


def _step(work: Work, at: datetime) -> bool:
    place = work.job.place or {"step": DESCRIBE}
    return _STEPS[place["step"]](work, place, at)


def _describe(work: Work, place: Mapping[str, Any], at: datetime) -> bool:
    known.refresh(known.units_of(list(Party.objects.customers().values_list("pk", flat=True))), at=at)
    records = MemberDescription.objects.count()
    parts = max(-(-records // UNITS_OF_A_PART), 1)
    work.report(1, parts + 3, place={"step": LEARN, "parts": parts}, records=records, pairs=0, linked=0, joined=0)
    return True


def _learn(work: Work, place: Mapping[str, Any], at: datetime) -> bool:
    """A model of today's records; what they teach nothing about keeps what was assumed."""
    from .training import learn

    with _loaded() as duck:
        model = learn(duck, records=work.job.counts["records"])
    newest = LinkageModel.objects.order_by("-version").first()
    made = LinkageModel.objects.create(
        version=(newest.version if newest else 0) + 1, weights=model.as_json(), learned_from=model.learned_from, learned_at=at
    )
    work.report(2, place={**place, "step": COMPARE, "part": 0, "model": str(made.pk)})
    return True


def _compare(work: Work, place: Mapping[str, Any], at: datetime) -> bool:
    from .scoring import pair_up, score

    counts, part = work.job.counts, place["part"]
    by = links.judge()
    with _loaded() as duck:
        pairs = pair_up(duck, part=part, parts=place["parts"])
        likely = score(duck, by.model, among=counts["records"], least=by.thresholds.least_bits)
    linked = links.keep(likely, by, at=at)
    after = {**place, "part": part + 1} if part + 1 < place["parts"] else {**place, "step": JOIN, "behind": None}
    work.report(part + 3, place=after, pairs=counts["pairs"] + pairs, linked=counts["linked"] + linked)
    return True


def _join(work: Work, place: Mapping[str, Any], at: datetime) -> bool:
    from . import joining

    after = (place["behind"][0], UUID(place["behind"][1])) if place["behind"] else None
    joined, reached = joining.join_next(after, links.judge(), at=at)
    total = work.job.counts["joined"] + joined
    if reached is not None:
        work.report(place={**place, "behind": [reached[0], str(reached[1])]}, joined=total)
        return True
    # What the run has not found likely again is nobody's question any longer.
    stale = PartyLink.objects.filter(state=PartyLink.State.OPEN, scored_at__lte=work.job.asked_at).exclude(model=place["model"])
    stale.update(state=PartyLink.State.UNLIKELY)
    asked = PartyLink.objects.filter(state=PartyLink.State.OPEN).exclude(left__golden=F("right__golden")).count()
    work.report(work.job.total, joined=total, asked=asked)
    return False


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


def _counted(counts: Mapping[str, Any]) -> str:
    if "records" not in counts:
        return ""
    found = f"{counts['pairs']:,} pairs, {counts['linked']:,} likely, {counts['joined']:,} joined by the machine"
    return f"{counts['records']:,} customers, {found}"


_STEPS = {DESCRIBE: _describe, LEARN: _learn, COMPARE: _compare, JOIN: _join}
RUN = JobKind(
    "customers.linkage",
    "Comparing all customers",
    _step,
    atomic=True,
    seen_by=frozenset({Role.COMPLIANCE, Role.ADMINISTRATOR}),
    counted=_counted,
    page=lambda job: reverse("link-queue"),
)
