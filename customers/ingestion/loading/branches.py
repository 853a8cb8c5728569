"""Branches: the newest name and town count."""

from collections.abc import Sequence

from ..landed import Landing, Loaded
from ..records import BranchRecord
from ..staging import Stage

_LOAD = """
INSERT INTO customers_branch AS known (id, code, name, town)
SELECT DISTINCT ON (code) id, code, name, town FROM staged_branch ORDER BY code, line DESC
    ON CONFLICT (code) DO UPDATE SET name = excluded.name, town = excluded.town
    WHERE (known.name, known.town) IS DISTINCT FROM (excluded.name, excluded.town)
RETURNING code
"""


def load_branches(records: Sequence[BranchRecord], landing: Landing) -> Loaded:
    stage = Stage("staged_branch", records)
    return Loaded(added=len(stage.run(_LOAD)))
