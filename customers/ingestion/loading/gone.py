"""What a source no longer has: what that means depends on what it was."""

from collections import defaultdict
from collections.abc import Sequence

from ..feed import Complaint
from ..landed import Landing, Loaded, Loader
from ..records import GoneRecord
from .corrections import take_back
from .removals import end_arrangements, keep_parties, let_holders_go

GONE: dict[str, Loader] = {
    "transaction": take_back,
    "arrangement": end_arrangements,
    "holder": let_holders_go,
    "party": keep_parties,
}
"""Kind of record → what undoes it."""


def load_gone(records: Sequence[GoneRecord], landing: Landing) -> Loaded:
    by_kind: dict[str, list[GoneRecord]] = defaultdict(list)
    for record in records:
        by_kind[record.kind].append(record)
    added = 0
    complaints: dict[int, Complaint] = {}
    for kind, gone in by_kind.items():
        if kind in GONE:
            loaded = GONE[kind](gone, landing)
            added += loaded.added
            complaints |= loaded.complaints
        else:
            sentence = f"What of kind “{kind}” a source no longer has stays as it is; correct it at the source."
            complaints |= {record.line: Complaint("cannot_go", sentence) for record in gone}
    return Loaded(added, complaints)
