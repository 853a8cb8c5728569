"""Who is who in the demo bank: by its truth, and by the state graph."""

import json
from itertools import combinations
from pathlib import Path

from customers.models import Party, PartyIdentifier

Key = tuple[str, str]
Pairs = set[frozenset[Key]]


def true_pairs(file: Path) -> Pairs:
    """The pairs of records that are one person's."""
    pairs: Pairs = set()
    for line in file.open(encoding="utf-8"):
        person = json.loads(line)
        records = person["records"]
        keys = [*(("customer_no", number) for number in records["core"]), *(("client_id", number) for number in records["crm"])]
        if person["kind"] == "person":
            pairs |= {frozenset(pair) for pair in combinations(keys, 2)}
    return pairs


def found_pairs() -> Pairs:
    """The pairs of records that are one customer."""
    of: dict[object, list[Key]] = {}
    rows = PartyIdentifier.objects.filter(kind__in=["customer_no", "client_id"], party__kind=Party.Kind.PERSON)
    for golden, kind, value in rows.values_list("party__golden", "kind", "value"):
        of.setdefault(golden, []).append((kind, value))
    return {frozenset(pair) for keys in of.values() for pair in combinations(keys, 2)}


def f1(pairs: Pairs, truth: Pairs) -> float:
    right = len(pairs & truth)
    precision, recall = right / max(len(pairs), 1), right / max(len(truth), 1)
    return 2 * precision * recall / max(precision + recall, 1e-9)
