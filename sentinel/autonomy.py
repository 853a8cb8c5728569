"""How far systems, agents and models may go by themselves."""

from datetime import datetime

from django.db import transaction

from bankos.platform.actors import Actor, ActorKind

from .models import AutonomySetting

Level = AutonomySetting.Level

DEFAULT = Level.SUGGEST
# From the least to the most freedom.
ORDER = (Level.OFF, Level.WATCH, Level.SUGGEST, Level.ACT_WITH_APPROVAL, Level.ACT_ALONE)


def level_of(actor: Actor, *, action: str, model: str | None = None) -> Level | None:
    """The level for this action; None for people, who answer for themselves.

    For the actor and for the model the most specific setting counts (its own before everybody's, this action before every action);
    of the two the one that leaves less freedom.

    Queries: 1, for people 0.
    """
    if actor.kind in (ActorKind.EMPLOYEE, ActorKind.CUSTOMER):
        return None
    subjects = [actor.id] if model is None else [actor.id, model]
    rows = AutonomySetting.objects.filter(subject__in=[*subjects, ""], action__in=[action, ""]).values_list("subject", "action", "level")
    levels = {(subject, name): Level(level) for subject, name, level in rows}
    return min((_most_specific(levels, subject, action) for subject in subjects), key=ORDER.index)


def set_level(*, subject: str, action: str, level: Level, reason: str, at: datetime) -> None:
    """Set the level of a system, agent or model (empty: all) for an action (empty: all). The history keeps who and when."""
    with transaction.atomic():
        setting, created = AutonomySetting.objects.select_for_update().get_or_create(
            subject=subject, action=action, defaults={"level": level, "reason": reason, "changed_at": at}
        )
        if not created:
            setting.level, setting.reason, setting.changed_at = level, reason, at
            setting.save()


def _most_specific(levels: dict[tuple[str, str], Level], subject: str, action: str) -> Level:
    for key in ((subject, action), (subject, ""), ("", action), ("", "")):
        if key in levels:
            return levels[key]
    return DEFAULT
