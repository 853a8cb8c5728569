"""Fill an empty bank: extracts, ingestion of every system, staff with logins, the first night's work."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from bankos.platform import clock, jobs
from bankos.platform.actors import system
from customers import ingestion
from customers.linkage import batch as linkage
from insights import nightly
from sentinel import policy

from . import care, lives, requests, staff
from .extracts import SYSTEMS, files_of
from .plan import Plan
from .progress import ProgressBar
from .write import Written, write_bank

# What each stage is believed to take, in parts of the whole.
STAGES = (
    ("Extracts", 5.0),
    ("Core banking", 62.0),
    ("CRM", 9.0),
    ("Lending", 2.0),
    ("Cards", 4.0),
    ("Payments", 2.0),
    ("Digital channels", 1.0),
    ("Suggestions", 13.0),
    ("Duplicates", 3.0),
    ("Staff", 2.0),
)
_STAGE_OF = dict(zip(SYSTEMS, (name for name, _ in STAGES[1:7]), strict=True))
_UNFINISHED = "unfinished.json"


@dataclass(frozen=True)
class Filled:
    written: Written
    rows: int
    rejected: int
    forecasts: int


def unfinished(folder: Path) -> Plan | None:
    """The plan of a fill that was stopped half-way: going on with the same one completes it."""
    file = folder / _UNFINISHED
    if not file.exists():
        return None
    noted = json.loads(file.read_text(encoding="utf-8"))
    return Plan(**{**noted, "as_of": date.fromisoformat(noted["as_of"])})


def fill(plan: Plan, folder: Path, *, bar: ProgressBar) -> Filled:
    """Fill the bank. Doing it again with the same plan changes nothing; a stopped fill is taken up where it stood.

    Raises:
        IngestError: a file could not be read, or somebody else reads it right now.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / _UNFINISHED
    note.write_text(json.dumps({**asdict(plan), "as_of": plan.as_of.isoformat()}), encoding="utf-8")
    at = moment_of(plan)

    bar.begin("Extracts")
    written = write_bank(plan, folder, progress=lambda done: bar.at(done / plan.customers, f"{done:,} customers"))
    rows = rejected = 0
    for name in SYSTEMS:
        bar.begin(_STAGE_OF[name])
        report = ingestion.ingest(name, files_of(name, folder), at=at, progress=_share_of_bytes(files_of(name, folder), bar))
        rows += sum(file.read for file in report.files)
        rejected += report.rejected
    bar.begin("Suggestions")
    # A permit lives for minutes of the real clock, on whatever day the bank is shown.
    policy.load_starting_set(at=clock.now())
    night = nightly.run_now(at=at, progress=lambda done, total: bar.at(done / total, "forecasts and suggestions"))
    bar.begin("Duplicates")
    _compare_everybody(at)
    bar.begin("Staff")
    staff.open_logins(password=settings.DEMO_PASSWORD)
    care.arrange()
    lives.tell(clock.now())
    requests.open_requests(at)
    note.unlink()
    return Filled(written, rows, rejected, night.forecasts)


def _compare_everybody(at: datetime) -> None:
    """The night's linkage, so that the queue of duplicates has something to decide."""
    run = linkage.start(actor=system("demobank"), at=at)
    jobs.run_to_end(run, at=at)


def moment_of(plan: Plan) -> datetime:
    """Now, if the bank is shown today; noon of the day it is shown on otherwise."""
    now = clock.now()
    if clock.bank_date(now) == plan.as_of:
        return now
    return datetime.combine(plan.as_of, time(12), ZoneInfo(settings.TIME_ZONE))


def _share_of_bytes(files: list[Path], bar: ProgressBar) -> Callable[[ingestion.Progress], None]:
    """Progress over a system's files, each counting as much as it is long."""
    sizes = {file.name: file.stat().st_size for file in files}
    read = dict.fromkeys(sizes, 0.0)

    def show(progress: ingestion.Progress) -> None:
        read[progress.file] = progress.fraction
        done = sum(sizes[name] * share for name, share in read.items()) / sum(sizes.values())
        bar.at(done, f"{progress.file}  {progress.rows:,} rows")

    return show
