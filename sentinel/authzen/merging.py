"""What counts when two say something: an item over the defaults of its batch, a request over what the store knows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sentinel.cedar import Entity


def with_defaults(item: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """One evaluation of a batch as raw JSON, filled up from the batch's top level (section 7.1.1).

    A member an item brings replaces the default as a whole, and has to be complete: nothing of a default is ever mixed into it. An item
    that names a resource without its id asks about no resource, and never about the one its neighbours are asked about.
    """
    return dict(defaults) | dict(item)


def known_and_said(known: Entity | None, said: Entity) -> Entity:
    """The entity a question is about: the store's attributes, each replaced whole by a property of the same name in the request.

    The caller enforces the decision and is trusted with what it says (section 11). Groups come from the store alone. An entity the
    store doesn't know has only what is said of it.
    """
    if known is None:
        return said
    return replace(known, attributes={**known.attributes, **said.attributes})
