"""The stop control: one person stops machines at once; two people let them start again.

Nothing has to be told to anybody: every decision and every use of a permit looks for stops (`sentinel.standing`, migration 0005).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from bankos.platform import events
from bankos.platform.actors import Actor

from .. import actions, catalogue
from ..action_types import AUTOMATION, DRILL
from ..actions import Ask, NotPossible, Permitted, Ran
from ..autonomy import Level
from ..catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier
from ..decision import Resource
from ..models import AutomationStop, AutonomySetting, Decision
from .subjects import decided_by_machines

SOURCE = "sentinel.automation"
STOPPED, STARTED = "sentinel.automation.stopped", "sentinel.automation.started"
Scope = AutomationStop.Scope
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A stop in force, or one of earlier."""

    id: UUID
    scope: Scope
    value: str
    reason: str
    drill: bool
    stopped_by: str
    stopped_at: datetime
    lifted_by: str
    lifted_at: datetime | None

    @property
    def title(self) -> str:
        match self.scope:
            case Scope.EVERYTHING:
                return "Everything"
            case Scope.ACTION:
                return catalogue.title_of(self.value)
            case Scope.BRANCH:
                return f"Branch {self.value}"
            case _:
                return self.value


@dataclass(frozen=True, slots=True)
class Preview:
    """What a stop would stop, told by the last day: (title, acts done, proposals made) for each kind of act, and what stands open."""

    by_action: tuple[tuple[str, int, int], ...]
    permits_open: int
    acting: int

    @property
    def nothing(self) -> bool:
        return not self.by_action


def preview(scope: Scope, value: str, *, at: datetime) -> Preview:
    """Queries: 3."""
    touched = _touched(scope, value)
    day = touched.filter(issued_at__gt=at - DAY).values("action")
    counted = day.annotate(
        done=Count("id", filter=Q(consumption__isnull=False)), proposed=Count("id", filter=Q(outcome__in=["needs_approval", "permit"]))
    )
    open_permits = touched.filter(outcome="permit", consumption=None, expires_at__gt=at)
    acting = AutonomySetting.objects.filter(level__in=[Level.ACT_ALONE, Level.ACT_WITH_APPROVAL])
    if scope == Scope.ACTION:
        acting = acting.filter(action=value)
    if scope == Scope.MODEL:
        acting = acting.filter(subject=value)
    return Preview(
        tuple((catalogue.title_of(row["action"]), row["done"], row["proposed"]) for row in counted.order_by("-proposed", "action")),
        open_permits.count(),
        acting.count(),
    )


def stop(scope: Scope, value: str, *, actor: Actor, reason: str, at: datetime, drill: bool = False) -> Ran:
    """Stop machines here, at once.

    Raises:
        NotPossible: it is stopped already.
    """
    parameters = {"scope": str(scope), "value": value, "reason": reason, "drill": "yes" if drill else "no"}
    return actions.run(STOP_AUTOMATION, actor=actor, resource_id=f"{scope}:{value}", parameters=parameters, at=at, note=reason)


def start(stop_id: UUID, *, actor: Actor, reason: str, at: datetime) -> Ran:
    """Ask for machines to start again. A second person decides, except at the end of a drill.

    Raises:
        NotPossible: it is lifted already.
    """
    parameters = {"stop": str(stop_id), "reason": reason}
    return actions.run(START_AUTOMATION, actor=actor, resource_id=str(stop_id), parameters=parameters, at=at, note=reason)


def in_force() -> list[Stopped]:
    """The newest first. Queries: 1."""
    return [_view(row) for row in AutomationStop.objects.filter(lifted_at=None).order_by("-stopped_at")]


def earlier(*, limit: int = 10) -> list[Stopped]:
    """Stops that were lifted, the newest first. Queries: 1."""
    return [_view(row) for row in AutomationStop.objects.exclude(lifted_at=None).order_by("-stopped_at")[:limit]]


def is_stopped() -> bool:
    """Whether any stop that is no drill is in force. Queries: 1."""
    return AutomationStop.objects.filter(lifted_at=None, drill=False).exists()


