"""How things stand at the moment of a question: policy in force, autonomy, stops, mandates, keys, and the next place in the log.

One query, however many questions: it is asked at every decision, so that a change holds from the very next one on, in every process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bankos.platform import direct

from .cedar import Mandate
from .contexts import Key


@dataclass(frozen=True, slots=True)
class Look:
    """What to look for: plain texts, empty where there is nothing. What is not `recorded` is only tried, and takes no place in the log."""

    actor: str
    machine: bool
    action: str
    segment: str
    branch: str
    model: str
    subject_type: str
    subject_id: str
    currency: str = ""
    recorded: bool = True

    def as_json(self) -> dict[str, str | bool]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class InForce:
    """The head of the policy version that decides now."""

    id: UUID
    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Standing:
    """`place` is the decision's index in the log, -1 for what is only tried. `settings` are rows of subject, action, segment, level,
    amount, currency, acts a day, from hour, to hour; `stop` is the id of the stop that covers the act."""

    place: int
    policy: InForce | None
    settings: tuple[tuple[Any, ...], ...]
    stop: str | None
    mandate: Mandate | None
    key: Key | None


# The function is made in migrations 0005 and 0021.
_ASK = "SELECT * FROM sentinel_standing(%s, %s::timestamptz, %s::jsonb)"


def standings(looks: Sequence[Look], *, store: str, at: datetime) -> list[Standing]:
    """How things stand for each of these, in their order. What is recorded takes a place in the log, in the transaction that fills it.

    Queries: 1.
    """
    asked = orjson.dumps([look.as_json() for look in looks]).decode()
    return [_standing(*row) for row in direct.fetch(_ASK, [store, at.isoformat(), asked])]


def _standing(
    place: int,
    version: UUID | None,
    number: int,
    sha256: str,
    settings: list[list[Any]] | None,
    stop: str | None,
    mandate: list[str] | None,
    key: UUID | None,
    wrapped: bytes | None,
) -> Standing:
    return Standing(
        place=place,
        policy=InForce(version, number, sha256) if version else None,
        settings=tuple(tuple(row) for row in settings or ()),
        stop=stop,
        mandate=Mandate(*mandate) if mandate else None,
        key=Key(key, bytes(wrapped)) if key and wrapped else None,
    )
