"""From pairs to persons: records joined, strongest evidence first, unless what is known of the whole speaks against it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping


def cluster(
    joins: Iterable[tuple[str, str, float]],
    *,
    against: Mapping[tuple[str, str], float] | None = None,
    apart: Collection[tuple[str, str]] = (),
) -> list[set[str]]:
    """Groups of two and more.

    Two groups become one by their strongest pair, if their pairs taken together say so: bits for and bits against. One person is
    asked of and told "different" is never in a group with the other. The same pairs in any order give the same groups in one order.

    Args:
        joins: pairs that are the same, with their bits.
        against: the bits of pairs that aren't.
        apart: pairs a person said are different.
    """
    bits: dict[str, dict[str, float]] = defaultdict(dict)
    forbidden: dict[str, set[str]] = defaultdict(set)
    joins = sorted(joins, key=lambda join: (-join[2], join[0], join[1]))
    for left, right, weight in (*joins, *((left, right, weight) for (left, right), weight in (against or {}).items())):
        bits[left][right] = bits[right][left] = weight
    for left, right in apart:
        forbidden[left].add(right)
        forbidden[right].add(left)
    group_of: dict[str, set[str]] = {}
    for left, right, _ in joins:
        one, other = group_of.setdefault(left, {left}), group_of.setdefault(right, {right})
        if one is other or not _belong_together(one, other, bits, forbidden):
            continue
        small, large = sorted((one, other), key=len)
        large |= small
        for member in small:
            group_of[member] = large
    return sorted((group for group in {id(group): group for group in group_of.values()}.values() if len(group) > 1), key=min)


def _belong_together(one: set[str], other: set[str], bits: Mapping[str, Mapping[str, float]], forbidden: Mapping[str, set[str]]) -> bool:
    small, large = sorted((one, other), key=len)
    if any(forbidden.get(member, set()) & large for member in small):
        return False
    return sum(weight for member in small for partner, weight in bits.get(member, {}).items() if partner in large) > 0
