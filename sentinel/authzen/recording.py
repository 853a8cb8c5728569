"""Evaluations as decisions: what was asked through AuthZEN is kept, signed and logged like everything else that is decided.

Such a decision is advice to whoever enforces it, and no permit that this bank's own actions could use up: it expires at the moment it is
issued, and the database refuses the use of a permit that never lived.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from bankos.platform.ids import uuid7
from sentinel import contexts, models, rules
from sentinel.asking import evidence, word
from sentinel.canonical import parameters_hash
from sentinel.cedar import MACHINES, Outcome, Question, Verdict
from sentinel.contexts import Key, Subject
from sentinel.policy import BANK
from sentinel.recording import sealed
from sentinel.rules import Rule
from sentinel.standing import InForce, Look, Standing

from .messages import Evaluation

LONGEST_TYPE = 80  # characters of a type or an action's name, as a decision's columns hold them
LONGEST_ID = 200
LONGEST_EVIDENCE = 32_000  # characters of JSON
_DIGEST = 65


@dataclass(frozen=True, slots=True)
class Asker:
    """The client that asks a store, at one moment."""

    store: str
    client: UUID
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Concerned:
    """Who wants to do what to what, as a decision's columns name them: "" where a request doesn't say."""

    subject_type: str
    subject_id: str
    action: str
    resource_type: str
    resource_id: str

    @classmethod
    def by(cls, said: Any) -> "Concerned":
        """Read from whatever was said."""
        return cls(
            _named(said, "subject", "type", LONGEST_TYPE),
            _named(said, "subject", "id", LONGEST_ID),
            _named(said, "action", "name", LONGEST_TYPE),
            _named(said, "resource", "type", LONGEST_TYPE),
            _named(said, "resource", "id", LONGEST_ID),
        )

    def key_subject(self, store: str) -> Subject:
        """Whose key encrypts the context: the resource's. What has the same name in two stores is not the same."""
        return self.resource_type if store == BANK else written(f"{store}/{self.resource_type}", LONGEST_TYPE), self.resource_id

    def look(self, store: str, said: Any) -> Look:
        """What to look up. The bank's machines can be stopped here too."""
        type, id = self.key_subject(store)
        return Look(
            actor=self.subject_id,
            machine=store == BANK and self.subject_type in MACHINES,
            action=self.action,
            segment="",
            branch=_branch(said),
            model="",
            subject_type=type,
            subject_id=id,
        )


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation the policies answered."""

    asker: Asker
    concerned: Concerned
    asked: Evaluation
    question: Question
    verdict: Verdict
    standing: Standing

    @property
    def key(self) -> Key | None:
        return self.standing.key

    @property
    def subject(self) -> Subject:
        return self.concerned.key_subject(self.asker.store)

    def row(self, key: Key) -> models.Decision:
        row = _row(self.asker, self.concerned, self.verdict, self.standing)
        row.policy_version = _head(self.standing.policy, self.asker.store)
        # Properties may hold anything about anybody: only their hash stands where it cannot be erased.
        row.parameters_hash = parameters_hash(self.asked.action.properties or {})
        return sealed(row, {"question": self.question.as_json(), "client": _client(self.asker)}, contexts.new_salt(), key)


@dataclass(frozen=True, slots=True)
class Unevaluated:
    """A request, or one evaluation of a batch, that never came to the policies, or got no answer: a no, with what was said of it."""

    asker: Asker
    concerned: Concerned
    said: Any
    reason: str
    rule: Rule
    standing: Standing

    @property
    def key(self) -> Key | None:
        return self.standing.key

    @property
    def subject(self) -> Subject:
        return self.concerned.key_subject(self.asker.store)

    def row(self, key: Key) -> models.Decision:
        row = _row(self.asker, self.concerned, Verdict(Outcome.DENY, (self.rule,)), self.standing)
        content = {"refused": word(self.reason, 500), "asked": _evidence(self.said), "client": _client(self.asker)}
        return sealed(row, content, contexts.new_salt(), key)


def rule_for(status: int) -> Rule:
    """The built-in rule behind an answer of this HTTP status that is no decision of the policies."""
    return rules.NOT_DECIDED if status == 500 else rules.NOT_UNDERSTOOD


def written(text: str, longest: int) -> str:
    """The text as a column can hold it. What is too long or not printable ends with its hash, so that two never become one."""
    if len(text) <= longest and text.isprintable():
        return text
    return f"{word(text, longest - _DIGEST)}~{sha256(text.encode()).hexdigest()}"


def _row(asker: Asker, concerned: Concerned, verdict: Verdict, standing: Standing) -> models.Decision:
    return models.Decision(
        id=uuid7(),
        leaf_index=standing.place,
        store=asker.store,
        outcome=verdict.outcome,
        action=concerned.action,
        resource_type=concerned.resource_type,
        resource_id=concerned.resource_id,
        parameters={},
        parameters_hash=parameters_hash({}),
        actor_kind=concerned.subject_type,
        actor_id=concerned.subject_id,
        actor_roles=[],
        on_behalf_of=None,
        rules=list(verdict.rule_ids),
        obligations=list(verdict.obligations) if verdict.outcome is Outcome.PERMIT else [],
        policy_version=None,
        autonomy_level="",
        model=None,
        purposes=[],
        consents=[],
        approval_id=None,
        approvals=[],
        issued_at=asker.at,
        expires_at=asker.at.replace(microsecond=0),
    )


def _head(in_force: InForce | None, store: str) -> models.PolicyVersion | None:
    """The version's head is all the claims need; its texts stay where they are."""
    return models.PolicyVersion(id=in_force.id, store_id=store, number=in_force.number, sha256=in_force.sha256) if in_force else None


def _client(asker: Asker) -> dict[str, str]:
    return {"id": str(asker.client), "name": asker.name}


def _named(said: Any, entity: str, member: str, longest: int) -> str:
    value = _member(_member(said, entity), member)
    return written(value, longest) if isinstance(value, str) else ""


def _branch(said: Any) -> str:
    value = _member(_member(_member(said, "resource"), "properties"), "branch")
    return word(value, 20) if isinstance(value, str) else ""


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _evidence(said: Any) -> Any:
    """As much of what was said as there is room for."""
    cut_down = (evidence(said, depth) for depth in (4, 3, 2, 1))
    return next((kept for kept in cut_down if len(json.dumps(kept)) <= LONGEST_EVIDENCE), "too long to be kept")
