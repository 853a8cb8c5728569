"""What a decision rested on is shown to who may see what it is about. The decision, its rules and its proof are evidence and stay open.

Sentinel does not know who may see which customer: the floor that does declares it here, and every reading of decisions asks.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from bankos.platform.actors import Actor

from . import policy
from .decision_views import DecisionView

Visible = Callable[[Collection[str], Actor], Collection[str]]

_visible: dict[str, Visible] = {}


def declare(resource_type: str, visible: Visible) -> None:
    """Say which of some resources of a type an actor may see. Once per type."""
    if resource_type in _visible:
        raise ValueError(f"who sees a {resource_type} is declared twice")
    _visible[resource_type] = visible


def shown_to(actor: Actor, resource_type: str, resource_id: str) -> bool:
    """Queries: those of the declared."""
    visible = _visible.get(resource_type)
    return visible is None or resource_id in visible([resource_id], actor)


def as_seen_by(actor: Actor, found: list[DecisionView]) -> list[DecisionView]:
    """The bank's decisions without the facts about what this actor may not see. Queries: those of the declared, once for each type."""
    hidden: set[tuple[str, str]] = set()
    for resource_type, visible in _visible.items():
        ids = {one.resource_id for one in found if one.resource_type == resource_type and one.store == policy.BANK}
        if ids:
            seen = set(visible(ids, actor))
            hidden |= {(resource_type, id) for id in ids - seen}
    return [
        replace(one, context=None, withheld=True) if one.store == policy.BANK and (one.resource_type, one.resource_id) in hidden else one
        for one in found
    ]
