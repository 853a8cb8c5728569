"""Moving an automation up or down. Up, one step at a time, needs the evidence and two people; down needs one person, or none: the
sequential tests do it by themselves (`evidence`)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from bankos.platform import events
from bankos.platform.actors import Actor

from .. import actions, autonomy, catalogue
from ..action_types import AUTOMATION
from ..actions import Ask, NotPossible, Permitted, Ran
from ..autonomy import ORDER, Level, Limits
from ..autonomy_statistics import TO_ACT_ALONE, TO_ACT_WITH_APPROVAL, TO_SUGGEST, Evidence, Readiness, promotion
from ..catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier
from ..decision import Resource
from ..models import AutonomyWatch
from .subjects import Automation, above
from .watching import begin, locked, present

SOURCE = "sentinel.automation"
CHANGED = "sentinel.autonomy.changed"
REQUIREMENTS = {Level.SUGGEST: TO_SUGGEST, Level.ACT_WITH_APPROVAL: TO_ACT_WITH_APPROVAL, Level.ACT_ALONE: TO_ACT_ALONE}
# What an automation that acts alone for the first time may do, unless it is asked otherwise.
FIRST_LIMITS = Limits(Decimal("200.00"), "EUR", 50, 8, 20)


@dataclass(frozen=True, slots=True)
class Next:
    """The next level up and how far the evidence reaches towards it."""

    level: Level
    readiness: Readiness


def next_of(level: Level, evidence: Evidence) -> Next | None:
    """None at the top. From off to watching no evidence is needed: nothing happens there."""
    up = above(level)
    if up is None:
        return None
    requirement = REQUIREMENTS.get(up)
    if requirement is None:
        return Next(up, Readiness(()))
    return Next(up, promotion(evidence, requirement))


def propose_raise(automation: Automation, *, actor: Actor, reason: str, at: datetime, limits: Limits | None = None) -> Ran:
    """Ask for the next level. A second person decides.

    Args:
        limits: of the new level; to act alone for the first time there always are some (`FIRST_LIMITS`).
    Raises:
        NotPossible, sentinel.authority.AuthorityError
    """
    up = above(automation.leave().level)
    if up is None:
        raise NotPossible("It acts alone already: there is no level above.")
    if up is Level.ACT_ALONE and limits is None:
        limits = FIRST_LIMITS
    parameters = {**_parameters(automation, up, reason), "limits": limits_as_text(limits)}
    return actions.run(RAISE_AUTONOMY, actor=actor, resource_id=automation.key, parameters=parameters, at=at, note=reason)


def lower(automation: Automation, level: Level, *, actor: Actor, reason: str, at: datetime) -> Ran:
    """Take freedom away, at once.

    Raises:
        NotPossible: it has no more than that now.
    """
    return actions.run(
        LOWER_AUTONOMY,
        actor=actor,
        resource_id=automation.key,
        parameters=_parameters(automation, level, reason),
        at=at,
        note=reason,
    )


def limits_as_text(limits: Limits | None) -> str:
    """Limits as a parameter spells them: amount, currency, acts a day, hours, each empty where there is none."""
    if limits is None:
        return ""
    hours = f"{limits.from_hour}-{limits.to_hour}" if limits.from_hour is not None else ""
    amount = f"{limits.amount:.2f}" if limits.amount is not None else ""
    return ":".join([amount, limits.currency, "" if limits.per_day is None else str(limits.per_day), hours])


def limits_from_text(text: str) -> Limits | None:
    """Raises NotPossible."""
    if not text:
        return None
    try:
        amount, currency, per_day, hours = text.split(":")
        first, last = (int(hour) for hour in hours.split("-")) if hours else (None, None)
        return Limits(Decimal(amount) if amount else None, currency, int(per_day) if per_day else None, first, last)
    except (ValueError, InvalidOperation) as error:
        raise NotPossible("The limits cannot be read.") from error


def _parameters(automation: Automation, level: Level, reason: str) -> dict[str, str]:
    return {
        "subject": automation.subject,
        "action": automation.action,
        "segment": automation.segment,
        "level": str(level),
        "reason": reason,
    }


def _resource(asked: Ask) -> Resource:
    automation = _automation(asked.resource_id)
    level = automation.leave().level
    following = next_of(level, present(automation).evidence)
    return Resource(
        AUTOMATION,
        asked.resource_id,
        {
            "subject": automation.subject,
            "action": automation.action,
            "segment": automation.segment,
            "level": str(level),
            "evidence_allows": following is not None and following.readiness.ready and asked.parameters["level"] == following.level,
        },
    )


def _automation(key: str) -> Automation:
    try:
        automation = Automation.from_key(key)
        catalogue.get(automation.action)
    except (ValueError, catalogue.NotRegistered) as error:
        raise NotPossible("There is no such automation.") from error
    return automation


def _raise(permitted: Permitted) -> None:
    automation = _automation(permitted.resource_id)
    watch = locked(automation, at=permitted.at)
    if above(automation.leave().level) != permitted.parameters["level"]:
        raise NotPossible("Its level has changed meanwhile. Ask again.")
    _set(automation, watch, permitted, limits_from_text(str(permitted.parameters["limits"])) or Limits())


def _lower(permitted: Permitted) -> None:
    automation = _automation(permitted.resource_id)
    watch = locked(automation, at=permitted.at)
    level = str(permitted.parameters["level"])
    if level not in ORDER or ORDER.index(Level(level)) >= ORDER.index(automation.leave().level):
        raise NotPossible("It has no more freedom than that now.")
    _set(automation, watch, permitted, None)


def _set(automation: Automation, watch: AutonomyWatch, permitted: Permitted, limits: Limits | None) -> None:
    """`watch` is its row, locked before anything was looked at: reviews and changes of level take their turns."""
    before = automation.leave().level
    level = Level(str(permitted.parameters["level"]))
    autonomy.set_level(
        subject=automation.subject,
        action=automation.action,
        segment=automation.segment,
        level=level,
        reason=str(permitted.parameters["reason"])[:300],
        changed_by=permitted.actor.id,
        limits=limits,
        decision_id=permitted.decision.id,
        at=permitted.at,
    )
    begin(watch, since=permitted.at)
    watch.updated_at = permitted.at
    watch.save()
    events.publish(
        CHANGED,
        subject=automation.key,
        data={"before": str(before), "level": str(level), "decision": str(permitted.decision.id)},
        source=SOURCE,
        at=permitted.at,
    )


_LEVEL = {
    "subject": ParameterKind.NAME,
    "action": ParameterKind.NAME,
    "segment": ParameterKind.NAME,
    "level": ParameterKind.CODE,
    "reason": ParameterKind.TEXT,
}
# A machine has no people of its own: who asks is the one concerned, with the lines above and below.
RAISE_AUTONOMY = actions.declare(
    ActionType(
        name="autonomy.raise",
        title="Give an automation more freedom",
        resource_type=AUTOMATION,
        parameters={**_LEVEL, "limits": ParameterKind.NAME},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_resource,
    effect=_raise,
    concerned=lambda resource_id, parameters: (),
)
LOWER_AUTONOMY = actions.declare(
    ActionType(
        name="autonomy.lower",
        title="Give an automation less freedom",
        resource_type=AUTOMATION,
        parameters=_LEVEL,
        risk=RiskTier.LOW,
    ),
    facts=_resource,
    effect=_lower,
)
