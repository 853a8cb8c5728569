"""What each agreement is worth: one model for every person, learned from data; the same value in a batch and for one new record."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from typing import Any, NamedTuple

from .comparisons import BY_CODE, COMPARISONS, Comparison

LEAST = 1e-6
"""No agreement is impossible by chance, and no difference is between two records of one person."""


MISSING = "missing"
"""The level of what is not stated on both sides: it weighs nothing."""


class OtherComparisons(ValueError):
    """The model was learned for other comparisons than today's."""


@dataclass(frozen=True, slots=True)
class Weight:
    """How often records of one person agree like this (`m`), and how often those of two people do (`u`)."""

    m: float
    u: float

    @property
    def bits(self) -> float:
        """What seeing it says: each bit doubles the odds that it is one person."""
        return log2(max(self.m, LEAST) / max(self.u, LEAST))


class Score(NamedTuple):
    """A pair of records and what speaks for it: `bits` over all, and the level of each comparison in their order."""

    left: str
    right: str
    bits: float
    levels: tuple[str, ...]

    @property
    def probability(self) -> float:
        """How likely they are one person."""
        return 1 / (1 + 2 ** -max(min(self.bits, 500), -500))


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by comparison and level; how many other records of the same person, and of its household, a record has on average."""

    weights: Mapping[str, Mapping[str, Weight]]
    matches: float = 0.2
    housemates: float = 1.0
    learned_from: int = 0

    def weight(self, comparison: Comparison, level: str) -> Weight:
        return self.weights[comparison.code][level]

    def prior(self, records: int) -> float:
        """The weight of two random records among so many being one person's, before anything is compared."""
        return log2(max(self.matches, LEAST) / max(records - 1, 1))

    def prior_of_household(self, records: int) -> float:
        """The same of two people who live together."""
        return log2(max(self.housemates, LEAST) / max(records - 1, 1))

    def as_json(self) -> dict[str, Any]:
        return {
            "matches": self.matches,
            "housemates": self.housemates,
            "learned_from": self.learned_from,
            "weights": {
                comparison: {level: [weight.m, weight.u] for level, weight in levels.items()} for comparison, levels in self.weights.items()
            },
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Model":
        """Raises OtherComparisons."""
        expected = {comparison.code: {level.code for level in comparison.levels} for comparison in COMPARISONS}
        if {comparison: set(levels) for comparison, levels in kept["weights"].items()} != expected:
            raise OtherComparisons("This model was learned for other comparisons; learn a new one.")
        weights = {
            comparison.code: {level.code: Weight(*kept["weights"][comparison.code][level.code]) for level in comparison.levels}
            for comparison in COMPARISONS
        }
        return cls(weights, kept["matches"], kept["housemates"], kept["learned_from"])


FIRST = Model({comparison.code: {level.code: Weight(level.m, level.u) for level in comparison.levels} for comparison in COMPARISONS})
"""What is assumed before anything is learned."""


def words_of(comparison: str, level: str) -> str:
    """A level in words for staff."""
    return BY_CODE[comparison].level(level).words
