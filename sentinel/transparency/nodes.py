"""The tree's stored hashes: leaves stand in the entries, complete subtrees above them in the nodes."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from ..merkle import Node
from .errors import LogDamaged

_READ = """
SELECT q.level, q.position, n.hash
  FROM unnest(%(levels)s::smallint[], %(positions)s::bigint[]) AS q (level, position)
  JOIN sentinel_lognode n ON n.level = q.level AND n.index = q.position
UNION ALL
SELECT 0, q.index, e.leaf_hash
  FROM unnest(%(leaves)s::bigint[]) AS q (index) JOIN sentinel_logentry e ON e.index = q.index
"""


def read(nodes: Iterable[Node]) -> dict[Node, bytes]:
    """The hashes of these nodes.

    Raises:
        LogDamaged: one of them is not there.
    Queries: 1, none for no nodes.
    """
    wanted = set(nodes)
    if not wanted:
        return {}
    above = [node for node in wanted if node.level]
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            {
                "levels": [node.level for node in above],
                "positions": [node.position for node in above],
                "leaves": [node.position for node in wanted if not node.level],
            },
        )
        found = {Node(level, index): bytes(hash) for level, index, hash in cursor.fetchall()}
    if missing := wanted - found.keys():
        raise LogDamaged(f"the hash of node {min(missing)} is gone")
    return found


def write(entries: Iterable[tuple[int, str, UUID | None, bytes]], above: Iterable[tuple[Node, bytes]]) -> None:
    """Add entries (index, kind, decision, hash) and the subtrees above them. Queries: 2."""
    with connection.cursor() as cursor:
        with cursor.copy("COPY sentinel_logentry (index, kind, subject_id, leaf_hash) FROM STDIN") as rows:
            for entry in entries:
                rows.write_row(entry)
        with cursor.copy("COPY sentinel_lognode (level, index, hash) FROM STDIN") as rows:
            for node, hash in above:
                rows.write_row((node.level, node.position, hash))
