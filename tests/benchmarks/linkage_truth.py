"""How good found pairs are: by who really is who."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Quality:
    """`true`: pairs of rows that are one person's; `found`: pairs said to be; `right`: both."""

    true: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / max(self.found, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.true, 1)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(self.true + self.found, 1)

    def __str__(self) -> str:
        return f"precision {self.precision:.5f}  recall {self.recall:.5f}  F1 {self.f1:.5f}"


def quality(pairs: set[tuple[int, int]], persons: Iterable[Hashable]) -> Quality:
    """Of pairs of rows, the lower row first; `persons` are those of the rows, in order."""
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, person in enumerate(persons):
        rows[person].append(row)
    truth = {pair for same in rows.values() for pair in combinations(same, 2)}
    return Quality(len(truth), len(pairs), len(pairs & truth))
