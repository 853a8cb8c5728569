"""What may become of something said before: each way is a new word about the same thing."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..models.life import Goal, LifeEvent
from .reading import GoalView, Life, LifeEventView, NeedView, PreferenceView
from .said import EventSaid, GoalSaid, NeedSaid, PreferenceSaid, Said


@dataclass(frozen=True, slots=True)
class After:
    """`title` names the thing; `ways`: code → what staff read, and the word it becomes."""

    title: str
    ways: Mapping[str, tuple[str, Said]]


def after(life: Life, what: str, key: str) -> After | None:
    """The ways on from something in this life, by its kind and key; None if there is nothing of the kind."""
    match what:
        case "need":
            return next((_need(one) for one in life.needs if one.kind == key), None)
        case "event":
            return next((_event(one) for one in life.events if one.key == key), None)
        case "goal":
            return next((_goal(one) for one in life.goals if str(one.goal_id) == key), None)
        case "preference":
            return next((_preference(one) for one in life.preferences if one.kind == key), None)
    return None


def _need(one: NeedView) -> After:
    return After(one.label, {"over": ("This is no longer so", NeedSaid(one.kind, present=False, agreed=False))})


def _event(one: LifeEventView) -> After:
    ways: dict[str, tuple[str, Said]] = {}
    if one.standing == LifeEvent.Standing.ASSERTED:
        ways["confirmed"] = ("Yes, it happened", EventSaid(one.kind, one.happened_on, LifeEvent.Standing.CONFIRMED))
    ways["wrong"] = ("No, it did not happen", EventSaid(one.kind, one.happened_on, LifeEvent.Standing.WRONG))
    return After(one.label, ways)


def _goal(one: GoalView) -> After:
    def then(standing: str) -> Said:
        return GoalSaid(one.name, one.amount, standing, one.by_date, one.goal_id)

    return After(
        one.name, {"reached": ("It is reached", then(Goal.Standing.REACHED)), "given_up": ("It is given up", then(Goal.Standing.GIVEN_UP))}
    )


def _preference(one: PreferenceView) -> After:
    return After(f"{one.label} {one.value}", {"over": ("No preference any more", PreferenceSaid(one.kind, ""))})
