"""Doing things for customers: propose, perform, execute.

`execute` is the only door to the outside. It takes a permit's token, uses it up, and writes the effect, the customer's timeline and
the event that starts the delivery, all in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bankos.platform import actors, events
from bankos.platform.actors import Actor
from customers import timeline
from customers.state import DecisionFacts, facts_for_decision, state_of
from customers.visibility import NotVisible, may_see
from sentinel import tokens
from sentinel.authority import Decision, ModelRef, Outcome, Resource, authorize, canonical, consume, keeping_evidence

from . import askers, awaiting
from .acts import Act, ActionNotPossible, NoSuchAct, act_of
from .models import Effect

__all__ = ["ActionNotPossible", "NoSuchAct", "NotVisible", "Performed", "execute", "perform", "propose"]

SOURCE = "journeys.actions"
EXECUTED = "journeys.action.executed"
PARTY = "Party"
OURSELVES = actors.system("journeys")

Parameters = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class Performed:
    """What became of an act: done (`effect_id`), waiting for a second person (`request_id`), or refused (neither)."""

    decision: Decision
    effect_id: UUID | None = None
    request_id: UUID | None = None


def propose(
    *,
    actor: Actor,
    action: str,
    party_id: UUID,
    parameters: Parameters,
    at: datetime,
    model: ModelRef | None = None,
    purposes: Sequence[str] = (),
) -> Decision:
    """Ask the authority; nothing is executed.

    Args:
        purposes: purposes of consent the proposal rests on.
    Raises:
        NotVisible: the actor may not see this customer (also when there is none).
        sentinel.authority.AuthorityError
    """
    return _ask(_Asked(actor, action, party_id, parameters, tuple(purposes), model), at)[0]


def perform(
    *,
    actor: Actor,
    action: str,
    party_id: UUID,
    parameters: Parameters,
    at: datetime,
    summary: str,
    purposes: Sequence[str] = (),
    model: ModelRef | None = None,
    approval: UUID | None = None,
) -> Performed:
    """Do it as this actor: at once if permitted, after a second person's agreement if that is needed, else not at all.

    Args:
        summary: what staff and the customer's timeline read, at most 300 characters.
        approval: the request for approval that has been approved.
    Raises:
        NotVisible
        ActionNotPossible: permitted, but it makes no sense as things stand. The decision stays on record, its permit unused.
        sentinel.authority.AuthorityError: nothing could be decided. The refusal stays on record.
    """
    act = act_of(action)
    asked = _Asked(actor, action, party_id, parameters, tuple(purposes), model)
    with keeping_evidence(ActionNotPossible):
        return _perform(act, asked, approval=approval, summary=summary, at=at)


def execute(token: str, *, action: str, party_id: UUID, parameters: Parameters, at: datetime, summary: str) -> UUID:
    """Use a permit up and do what it permits.

    Returns:
        The effect's id. It is delivered to its system of record after commit, exactly once.
    Raises:
        sentinel.authority.TokenError: not signed here, not a permit, expired, used, or for something else.
        ActionNotPossible: the permit is still good.
        NoSuchAct
    """
    claims = tokens.read(token)
    actor = askers.actor_of(claims["act"]["kind"], claims["act"]["sub"])
    return _execute(token, action=action, party_id=party_id, parameters=parameters, actor=actor, summary=summary, at=at)


@dataclass(frozen=True, slots=True)
class _Asked:
    actor: Actor
    action: str
    party_id: UUID
    parameters: Parameters
    purposes: tuple[str, ...]
    model: ModelRef | None


def _ask(asked: _Asked, at: datetime, approval: UUID | None = None) -> tuple[Decision, DecisionFacts]:
    if not may_see(asked.party_id, asked.actor):
        raise NotVisible(str(asked.party_id))
    facts = facts_for_decision(asked.party_id, at=at)
    decision = authorize(
        actor=asked.actor,
        action=asked.action,
        resource=Resource(PARTY, str(asked.party_id), facts.attributes),
        parameters=asked.parameters,
        at=at,
        model=asked.model,
        purposes=asked.purposes,
        consents=[facts.consents[purpose] for purpose in asked.purposes if purpose in facts.consents],
        approval=approval,
    )
    return decision, facts


def _perform(act: Act, asked: _Asked, *, approval: UUID | None, summary: str, at: datetime) -> Performed:
    decision, facts = _ask(asked, at, approval)
    match decision.outcome:
        case Outcome.PERMIT:
            effect_id = _execute(
                decision.token,
                action=asked.action,
                party_id=asked.party_id,
                parameters=asked.parameters,
                actor=asked.actor,
                summary=summary,
                at=at,
            )
            return Performed(decision, effect_id=effect_id)
        case Outcome.NEEDS_APPROVAL:
            act.check(state_of(asked.party_id, actor=OURSELVES, at=at), asked.parameters)
            request_id = awaiting.file(
                decision,
                party_id=asked.party_id,
                branch_code=str(facts.attributes.get("branch") or ""),
                purposes=asked.purposes,
                model=asked.model,
                summary=summary,
                at=at,
            )
            return Performed(decision, request_id=request_id)
        case _:
            return Performed(decision)


@transaction.atomic
def _execute(token: str, *, action: str, party_id: UUID, parameters: Parameters, actor: Actor, summary: str, at: datetime) -> UUID:
    used = consume(token, action=action, resource_type=PARTY, resource_id=str(party_id), parameters=parameters, at=at)
    act = act_of(action)
    customer = state_of(party_id, actor=OURSELVES, at=at)
    act.check(customer, parameters)
    effect = Effect.objects.create(
        consumption_id=used.id,
        decision_id=used.decision_id,
        action=action,
        resource_type=PARTY,
        resource_id=str(party_id),
        parameters=canonical(parameters),
        system=act.instruction(customer, parameters).system,
        token=token,
        executed_at=used.consumed_at,
    )
    timeline.record_act(
        party_id=party_id,
        kind="act",
        channel="console",
        summary=summary,
        actor=actor,
        decision_id=used.decision_id,
        at=at,
        key=f"effect:{effect.pk}",
    )
    events.publish(
        EXECUTED,
        subject=str(effect.pk),
        data={"action": action, "party": str(party_id), "decision": str(used.decision_id)},
        source=SOURCE,
        at=at,
    )
    return effect.pk
