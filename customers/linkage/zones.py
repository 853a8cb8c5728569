"""Same, different, or ask a person: where a pair belongs."""

from dataclasses import dataclass
from enum import StrEnum
from math import log2


class Zone(StrEnum):
    SAME = "same"
    ASK = "ask"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability on two records are one person's, and from which on a person is asked."""

    same: float = 0.95
    ask: float = 0.20

    @property
    def least_bits(self) -> float:
        """What a pair must weigh for anybody to be asked."""
        return log2(self.ask / (1 - self.ask)) if self.ask < 1 else 100.0

    def zone(self, probability: float) -> Zone:
        if probability >= self.same:
            return Zone.SAME
        return Zone.ASK if probability >= self.ask else Zone.DIFFERENT