def _view(row: AutomationStop) -> Stopped:
    return Stopped(
        row.pk,
        Scope(row.scope),
        row.value,
        row.reason,
        row.drill,
        row.stopped_by_name,
        row.stopped_at,
        row.lifted_by_name,
        row.lifted_at,
    )


def _touched(scope: Scope, value: str) -> QuerySet[Decision]:
    machines = decided_by_machines()
    match scope:
        case Scope.ACTION:
            return machines.filter(action=value)
        case Scope.BRANCH:
            return machines.filter(branch=value)
        case Scope.MODEL:
            return machines.filter(Q(actor_id=value) | Q(model__name=value))
        case _:
            return machines


def _resource_of_stop(asked: Ask) -> Resource:
    scope, value = asked.parameters["scope"], asked.parameters["value"]
    if scope not in Scope or (scope == Scope.EVERYTHING) != (not value):
        raise NotPossible("Say what to stop.")
    if asked.parameters["drill"] == "yes" and (scope, value) != (Scope.ACTION, DRILL.name):
        raise NotPossible("A drill stops drills only.")
    of = {Scope.ACTION: "action", Scope.MODEL: "subject"}.get(Scope(scope), "")
    named = {"subject": "", "action": "", "segment": "", "level": ""}
    return Resource(AUTOMATION, asked.resource_id, named | ({of: value} if of else {}))


def _stop(permitted: Permitted) -> None:
    said = permitted.parameters
    try:
        with transaction.atomic():
            made = AutomationStop.objects.create(
                scope=said["scope"],
                value=said["value"],
                reason=str(said["reason"])[:300],
                drill=said["drill"] == "yes",
                stopped_by=permitted.actor.id,
                stopped_by_name=permitted.actor.name,
                stopped_at=permitted.at,
                stop_decision_id=permitted.decision.id,
            )
    except IntegrityError as error:
        raise NotPossible("This is stopped already.") from error
    _tell(STOPPED, made, permitted)


def _resource_of_start(asked: Ask) -> Resource:
    row = _get(asked.resource_id)
    of = {Scope.ACTION: "action", Scope.MODEL: "subject"}.get(Scope(row.scope), "")
    named = {"subject": "", "action": "", "segment": "", "level": "", "drill": row.drill}
    return Resource(AUTOMATION, asked.resource_id, named | ({of: row.value} if of else {}))


def _start(permitted: Permitted) -> None:
    row = AutomationStop.objects.select_for_update().get(pk=_get(permitted.resource_id).pk)
    if row.lifted_at is not None:
        raise NotPossible("It was started again already.")
    row.lifted_by, row.lifted_by_name = permitted.actor.id, permitted.actor.name
    row.lifted_at, row.lift_decision_id = permitted.at, permitted.decision.id
    row.save()
    _tell(STARTED, row, permitted)


def _get(key: str) -> AutomationStop:
    try:
        row = AutomationStop.objects.filter(pk=UUID(key)).first()
    except ValueError:
        row = None
    if row is None:
        raise NotPossible("There is no such stop.")
    return row


def _tell(type: str, row: AutomationStop, permitted: Permitted) -> None:
    events.publish(
        type,
        subject=str(row.pk),
        data={"scope": row.scope, "value": row.value, "drill": row.drill, "decision": str(permitted.decision.id)},
        source=SOURCE,
        at=permitted.at,
    )


STOP_AUTOMATION = actions.declare(
    ActionType(
        name="automation.stop",
        title="Stop automation",
        resource_type=AUTOMATION,
        parameters={
            "scope": ParameterKind.CODE,
            "value": ParameterKind.NAME,
            "reason": ParameterKind.TEXT,
            "drill": ParameterKind.CODE,
        },
        risk=RiskTier.MEDIUM,
    ),
    facts=_resource_of_stop,
    effect=_stop,
)
START_AUTOMATION = actions.declare(
    ActionType(
        name="automation.start",
        title="Start automation again",
        resource_type=AUTOMATION,
        parameters={"stop": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_resource_of_start,
    effect=_start,
)
