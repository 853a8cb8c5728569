"""The tree kept as rows, against the definitions of RFC 9162 written down as they stand there."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel import merkle
from sentinel.merkle import Node, leaf_hash, node_hash

MOST = 130
LEAVES = [leaf_hash(f"entry {number}".encode()) for number in range(3000)]


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else merkle.EMPTY_ROOT
    half = split(len(leaves))
    return node_hash(tree_hash(leaves[:half]), tree_hash(leaves[half:]))


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return [*path(index, leaves[:half]), tree_hash(leaves[half:])]
    return [*path(index - half, leaves[half:]), tree_hash(leaves[:half])]


def subproof(first: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if first == len(leaves):
        return [] if known else [tree_hash(leaves)]
    half = split(len(leaves))
    if first <= half:
        return [*subproof(first, leaves[:half], known), tree_hash(leaves[half:])]
    return [*subproof(first - half, leaves[half:], False), tree_hash(leaves[:half])]


def split(count: int) -> int:
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def stored(size: int) -> dict[Node, bytes]:
    """The rows of a tree."""
    return dict(merkle.new_nodes(0, LEAVES[:size], unread))


def unread(node: Node) -> bytes:
    raise AssertionError(f"{node} need not be read")


ROWS = stored(len(LEAVES))


def test_known_hashes_come_out() -> None:
    """The test vectors of certificate transparency's reference implementation (RFC 6962 and 9162 hash alike)."""
    entries = [
        bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
    ]
    leaves = [leaf_hash(entry) for entry in entries]
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle.root(leaves[:8]).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", range(MOST))
def test_rows_give_every_root_and_proof_of_the_definitions(size: int) -> None:
    leaves = LEAVES[:size]
    rows = stored(size)
    root = merkle.fold([rows[node] for node in merkle.root_nodes(size)])
    assert root == merkle.root(leaves) == tree_hash(leaves)
    for index in range(size):
        proof = merkle.inclusion_proof(index, size, rows.__getitem__)
        assert proof == path(index, leaves)
        assert merkle.verify_inclusion(leaves[index], index, size, proof, root)
    for first in range(size + 1):
        proof = merkle.consistency_proof(first, size, rows.__getitem__)
        assert proof == (subproof(first, leaves, True) if first else [])
        assert merkle.verify_consistency(first, size, tree_hash(leaves[:first]), root, proof)


@given(st.data())
def test_rows_of_a_larger_tree_prove_what_held_in_a_smaller(data: st.DataObject) -> None:
    size = data.draw(st.integers(MOST, len(LEAVES)))
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    leaves, root = LEAVES[:size], tree_hash(LEAVES[:size])
    assert merkle.fold([ROWS[node] for node in merkle.root_nodes(size)]) == root
    assert merkle.inclusion_proof(index, size, ROWS.__getitem__) == path(index, leaves)
    assert merkle.consistency_proof(first, size, ROWS.__getitem__) == subproof(first, leaves, True)


@given(st.data())
def test_an_inclusion_proof_with_anything_changed_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    leaf, root = LEAVES[index], tree_hash(LEAVES[:size])
    proof = merkle.inclusion_proof(index, size, ROWS.__getitem__)
    assert merkle.verify_inclusion(leaf, index, size, proof, root)

    assert not merkle.verify_inclusion(flipped(data, leaf), index, size, proof, root)
    assert not merkle.verify_inclusion(leaf, index, size, proof, flipped(data, root))
    assert not merkle.verify_inclusion(leaf, data.draw(st.integers(-3, size + 3).filter(lambda other: other != index)), size, proof, root)
    assert not merkle.verify_inclusion(leaf, index, size, [*proof, root], root)
    assert not merkle.verify_inclusion(leaf, index, size, [*proof, b""], root)
    if proof:
        assert not merkle.verify_inclusion(leaf, index, size, one_changed(data, proof), root)
        assert not merkle.verify_inclusion(leaf, index, size, proof[:-1], root)


