"""Acts for customers: actions that a system of record carries out. Each is declared here, with what it asks of that system.

What is common to them: the customer is one whom the actor may see; a permitted act leaves an effect, a line in the customer's timeline and
the event that starts the delivery, all in one transaction; one that waits stands on the work list of those who may agree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from bankos.platform import actors, events
from customers import acting, timeline
from customers.state import CustomerState, state_of
from sentinel import actions
from sentinel.actions import Action, Answered, Ask, Asking, Change, Permitted
from sentinel.authority import canonical
from sentinel.automation import evidence
from sentinel.automation.evidence import Verdict
from sentinel.catalogue import ActionType

from .. import work
from ..models import Effect

SOURCE = "journeys.actions"
EXECUTED = "journeys.action.executed"
ANSWERED = "journeys.approval.answered"
OURSELVES = actors.system("journeys")

Parameters = Mapping[str, Any]


class NoSuchAct(LookupError):
    """Nothing outside the bank follows from an action of this name."""


class System(StrEnum):
    """A system of record that takes instructions."""

    CORE = "core"
    PAYMENTS = "payments"
    LENDING = "lending"
    CRM = "crm"


@dataclass(frozen=True, slots=True)
class Instruction:
    """What one system of record is asked to do, by the numbers and words it knows. `content` is plain JSON."""

    system: System
    kind: str
    content: dict[str, Any]


Draw = Callable[[CustomerState, Parameters], Instruction]
_instructions: dict[str, Draw] = {}


def declare(
    type: ActionType,
    *,
    check: Callable[[CustomerState, Parameters], None],
    instruction: Draw,
    changes: Callable[[CustomerState, Parameters], tuple[Change, ...]] | None = None,
) -> Action:
    """An act for a customer. `check` raises NotPossible; `instruction` says the act in the terms of its system of record; `changes` what it
    changes for the customer, for those who look at it before it is done."""

    def possible(asked: Ask) -> None:
        check(_customer(asked), asked.parameters)

    def execute(permitted: Permitted) -> UUID:
        customer = _customer(permitted.asked)
        check(customer, permitted.parameters)
        return _executed(permitted, instruction(customer, permitted.parameters).system)

    def changed(asked: Ask) -> tuple[Change, ...]:
        return changes(_customer(asked), asked.parameters) if changes else ()

    _instructions[type.name] = instruction
    return actions.declare(type, facts=acting.customer, effect=execute, check=possible, changes=changed, waits=_waits, answered=_answered)


def instruction_for(action: str, customer: CustomerState, parameters: Parameters) -> Instruction:
    """What an act asks of its system of record. Raises NoSuchAct."""
    try:
        return _instructions[action](customer, parameters)
    except KeyError:
        raise NoSuchAct(action) from None


def is_act(action: str) -> bool:
    """Whether a system of record carries it out."""
    return action in _instructions


def _customer(asked: Ask) -> CustomerState:
    return state_of(UUID(asked.resource_id), actor=OURSELVES, at=asked.at)


def _executed(permitted: Permitted, system: System) -> UUID:
    """The effect's id. It is delivered to its system of record after commit, exactly once."""
    decision, use = permitted.decision, permitted.use
    effect = Effect.objects.create(
        consumption_id=use.id,
        decision_id=decision.id,
        action=decision.action,
        resource_type=acting.PARTY,
        resource_id=permitted.resource_id,
        parameters=canonical(permitted.parameters),
        system=system,
        token=decision.token,
        executed_at=use.consumed_at,
    )
    timeline.record_act(
        party_id=UUID(permitted.resource_id),
        kind="act",
        channel="console",
        summary=permitted.asked.note,
        actor=permitted.actor,
        decision_id=decision.id,
        at=permitted.at,
        key=f"effect:{effect.pk}",
    )
    events.publish(
        EXECUTED,
        subject=str(effect.pk),
        data={"action": decision.action, "party": permitted.resource_id, "decision": str(decision.id)},
        source=SOURCE,
        at=permitted.at,
    )
    return effect.pk


def _waits(asking: Asking) -> None:
    """Put it on the work list of those who may agree."""
    request, decision = asking.request, asking.decision
    work.add(
        kind="approval",
        party_id=UUID(asking.asked.resource_id),
        title=asking.asked.note,
        why=decision.sentence,
        due_at=request.expires_at,
        branch_code=str(decision.resource.attributes.get("branch") or ""),
        subject_id=request.id,
        for_roles=request.eligible_roles,
        asked_by=decision.actor.id,
        at=asking.asked.at,
    )


def _answered(answer: Answered) -> None:
    work.close(answer.request_id)
    tell_answered(
        answer.request_id,
        "approved" if answer.approved else "refused",
        action=answer.action,
        party=answer.resource_id,
        decision_id=answer.decision_id,
        effect_id=answer.result,
        at=answer.at,
    )
    # Of what a machine asked for, the second person is the first one to judge it; what people asked for passes by.
    verdict, reason = (Verdict.AGREED, "") if answer.approved else (Verdict.DISAGREED, "refused_by_approver")
    evidence.record(answer.decision_id, verdict, reviewer=answer.by, reason=reason, at=answer.at)


def tell_answered(
    request_id: UUID, answer: str, *, action: str, party: str, decision_id: UUID, at: datetime, effect_id: UUID | None = None
) -> None:
    """Tell the floors above what became of a request: approved, refused or expired."""
    effect = str(effect_id) if effect_id else None
    data = {"answer": answer, "action": action, "party": party, "decision": str(decision_id), "effect": effect}
    events.publish(ANSWERED, subject=str(request_id), data=data, source=SOURCE, at=at)
