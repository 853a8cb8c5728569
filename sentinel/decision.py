"""One decision, in the words it is asked and answered in: what it is about, and what came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bankos.platform.actors import Actor

from .cedar import Outcome


@dataclass(frozen=True, slots=True)
class Resource:
    """What the action is done to; `attributes` are the facts policies read. A fact that is not known is left out or None.

    `consents` are the records in force by their purpose: those an act relies on are named in its decision.
    """

    type: str
    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    consents: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelRef:
    """The model a proposal came from."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class DecidingRule:
    """A rule the answer rests on; `sentence` is for staff."""

    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `token` is its signed form; a permit's is consumed by the effect it permits. `policy_version` is None where what was
    asked comes before any policy."""

    id: UUID
    token: str
    outcome: Outcome
    action: str
    resource: Resource
    parameters: dict[str, str | int | bool]
    actor: Actor
    rules: tuple[DecidingRule, ...]
    obligations: tuple[str, ...]
    policy_version: int | None
    issued_at: datetime
    expires_at: datetime

    @property
    def sentence(self) -> str:
        """The rules it rests on, in words for staff."""
        return " ".join(rule.sentence for rule in self.rules)


class NotPermitted(Exception):
    """The policies do not let this actor do it, or not alone: `decision` says which rules, the message is what they say to staff."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.sentence)
        self.decision = decision
