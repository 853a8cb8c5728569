"""Stating and confirming a fact in front of staff: decided and kept like every act.

The word becomes a fact of the source "stated by the customer", by way of a file of one line, so that it has a place like any other. No
source's fact is changed: who says otherwise is shown beside it, and may be asked to put it right (`customers.rights.correcting`).
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from bankos.platform import clock
from bankos.platform.actors import Actor
from sentinel import actions, authority
from sentinel.actions import Ask, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from .. import changes
from ..attributes import DAYS, STATED_BY_CUSTOMERS, normalised, objection_to_word
from ..ingestion.locking import one_at_a_time
from ..members import customer_of
from ..models import PartyFact, RightsRequest, SourceChunk, SourceFile, SourceSystem, Statement
from ..rights import asking, correcting
from ..survivorship import resurface
from ..timeline import record_act
from ..validity import holding_on
from ..visibility import NotVisible

__all__ = ["NotStatable", "NotVisible", "Stated", "ask_sources", "state_fact"]

FEED = "customers.statement"


class NotStatable(ValueError):
    """What was stated makes no sense; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the customer says, what shows it, how staff know that it is the customer, and where they said it.

    `valid_from`: the day from which it is true, if it is not so already or the day matters.
    """

    attribute: str
    value: str
    evidence: str
    checked: str
    heard_on: str
    valid_from: date | None = None

    def parameters(self) -> Mapping[str, str]:
        return {"attribute": self.attribute, "evidence": self.evidence, "checked": self.checked, "heard_on": self.heard_on}

    def details(self) -> Mapping[str, str]:
        return {"value": self.value, "valid_from": self.valid_from.isoformat() if self.valid_from else ""}

    @classmethod
    def again(cls, permitted: Permitted) -> "Stated":
        """As it was said when it was asked for."""
        details = permitted.details
        begins = date.fromisoformat(details["valid_from"]) if details["valid_from"] else None
        return cls(**permitted.parameters, value=details["value"], valid_from=begins)


def state_fact(party_id: UUID, *, said: Stated, actor: Actor, at: datetime) -> UUID:
    """Record what the customer states or confirms. Takes effect at once, or on its day. Returns the fact's id.

    Raises:
        NotVisible, NotStatable
        sentinel.authority.NotPermitted: the refusal is kept as a decision.
    """
    _check(said, today=clock.bank_date(at))
    asked: dict[str, Any] = {"resource_id": str(party_id), "parameters": said.parameters(), "details": said.details()}
    fact_id: UUID = actions.run(STATE, actor=actor, at=at, **asked).or_raise()
    return fact_id


def _facts(asked: Ask) -> authority.Resource:
    # Waits for a merge that is under way: what a customer states belongs to whoever that is then.
    one_at_a_time(at=asked.at)
    return asking.locked(asked)


def _state(permitted: Permitted) -> UUID:
    said, at, actor = Stated.again(permitted), permitted.at, permitted.actor
    party_id, decision_id = UUID(permitted.decision.resource.id), permitted.decision.id
    fact = PartyFact.objects.create(
        party_id=party_id,
        system_id=SourceSystem.CUSTOMERS_WORD,
        attribute=said.attribute,
        value=said.value,
        normalised=normalised(said.attribute, said.value),
        valid_from=said.valid_from,
        source_file=_file(said, decision_id, actor=actor, at=at),
        source_line=1,
        recorded_at=at,
    )
    Statement.objects.create(
        party_id=party_id,
        fact=fact,
        evidence=said.evidence,
        identity_check=said.checked,
        channel=said.heard_on,
        actor_kind=actor.kind,
        actor_name=actor.name,
        occurred_at=at,
        recorded_at=at,
        decision_id=decision_id,
    )
    what = f"{PartyFact.Attribute(said.attribute).label.capitalize()} stated by the customer: {Statement.Evidence(said.evidence).label}"
    record_act(
        party_id=party_id,
        kind="act",
        channel=said.heard_on,
        summary=what,
        actor=actor,
        decision_id=decision_id,
        at=at,
        key=f"statement:{fact.pk}",
    )
    resurface([party_id], day=clock.bank_date(at))
    changes.tell([party_id], changed=["party"], at=at)
    return fact.pk


STATE = actions.declare(
    ActionType(
        name="detail.state",
        title="Record what a customer states of themselves",
        resource_type="Party",
        parameters={
            "attribute": ParameterKind.CODE,
            "evidence": ParameterKind.CODE,
            "checked": ParameterKind.CODE,
            "heard_on": ParameterKind.CODE,
        },
        risk=RiskTier.MEDIUM,
    ),
    facts=_facts,
    effect=_state,
)


def ask_sources(party_id: UUID, *, said: Stated, actor: Actor, at: datetime) -> int:
    """Make what the customer stated a correction for each source that says otherwise and is not being asked yet. Returns how many.

    Raises:
        NotVisible, sentinel.authority.NotPermitted
    """
    customer = customer_of(party_id, actor=actor)
    asked = {one.system for one in correcting.being_corrected(party_id, actor=actor) if one.attribute == said.attribute}
    holding = holding_on(clock.bank_date(at), customer.ids).filter(attribute=said.attribute)
    otherwise = holding.exclude(system__in={*asked, SourceSystem.CUSTOMERS_WORD}).exclude(normalised=normalised(said.attribute, said.value))
    facts = {fact.system_id: fact.pk for fact in otherwise.order_by("pk")}
    evidence = str(Statement.Evidence(said.evidence).label)
    for fact in facts.values():
        correcting.ask(party_id, fact, said=said.value, evidence=evidence, checked=said.checked, heard_on=said.heard_on, actor=actor, at=at)
    return len(facts)


def _check(said: Stated, *, today: date) -> None:
    if said.attribute not in STATED_BY_CUSTOMERS:
        raise NotStatable("That is not for the customer to state.")
    if wrong := objection_to_word(said.attribute, said.value):
        raise NotStatable(wrong)
    if not {said.evidence} <= {*Statement.Evidence} or not {said.checked} <= {*RightsRequest.IdentityCheck}:
        raise NotStatable("Say what shows it, and how it was made sure that it is the customer.")
    if said.attribute in DAYS and date.fromisoformat(said.value) > today:
        raise NotStatable("This day is still to come.")


def _file(said: Stated, decision_id: UUID, *, actor: Actor, at: datetime) -> SourceFile:
    """The statement as it is kept among all that sources sent: one line, whole."""
    line = {
        "attribute": said.attribute,
        "value": said.value,
        "valid_from": said.valid_from.isoformat() if said.valid_from else None,
        "evidence": said.evidence,
        "checked": said.checked,
        "heard_on": said.heard_on,
        "written_down_by": actor.name,
        "decision": str(decision_id),
    }
    raw = json.dumps(line, ensure_ascii=False).encode() + b"\n"
    file = SourceFile.objects.create(
        system_id=SourceSystem.CUSTOMERS_WORD,
        name=f"statement {decision_id}",
        feed=FEED,
        sha256=sha256(raw).hexdigest(),
        state=SourceFile.State.DONE,
        lines_read=1,
        rows_read=1,
        rows_added=1,
        changes=["party"],
        received_at=at,
        finished_at=at,
        data_until=at,
        changed_at=at,
    )
    SourceChunk.objects.create(file=file, first_line=1, line_count=1, raw=zlib.compress(raw, 1))
    return file
