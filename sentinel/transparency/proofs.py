"""Proofs that an entry is in the log, and that a later log continues an earlier one; about 2·log2(size) look-ups in one query."""

from collections.abc import Sequence
from dataclasses import dataclass

from .. import merkle
from ..models import LogEntry
from . import checkpoints, nodes
from .errors import LogDamaged, NotInTheLog

Hashes = list[bytes]


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That `leaf_hash` is at `index` of the log which `checkpoint` signs (RFC 9162, 2.1.3)."""

    index: int
    leaf_hash: bytes
    hashes: tuple[bytes, ...]
    checkpoint: checkpoints.Checkpoint


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the log of `second` entries begins with those of `first` (RFC 9162, 2.1.4)."""

    first: int
    second: int
    hashes: tuple[bytes, ...]


def proof_of(index: int) -> Inclusion:
    """The proof that the latest checkpoint counts this entry.

    Raises:
        NotInTheLog, LogDamaged
    Queries: 3.
    """
    latest = checkpoints.latest()
    if latest is None or not 0 <= index < latest.size:
        raise NotInTheLog(index)
    leaf = LogEntry.objects.filter(pk=index).values_list("leaf_hash", flat=True).first()
    if leaf is None:
        raise LogDamaged(f"entry {index} is gone")
    return Inclusion(index, bytes(leaf), tuple(inclusion_proof(index, latest.size)), latest)


def consistency_of(first: int, second: int) -> Consistency:
    """The proof between two sizes of the log, neither larger than the latest checkpoint's.

    Raises:
        NotInTheLog, LogDamaged
    Queries: 2.
    """
    latest = checkpoints.latest()
    if latest is None or not 0 <= first <= second <= latest.size:
        raise NotInTheLog(second)
    return Consistency(first, second, tuple(consistency_proof(first, second)))


def root(size: int) -> bytes:
    """The root over the first `size` entries, from what is stored. Raises LogDamaged. Queries: 1."""
    wanted = merkle.root_nodes(size)
    stored = nodes.read(wanted)
    return merkle.fold([stored[node] for node in wanted])


def inclusion_proof(index: int, size: int) -> Hashes:
    """The proof that the entry is in the log of this size. Raises ValueError, LogDamaged. Queries: 1."""
    return inclusion_proofs([index], size)[0]


def inclusion_proofs(indexes: Sequence[int], size: int) -> list[Hashes]:
    """The proofs of several entries at once. Raises ValueError, LogDamaged. Queries: 1, whatever their number."""
    steps = [merkle.inclusion_nodes(index, size) for index in indexes]
    return _folded(steps)


def consistency_proof(first: int, second: int) -> Hashes:
    """The proof that the log of `second` entries continues that of `first`. Raises ValueError, LogDamaged. Queries: 0 or 1."""
    return consistency_proofs([(first, second)])[0]


def consistency_proofs(pairs: Sequence[tuple[int, int]]) -> list[Hashes]:
    """The proofs for several pairs of sizes at once. Raises ValueError, LogDamaged. Queries: 0 or 1, whatever their number."""
    return _folded([merkle.consistency_nodes(first, second) for first, second in pairs])


def _folded(proofs: Sequence[Sequence[merkle.Parts]]) -> list[Hashes]:
    stored = nodes.read(node for steps in proofs for parts in steps for node in parts)
    return [[merkle.fold([stored[node] for node in parts]) for parts in steps] for steps in proofs]
