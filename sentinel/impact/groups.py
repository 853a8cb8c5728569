"""The protected groups a change is looked at for: read from the facts a decision rested on, one code for all dimensions.

Age is a ground of Art. 21 of the EU Charter of Fundamental Rights; a recorded need is what the bank has to take care of (FCA FG21/1,
vulnerable customers). A fact that is not known puts nobody in a group.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

UNKNOWN = "unknown"
GROWN, OLD = 25, 65  # years


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way of telling people apart. `values` are its groups by code, with their words, "unknown" left out."""

    name: str
    title: str
    values: Mapping[str, str]
    value_of: Callable[[Mapping[str, Any]], str]


def _age_band(attributes: Mapping[str, Any]) -> str:
    years = attributes.get("age_years")
    if not isinstance(years, int) or isinstance(years, bool):
        return UNKNOWN
    return "under_25" if years < GROWN else "25_to_64" if years < OLD else "65_up"


def _recorded_needs(attributes: Mapping[str, Any]) -> str:
    needs = attributes.get("needs")
    if not isinstance(needs, list):
        return UNKNOWN
    return "recorded" if needs else "none"


DIMENSIONS = (
    Dimension("age", "Age", {"under_25": "Under 25", "25_to_64": "25 to 64", "65_up": "65 and over"}, _age_band),
    Dimension("needs", "Recorded needs", {"recorded": "A need is recorded", "none": "No need is recorded"}, _recorded_needs),
)


def code_of(attributes: Mapping[str, Any]) -> str:
    """The groups somebody belongs to, such as `65_up.recorded`: one value for each dimension, in their order."""
    return ".".join(dimension.value_of(attributes) for dimension in DIMENSIONS)


def values_of(code: str) -> dict[str, str]:
    """A code taken apart: the value by the dimension's name."""
    return dict(zip((dimension.name for dimension in DIMENSIONS), code.split("."), strict=True))
