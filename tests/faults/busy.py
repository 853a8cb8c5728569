"""Workers that do nothing but act by themselves, imported by those who stop them and by the workers."""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from celery import shared_task

from bankos.platform import clock
from sentinel.authority import Outcome, TokenStopped, consume
from sentinel.autonomy import Level
from tests import machines
from tests.sentinel.desk import TRANSFER, ask, insights, use_of


@dataclass(frozen=True, slots=True)
class Report:
    """One worker process: how often it acted, when its last act was committed and when it was first refused (seconds of the epoch)."""

    worker: int
    acts: int
    last_act: float
    refused: float | None


def let_act_alone() -> None:
    """The leave the workers act on."""
    machines.let(subject=insights().id, action=TRANSFER, level=Level.ACT_ALONE, reason="for the workers", at=clock.now())


@shared_task
def act_until_refused(folder: str, seconds: float) -> None:
    """Ask and use the permit up, again and again, for so long at most; leaves a report in the folder."""
    began, acts, last_act, refused = time.monotonic(), 0, 0.0, None
    Path(folder, f"{os.getpid()}.begun").touch()
    while refused is None and time.monotonic() - began < seconds:
        if acts_once():
            acts, last_act = acts + 1, time.time()
        else:
            refused = time.time()
    Path(folder, f"{os.getpid()}.json").write_text(json.dumps(asdict(Report(os.getpid(), acts, last_act, refused))))


def acts_once() -> bool:
    """One act as the bank does it; False if it was stopped, before the permit or before its use."""
    decision = ask(insights())
    if decision.outcome is not Outcome.PERMIT:
        assert [rule.id for rule in decision.rules] == ["automation-stopped"], decision.rules
        return False
    try:
        consume(decision.token, **use_of(decision))
    except TokenStopped:
        return False
    return True


def begun(folder: Path) -> int:
    """How many processes are at work, or were."""
    return len(list(folder.glob("*.begun")))


def reports(folder: Path) -> list[Report]:
    return [Report(**json.loads(path.read_text())) for path in folder.glob("*.json")]
