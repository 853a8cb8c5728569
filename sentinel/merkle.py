"""The Merkle tree of a transparency log (RFC 9162, SHA-256), and where its nodes are kept. Knows hashes and numbers, no database.

A tree is stored as its *complete* subtrees: node (level, position) is the root over the 2^level leaves that begin with leaf
position·2^level; at level 0 it is the leaf. Such a node never changes again. What the ragged right edge of a tree still lacks is
folded from complete nodes when it is asked for, so a root or a proof costs at most about 2·log2(size) look-ups, whatever the size.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH_LENGTH = 32
EMPTY_ROOT = sha256(b"").digest()


class Node(NamedTuple):
    """The place of a complete subtree: 2^level leaves, the first of them position·2^level."""

    level: int
    position: int


# Nodes that, folded together, give one hash: of a root, or one step of a proof.
Parts = tuple[Node, ...]
ReadNode = Callable[[Node], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring complete subtrees, the largest first; of none at all the root of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = node_hash(left, folded)
    return folded


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over these leaves, in memory of log2 of their number."""
    edge: list[bytes] = []
    for size, leaf in enumerate(leaf_hashes):
        grown = leaf
        while size & 1:
            grown = node_hash(edge.pop(), grown)
            size >>= 1  # noqa: PLW2901 - its lowest bits count the subtrees this leaf completes
        edge.append(grown)
    return fold(edge)


def root_nodes(size: int) -> Parts:
    """The nodes whose fold is the root of the first `size` leaves.

    Raises:
        ValueError: a negative size.
    """
    if size < 0:
        raise ValueError(f"no tree has {size} leaves")
    return _range_nodes(0, size)


def inclusion_nodes(index: int, size: int) -> tuple[Parts, ...]:
    """Each step of the proof that leaf `index` is in the tree of `size` leaves (RFC 9162, 2.1.3.1), from the leaf upwards.

    Raises:
        ValueError: that tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    steps = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left_half(end - start)
        if index < middle:
            steps.append(_range_nodes(middle, end))
            end = middle
        else:
            steps.append(_range_nodes(start, middle))
            start = middle
    return tuple(reversed(steps))


def consistency_nodes(first: int, second: int) -> tuple[Parts, ...]:
    """Each step of the proof that the tree of `second` leaves continues that of `first` (RFC 9162, 2.1.4.1).

    Nothing needs to be shown, and the proof is empty, if the two are equal or the first is the empty tree.

    Raises:
        ValueError: the first is larger, or negative.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} leaves does not continue one of {first}")
    if first == 0:
        return ()
    steps = []
    start, end = 0, second
    while first != end:
        middle = start + _left_half(end - start)
        if first <= middle:
            steps.append(_range_nodes(middle, end))
            end = middle
        else:
            steps.append(_range_nodes(start, middle))
            start = middle
    if start > 0:  # otherwise what is left is the first tree itself, whose root the verifier has
        steps.append(_range_nodes(start, end))
    return tuple(reversed(steps))


def inclusion_proof(index: int, size: int, read_node: ReadNode) -> list[bytes]:
    """The hashes of `inclusion_nodes`. To read the nodes at one go, fetch them first and pass the mapping's `__getitem__`."""
    return [fold([read_node(node) for node in parts]) for parts in inclusion_nodes(index, size)]


def consistency_proof(first: int, second: int, read_node: ReadNode) -> list[bytes]:
    """The hashes of `consistency_nodes`."""
    return [fold([read_node(node) for node in parts]) for parts in consistency_nodes(first, second)]


def new_nodes(size: int, leaf_hashes: Iterable[bytes], read_node: ReadNode) -> Iterator[tuple[Node, bytes]]:
    """The nodes that become complete when these leaves are appended to a tree of `size`: under two a leaf, each after its children.

    Args:
        read_node: reads a node stored before; it is asked for at most log2(size) of them, each once.
    """
    left: dict[int, bytes] = {}  # by level, the subtree that waits for its right neighbour
    for index, leaf in enumerate(leaf_hashes, size):
        node, grown = Node(0, index), leaf
        yield node, grown
        while node.position & 1:
            waiting = left.pop(node.level, None)
            if waiting is None:
                waiting = read_node(Node(node.level, node.position - 1))
            node, grown = Node(node.level + 1, node.position >> 1), node_hash(waiting, grown)
            yield node, grown
        left[node.level] = grown


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that `leaf` is at `index` in the tree of `size` leaves with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    place, last, grown = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            grown = node_hash(step, grown)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            grown = node_hash(grown, step)
        place, last = place >> 1, last >> 1
    return last == 0 and grown == root


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `second` leaves begins with the `first` leaves of the other (RFC 9162, 2.1.4.2)."""
    if not 0 <= first <= second or not _are_hashes(first_root, second_root, *proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    steps = list(proof)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == first_root and after == second_root


def _left_half(count: int) -> int:
    """The largest power of two below `count`, which is how many leaves go to the left."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_nodes(start: int, end: int) -> Parts:
    """The complete subtrees that make up a range which begins where a subtree of its size would."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return tuple(nodes)


def _are_hashes(*values: bytes) -> bool:
    """Hashes of another length could be cut apart elsewhere and still hash to the same."""
    return all(len(value) == HASH_LENGTH for value in values)
