"""Decisions as rows: filled, sealed, signed, written together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

import orjson

from bankos.platform import direct
from bankos.platform.ids import uuid7

from . import contexts, models, tokens
from .asking import LONGEST_ID, Asked, evidence, word
from .canonical import parameters_hash
from .catalogue import ActionType, ParameterKind
from .cedar import Approval, Outcome, Request, Verdict
from .claims import claims_of
from .contexts import Key, Subject
from .errors import AuthorityError
from .policy import BANK
from .standing import InForce, Standing

REFUSAL_LIFETIME = timedelta(minutes=15)


class Case(Protocol):
    """What becomes a decision: `key` is None while its subject has none, `row` is ready to be written."""

    @property
    def key(self) -> Key | None: ...

    @property
    def subject(self) -> Subject: ...

    def row(self, key: Key) -> models.Decision: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that the policies answered; `request_text` is the request's canonical text."""

    asked: Asked
    request: Request
    request_text: str
    verdict: Verdict
    action_type: ActionType
    standing: Standing

    @property
    def key(self) -> Key | None:
        return self.standing.key

    @property
    def subject(self) -> Subject:
        return _subject(self.asked)

    def row(self, key: Key) -> models.Decision:
        asked, verdict, standing = self.asked, self.verdict, self.standing
        salt = contexts.new_salt()
        in_force = standing.policy
        approval = self.request.approval
        row = models.Decision(
            id=uuid7(),
            leaf_index=standing.place,
            store=BANK,
            outcome=verdict.outcome,
            action=asked.action,
            resource_type=asked.resource.type,
            resource_id=asked.resource.id,
            branch=word(asked.resource.attributes.get("branch") or "", 20),
            segment=word(asked.resource.attributes.get("segment") or "", 40),
            parameters=_public(asked.parameters, self.action_type, salt),
            parameters_hash=parameters_hash(asked.parameters),
            actor_kind=asked.actor.kind,
            actor_id=asked.actor.id,
            actor_roles=sorted(asked.actor.roles),
            on_behalf_of=_on_behalf_of(asked),
            rules=list(verdict.rule_ids),
            obligations=list(verdict.obligations) if verdict.outcome is Outcome.PERMIT else [],
            # The version's head is all the claims need; its texts stay where they are.
            policy_version=_head(in_force) if in_force else None,
            autonomy_level=self.request.autonomy or "",
            model=asdict(asked.model) if asked.model else None,
            purposes=list(asked.purposes),
            consents=list(asked.consents),
            approval_id=asked.approval,
            approvals=[_agreed(asked, approval)] if approval else [],
            issued_at=asked.at,
            # Whole seconds, as the token says it.
            expires_at=(asked.at + self.action_type.lifetime).replace(microsecond=0),
        )
        return _sealed(row, contexts.text_of_request(self.request_text, salt, details=asked.details), key)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that never came to the policies: what was asked, as far as it can be written down, and that the answer was no."""

    asked: Asked
    error: AuthorityError
    standing: Standing

    @property
    def key(self) -> Key | None:
        return self.standing.key

    @property
    def subject(self) -> Subject:
        return _subject(self.asked)

    def row(self, key: Key) -> models.Decision:
        asked = self.asked
        given = evidence(asked.parameters)
        given = given if isinstance(given, dict) else {"given": given}
        row = models.Decision(
            id=uuid7(),
            leaf_index=self.standing.place,
            store=BANK,
            outcome=Outcome.DENY,
            action=word(asked.action, 80),
            resource_type=word(asked.resource.type, 40),
            resource_id=word(asked.resource.id, LONGEST_ID),
            parameters={},
            parameters_hash=parameters_hash({}),
            actor_kind=asked.actor.kind,
            actor_id=word(asked.actor.id, LONGEST_ID),
            actor_roles=sorted(asked.actor.roles),
            on_behalf_of=None,
            rules=[self.error.rule.id],
            obligations=[],
            policy_version=None,
            autonomy_level="",
            model=None,
            purposes=[],
            consents=[],
            approval_id=None,
            approvals=[],
            issued_at=asked.at,
            expires_at=_refused_until(asked.at),
        )
        content = {
            "refused": word(str(self.error), 500),
            "parameters": given,
            "facts": evidence(asked.facts),
            "attributes": evidence(asked.resource.attributes),
        }
        return sealed(row, content, contexts.new_salt(), key)


def rows_of(cases: Sequence[Case], *, at: datetime) -> list[models.Decision]:
    """The rows of these cases, ready to be written. Makes the keys that are missing.

    Queries: 0, or 1 to 2 if a subject is met for the first time.
    """
    made = contexts.keys_for([case.subject for case in cases if case.key is None], at=at)
    return [case.row(case.key or made[case.subject]) for case in cases]


# One parameter whatever the number of rows, and nothing for the driver to quote value by value. The function is made in migration 0005.
_INSERT = "SELECT sentinel_record(%s::jsonb)"
_FIELDS = tuple((field.attname, field.column) for field in models.Decision._meta.concrete_fields)


def insert(rows: Sequence[models.Decision], *, last: bool = False) -> None:
    """Write the rows. Queries: 1, none for no row.

    Args:
        last: as for `direct.execute`.
    """
    if rows:
        values = [{column: getattr(row, attribute) for attribute, column in _FIELDS} for row in rows]
        direct.execute(_INSERT, [orjson.dumps(values, default=_as_hex).decode()], last=last)


def _as_hex(value: bytes) -> str:
    """Bytes as PostgreSQL reads them; the rest of a row's values JSON can say."""
    return rf"\x{value.hex()}"


def sealed(row: models.Decision, content: Mapping[str, Any], salt: str, key: Key) -> models.Decision:
    """The row with its encrypted content and its token: nothing of it may change any more."""
    return _sealed(row, contexts.text_of(content, salt), key)


def _sealed(row: models.Decision, content: str, key: Key) -> models.Decision:
    context = contexts.seal(content, key=key, decision_id=row.pk)
    row.context_key_id, row.context_cipher, row.context_hash = key.id, context.cipher, context.sha256
    row.token = tokens.sign(claims_of(row))
    return row


@lru_cache(maxsize=64)
def _head(in_force: InForce) -> models.PolicyVersion:
    return models.PolicyVersion(id=in_force.id, number=in_force.number, sha256=in_force.sha256)


def _public(parameters: Mapping[str, Any], action_type: ActionType, salt: str) -> dict[str, Any]:
    """The parameters as token and log may show them: a free text, which may speak of people, only by its salted hash."""
    kinds = action_type.parameters
    return {
        name: {"sha256": contexts.salted_hash(salt, value)} if kinds[name] is ParameterKind.TEXT else value
        for name, value in parameters.items()
    }


def _subject(asked: Asked) -> Subject:
    look = asked.look()
    return look.subject_type, look.subject_id


def _agreed(asked: Asked, approval: Approval) -> dict[str, Any]:
    """Who agreed: `decision` is their own, to be looked up in the log."""
    return {"id": str(asked.approval), "decision": approval.decision, "by": approval.by, "roles": sorted(approval.roles)}


def _on_behalf_of(asked: Asked) -> dict[str, str] | None:
    other = asked.on_behalf_of
    return None if other is None else {"kind": str(other.kind), "sub": other.id}


def _refused_until(at: datetime) -> datetime:
    return (at + REFUSAL_LIFETIME).replace(microsecond=0)
