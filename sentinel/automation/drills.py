"""A drill: real workers act, are stopped by the real stop control, and say when they noticed.

Canaries go to the workers as ordinary tasks. Each acts as `sentinel.drill` again and again, asking the authority and using its permit
up each time. After `ACTING` the first to notice makes the drill's stop in the name of who asked for it; each canary writes down when
it was last permitted and when it was refused. The stop is lifted by itself.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from celery import current_task

from bankos.platform import actors, bell, clock
from bankos.platform.actors import Actor
from bankos.platform.ids import uuid7
from bankos.platform.models import User

from .. import actions
from ..action_types import AUTOMATION, DRILL
from ..actions import Ask, NotPossible
from ..authority import AuthorityError, Resource, TokenError
from ..models import AutomationStop, DrillSighting
from . import stops
from .stops import Scope

CANARY = actors.system("sentinel.drill")
CANARIES = 4
ACTING, LONGEST = 2.0, 8.0  # seconds
PAUSE = 0.05
OVER_AFTER = timedelta(seconds=6)
REASON = "Drill: does the stop control work?"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Drilled:
    """`seconds`: from the stop to the last permit any worker still got; 0 if none got one. None while no worker has reported."""

    at: datetime
    by: str
    workers: int
    seconds: float | None


def start(*, actor: Actor) -> UUID:
    """Send the canaries. The result is there some seconds later.

    Raises:
        NotPossible: something is stopped already, or the workers cannot be reached.
    """
    if stops.in_force():
        raise NotPossible("Something is stopped already: a drill would show nothing.")
    run = uuid7()
    for _ in range(CANARIES):
        if not bell.call("sentinel.tasks.drill_canary", str(run), actor.id, queue="sentinel", expires=LONGEST):
            raise NotPossible("The workers cannot be reached just now. Try again.")
    return run


def act_until_stopped(run: UUID, *, asked_by: str, now: Callable[[], datetime] = clock.now) -> None:
    """One canary's life."""
    began = time.monotonic()
    permitted, last_at = 0, None
    while time.monotonic() - began < LONGEST:
        at = now()
        if not _acts(run, at):
            stop = AutomationStop.objects.filter(drill=True, value=DRILL.name).order_by("-stopped_at").first()
            if stop is not None:
                DrillSighting.objects.get_or_create(
                    stop=stop, worker=_name(), defaults={"permitted": permitted, "last_permitted_at": last_at, "refused_at": at}
                )
            return
        permitted, last_at = permitted + 1, at
        if time.monotonic() - began > ACTING:
            _stop(asked_by, now())
        time.sleep(PAUSE)


def end_over(*, at: datetime) -> int:
    """Lift the stops of drills that are over. Returns how many."""
    over = AutomationStop.objects.filter(drill=True, lifted_at=None, stopped_at__lte=at - OVER_AFTER)
    ended = 0
    for stop_id in over.values_list("pk", flat=True):
        try:
            ended += stops.start(stop_id, actor=CANARY, reason="The drill is over.", at=at).done
        except (NotPossible, AuthorityError) as error:
            log.warning("drill not ended", error=type(error).__name__)
    return ended


def last() -> Drilled | None:
    """The newest drill. Queries: 2."""
    stop = AutomationStop.objects.filter(drill=True).order_by("-stopped_at").first()
    if stop is None:
        return None
    seen = list(stop.sightings.all())
    late = [(one.last_permitted_at - stop.stopped_at).total_seconds() for one in seen if one.last_permitted_at is not None]
    return Drilled(stop.stopped_at, stop.stopped_by_name, len(seen), max([0.0, *late]) if seen else None)


def _acts(run: UUID, at: datetime) -> bool:
    """Ask and use the permit up, as any act of a machine does; False once that is not allowed any more."""
    asked: dict[str, Any] = {"resource_id": str(run), "parameters": {"run": str(run)}, "asks_second_person": False}
    try:
        return actions.run(TRY, actor=CANARY, at=at, **asked).done
    except (AuthorityError, TokenError):
        return False


def _canary(asked: Ask) -> Resource:
    return Resource(AUTOMATION, asked.resource_id, {"subject": CANARY.id, "action": DRILL.name, "segment": "", "level": ""})


TRY = actions.declare(DRILL, facts=_canary, effect=lambda permitted: None)


def _stop(asked_by: str, at: datetime) -> None:
    """By whoever of the canaries comes first; the others find it stopped."""
    person = User.objects.filter(pk=asked_by, is_active=True).first()
    if person is None:
        return
    try:
        stops.stop(Scope.ACTION, DRILL.name, actor=actors.employee(person), reason=REASON, at=at, drill=True)
    except (NotPossible, AuthorityError):
        return


def _name() -> str:
    """The process it runs in: two canaries, one after the other, are one worker."""
    host = getattr(getattr(current_task, "request", None), "hostname", None)
    return f"{host or 'worker'} {os.getpid()}"
