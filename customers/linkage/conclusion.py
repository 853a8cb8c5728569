"""From scored pairs to persons: whoever would come together is compared with everybody else they would come together with."""

from collections.abc import Collection, Sequence
from itertools import combinations

import duckdb

from .clusters import cluster
from .model import Model, Score
from .scoring import EVERY_PAIR, put_pairs, score
from .zones import Thresholds, Zone

_LARGEST_GROUP = 60
"""A larger group is not one person: its pairs are taken as they are, and the weak ones among them do not hold it together."""


def conclude(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    scores: Sequence[Score],
    *,
    among: int,
    thresholds: Thresholds,
    apart: Collection[tuple[str, str]] = (),
) -> list[set[str]]:
    """The persons with two records and more. The records must be the ones that were scored; `apart` are never one person."""
    same = [(one.left, one.right, one.bits) for one in scores if thresholds.zone(one.probability) is Zone.SAME]
    bits = {(one.left, one.right): one.bits for one in scores}
    unseen = [
        pair
        for group in cluster(same, apart=apart)
        if 2 < len(group) <= _LARGEST_GROUP
        for pair in combinations(sorted(group), 2)
        if pair not in bits
    ]
    put_pairs(connection, unseen)
    bits |= {(one.left, one.right): one.bits for one in score(connection, model, among=among, least=EVERY_PAIR)}
    joined = {(left, right) for left, right, _ in same}
    return cluster(same, against={pair: weight for pair, weight in bits.items() if pair not in joined}, apart=apart)
