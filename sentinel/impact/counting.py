"""Decisions made again with another text, and counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from .. import contexts, replay
from ..cedar import EngineFailed, PolicyText, RequestInvalid
from ..models import Decision, ReplayChange
from .groups import code_of
from .wording import CANNOT_BE_ASKED, RULE_FAILS


@dataclass(slots=True)
class Tally:
    """What became of some decisions. `counts` is by (action, segment, group, was, would be)."""

    run_id: UUID
    done: int = 0
    erased: int = 0
    damaged: int = 0
    counts: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    changes: list[ReplayChange] = field(default_factory=list)

    def add(self, rows: Iterable[Decision], text: PolicyText) -> None:
        """Make these again. They need `context_key` at hand."""
        for row in rows:
            self.done += 1
            self._one(row, text)

    def as_json(self) -> list[list[str | int]]:
        """The counts in a fixed order, as a part stores them."""
        return [[*key, number] for key, number in sorted(self.counts.items())]

    def _one(self, row: Decision, text: PolicyText) -> None:
        try:
            stored = replay.Stored.from_json(contexts.content_of(row))
        except contexts.ContentErased:
            self.erased += 1
            return
        except (contexts.ContentDamaged, RequestInvalid):
            self.damaged += 1
            return
        group = code_of(stored.resource_attributes)
        would_be, rules = _answer(stored, text)
        self.counts[row.action, row.segment, group, row.outcome, would_be] += 1
        if would_be != row.outcome:
            self.changes.append(
                ReplayChange(
                    run_id=self.run_id,
                    decision_id=row.pk,
                    action=row.action,
                    segment=row.segment,
                    group=group,
                    was=row.outcome,
                    would_be=would_be,
                    rules_were=row.rules,
                    rules_would_be=list(rules),
                )
            )


def _answer(stored: replay.Stored, text: PolicyText) -> tuple[str, tuple[str, ...]]:
    try:
        came_out = stored.put_to(text)
    except RequestInvalid:
        return CANNOT_BE_ASKED, ()
    except EngineFailed:
        return RULE_FAILS, ()
    return str(came_out.outcome), came_out.rules
