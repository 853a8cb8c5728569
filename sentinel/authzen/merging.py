"""What counts when two say something: an item over the defaults of its batch, a request over what the store knows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sentinel.cedar import Entity

# The members that say which entity is meant. Only these are taken over from a default into an entity an item brings itself.
IDENTIFYING = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}


def with_defaults(item: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """One evaluation of a batch as raw JSON, filled up from the batch's top level (section 7.1.1).

    A member an item brings replaces the default as a whole: properties and context are never mixed. Only what identifies an entity
    (type, id, name) falls back to the default when the item's own entity lacks it (certification scenario 3.2.7).
    """
    merged = dict(defaults) | dict(item)
    for member, identifying in IDENTIFYING.items():
        own, default = item.get(member), defaults.get(member)
        if isinstance(own, Mapping) and isinstance(default, Mapping):
            merged[member] = {name: default[name] for name in identifying if name in default} | dict(own)
    return merged


def known_and_said(known: Entity | None, said: Entity) -> Entity:
    """The entity a question is about: the store's attributes, each replaced whole by a property of the same name in the request.

    The caller enforces the decision and is trusted with what it says (section 11). Groups come from the store alone. An entity the
    store doesn't know has only what is said of it.
    """
    if known is None:
        return said
    return replace(known, attributes={**known.attributes, **said.attributes})
