"""Links kept: every pair that may be one person, how likely and why, whatever is decided about it."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import connection

from bankos.platform.ids import uuid7
from sentinel.canonical import canonical

from ..models import LinkageModel, LinkageSettings, PartyLink
from . import known
from .comparisons import COMPARISONS
from .model import FIRST, Model, OtherComparisons, Score
from .zones import Thresholds, Zone

# A verdict holds until either record says something new; a link that became likely again is asked about.
_KEEP = """
INSERT INTO customers_partylink (id, left_id, right_id, probability, bits, levels, fingerprint, model_id, scored_at, state)
SELECT id, left_id, right_id, probability, bits, levels::jsonb, fingerprint, %(model)s, %(at)s, 'open'
  FROM unnest(%(ids)s::uuid[], %(lefts)s::uuid[], %(rights)s::uuid[], %(probabilities)s::float[], %(bits)s::float[], %(levels)s::text[],
              %(fingerprints)s::text[]) AS scored (id, left_id, right_id, probability, bits, levels, fingerprint)
 ORDER BY left_id, right_id
    ON CONFLICT (left_id, right_id) DO UPDATE
   SET probability = excluded.probability, bits = excluded.bits, levels = excluded.levels, fingerprint = excluded.fingerprint,
       model_id = excluded.model_id, scored_at = excluded.scored_at,
       put_off_until = CASE WHEN customers_partylink.fingerprint = excluded.fingerprint THEN customers_partylink.put_off_until END,
       state = CASE WHEN customers_partylink.state = 'unlikely'
                      OR (customers_partylink.state = 'apart' AND customers_partylink.fingerprint <> excluded.fingerprint) THEN 'open'
                    ELSE customers_partylink.state END
 WHERE (customers_partylink.fingerprint, customers_partylink.bits, customers_partylink.model_id)
       IS DISTINCT FROM (excluded.fingerprint, excluded.bits, excluded.model_id)
"""
_LET_GO = """
UPDATE customers_partylink SET state = 'unlikely', scored_at = %(at)s
 WHERE state = 'open' AND (left_id = ANY(%(units)s::uuid[]) OR right_id = ANY(%(units)s::uuid[]))
   AND (left_id, right_id) NOT IN (SELECT * FROM unnest(%(lefts)s::uuid[], %(rights)s::uuid[]))
"""


@dataclass(frozen=True, slots=True)
class Judge:
    """What links are judged by now: the model, the row it is kept in (None before anything was learned), and the zones."""

    model: Model
    row: LinkageModel | None
    thresholds: Thresholds

    @property
    def version(self) -> int:
        return self.row.version if self.row else 0

    @property
    def sha256(self) -> str:
        return sha256(canonical(self.model.as_json()).encode()).hexdigest()


def judge() -> Judge:
    """The newest model and today's zones; what a model learned for other comparisons knew is not asked. Queries: 2."""
    row = LinkageModel.objects.order_by("-version").first()
    settings = LinkageSettings.objects.first() or LinkageSettings()
    thresholds = Thresholds(same=settings.same_from, ask=settings.ask_from)
    try:
        return Judge(Model.from_json(row.weights), row, thresholds) if row else Judge(FIRST, None, thresholds)
    except OtherComparisons:
        return Judge(FIRST, None, thresholds)


def keep(scores: Iterable[Score], by: Judge, *, at: datetime) -> int:
    """Keep the pairs that may be one person. Returns how many those are. Queries: 2, whatever their number."""
    likely = [score for score in scores if by.thresholds.zone(score.probability) is not Zone.DIFFERENT]
    if not likely:
        return 0
    prints = known.fingerprints({UUID(unit) for score in likely for unit in (score.left, score.right)})
    # Joining takes equally sure links in the order of their ids: that is to come of what the records say.
    likely.sort(key=lambda score: sorted((prints[UUID(score.left)], prints[UUID(score.right)])))
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "model": by.row.pk if by.row else None,
                "at": at,
                "ids": [uuid7() for _ in likely],
                "lefts": [score.left for score in likely],
                "rights": [score.right for score in likely],
                "probabilities": [score.probability for score in likely],
                "bits": [score.bits for score in likely],
                "levels": [json.dumps(_levels(score)) for score in likely],
                "fingerprints": [f"{prints[UUID(score.left)]}:{prints[UUID(score.right)]}" for score in likely],
            },
        )
    return len(likely)


def let_go(units: Collection[UUID], scores: Iterable[Score], by: Judge, *, at: datetime) -> None:
    """Nobody is asked any longer about pairs of these units that are no more likely. Queries: 1."""
    likely = [score for score in scores if by.thresholds.zone(score.probability) is not Zone.DIFFERENT]
    with connection.cursor() as cursor:
        cursor.execute(
            _LET_GO,
            {
                "at": at,
                "units": list(units),
                "lefts": [score.left for score in likely],
                "rights": [score.right for score in likely],
            },
        )


def between(one: UUID, other: UUID) -> list[PartyLink]:
    """The links between the records of two customers, the strongest first. Queries: 1."""
    sides = PartyLink.objects.filter(left__golden=one, right__golden=other) | PartyLink.objects.filter(
        left__golden=other, right__golden=one
    )
    return list(sides.order_by("-bits", "pk"))


def _levels(score: Score) -> dict[str, str]:
    return {comparison.code: level for comparison, level in zip(COMPARISONS, score.levels, strict=True)}