@given(st.data())
def test_a_consistency_proof_with_anything_changed_proves_nothing(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 300))
    first = data.draw(st.integers(1, second - 1))
    roots = tree_hash(LEAVES[:first]), tree_hash(LEAVES[:second])
    proof = merkle.consistency_proof(first, second, ROWS.__getitem__)
    assert merkle.verify_consistency(first, second, *roots, proof)

    assert not merkle.verify_consistency(first, second, flipped(data, roots[0]), roots[1], proof)
    assert not merkle.verify_consistency(first, second, roots[0], flipped(data, roots[1]), proof)
    assert not merkle.verify_consistency(first, second, *roots, one_changed(data, proof))
    assert not merkle.verify_consistency(first, second, *roots, proof[:-1])
    assert not merkle.verify_consistency(first, second, *roots, [*proof, roots[0]])
    assert not merkle.verify_consistency(first, first, *roots, proof)
    assert not merkle.verify_consistency(second, first, *roots, proof)
    assert not merkle.verify_consistency(0, second, *roots, proof)


@pytest.mark.parametrize("size", range(2, 40))
def test_a_proof_of_one_size_proves_nothing_of_a_root_of_another(size: int) -> None:
    for index in range(size):
        proof = merkle.inclusion_proof(index, size, ROWS.__getitem__)
        for other in {size - 1, size + 1, size * 2}:
            assert not merkle.verify_inclusion(LEAVES[index], index, size, proof, tree_hash(LEAVES[:other]))


@given(st.lists(st.integers(0, 60), max_size=12))
def test_appending_in_runs_stores_the_same_rows_and_reads_few(runs: list[int]) -> None:
    rows: dict[Node, bytes] = {}
    size = 0
    for run in runs:
        read: list[Node] = []

        def read_node(node: Node, read: list[Node] = read) -> bytes:
            read.append(node)
            return rows[node]

        made = list(merkle.new_nodes(size, LEAVES[size : size + run], read_node))
        assert len(read) == len(set(read)) <= size.bit_length()
        assert len(made) <= 2 * run + len(read)
        assert not rows.keys() & dict(made).keys()
        rows.update(made)
        size += run
    assert rows == stored(size)


def test_a_proof_in_a_million_leaves_needs_forty_rows_at_most() -> None:
    for size in (10**6, 2**20 - 1, 2**20, 2**20 + 1):
        proofs = [merkle.inclusion_nodes(index, size) for index in (0, 1, size // 3, size - 2, size - 1)]
        proofs += [merkle.consistency_nodes(first, size) for first in (1, 2, 65_535, size // 2, size - 1)]
        proofs.append((merkle.root_nodes(size),))
        for proof in proofs:
            nodes = [node for parts in proof for node in parts]
            assert len(nodes) <= 40
            assert all((node.position + 1) << node.level <= size for node in nodes)


def test_a_fold_runs_from_left_to_right_over_neighbours() -> None:
    for size in range(1, MOST):
        nodes = merkle.root_nodes(size)
        assert nodes[0].position == 0
        for left, right in pairwise(nodes):
            assert left.level > right.level
            assert (left.position + 1) << left.level == right.position << right.level


def test_what_a_tree_cannot_have_is_refused() -> None:
    for asked in (
        lambda: merkle.inclusion_nodes(5, 5),
        lambda: merkle.inclusion_nodes(-1, 5),
        lambda: merkle.consistency_nodes(6, 5),
        lambda: merkle.consistency_nodes(-1, 5),
        lambda: merkle.root_nodes(-1),
    ):
        with pytest.raises(ValueError, match="tree"):
            asked()


def flipped(data: st.DataObject, content: bytes) -> bytes:
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    return (int.from_bytes(content, "big") ^ (1 << bit)).to_bytes(len(content), "big")


def one_changed(data: st.DataObject, proof: list[bytes]) -> list[bytes]:
    at = data.draw(st.integers(0, len(proof) - 1))
    return [*proof[:at], flipped(data, proof[at]), *proof[at + 1 :]]
