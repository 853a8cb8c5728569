"""A decision in words: what happened, with which parameters, about whom. The customer's names come from the floor that knows them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bankos.platform.actors import Actor, ActorKind
from bankos.platform.money import amount_in_words
from customers import state, visibility
from sentinel import catalogue, policy
from sentinel.action_types import ANSWER_REQUEST
from sentinel.authority import Outcome
from sentinel.catalogue import ParameterKind
from sentinel.decisions import DecisionView, VisibleResources

PARAMETERS = {
    "from_arrangement": "From account",
    "to_arrangement": "To account",
    "arrangement": "Agreement",
    "from_day": "From day of the month",
    "to_day": "To day of the month",
    "until": "Until",
    "given": "Given",
    "decision": "Decision that waited",
    "parameters_hash": "Hash of what was asked",
}
MACHINES = frozenset({ActorKind.SYSTEM, ActorKind.AGENT})


def visible_to(actor: Actor) -> VisibleResources:
    """Sentinel's question "may this person see that resource?", answered by the floor that knows customers."""
    return lambda kind, id: kind == "Party" and (party := _uuid(id)) is not None and visibility.may_see(party, actor)


def customer_of(found: DecisionView, *, actor: Actor, at: datetime) -> state.CustomerState | None:
    """The customer it is about, if it is about one this person sees."""
    party = party_of(found)
    if party is None:
        return None
    try:
        return state.state_of(party, actor=actor, at=at)
    except visibility.NotVisible:  # one's own earlier decision about a customer one no longer sees
        return None


def party_of(found: DecisionView) -> UUID | None:
    """The customer it is about. What other stores call a party, or a refused request named as one, is none of ours."""
    return _uuid(found.resource_id) if found.resource_type == "Party" and found.store == policy.BANK else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def sentence_of(found: DecisionView, party_name: str | None, parameters: list[tuple[str, str]]) -> str:
    """What happened, in a few plain sentences. `parameters` are those in words."""
    if found.store != policy.BANK:
        return _of_other_store(found)
    if found.action == ANSWER_REQUEST.name and found.policy_version is not None:
        return _of_an_answer(found)
    machine = found.actor_kind in MACHINES
    who = f"The system ({found.actor_name}) proposed" if machine else f"{found.actor_name} asked"
    about = f", for {party_name or 'a customer'}" if found.resource_type == "Party" else ""
    amount = amount_of(parameters)
    asked = f"{who}: {found.action_title.lower()}{f' of {amount}' if amount else ''}{about}."
    if found.policy_version is None and found.outcome is Outcome.PERMIT:
        return f"{asked} That comes before any rules of the bank: a rule of bankos itself allows it. It was done."
    if found.policy_version is None:
        return f"{asked} The bank’s rules were not asked. Nothing was done."
    match found.outcome:
        case Outcome.PERMIT:
            used = "It was done." if found.consumed_at else "Nothing was done with the permission."
            return f"{asked} The bank’s rules allow it. {used}"
        case Outcome.NEEDS_APPROVAL:
            return f"{asked} The bank’s rules leave it to a {'' if machine else 'second '}person. Nothing was done by this decision alone."
        case _:
            return f"{asked} The bank’s rules forbid it. Nothing was done."


def _of_an_answer(found: DecisionView) -> str:
    """A second person's word; what it was about is left out where it was erased."""
    said = {"approve": "agree to", "refuse": "refuse"}.get(found.parameters.get("answer", ""), "answer")
    asked = (found.context or {}).get("resource", {}).get("attrs", {}).get("action", "")
    about = f"a colleague’s request: {catalogue.title_of(asked).lower()}" if asked else "a colleague’s request"
    if found.outcome is Outcome.PERMIT:
        did = {"agree to": "agreed to", "refuse": "refused"}.get(said, "answered")
        return f"{found.actor_name} {did} {about}. The bank’s rules let them answer it."
    return f"{found.actor_name} wanted to {said} {about}. The bank’s rules do not let them answer it. Nothing was done."


def _of_other_store(found: DecisionView) -> str:
    asked = f"Another system asked: may {found.actor_kind} {found.actor_id} do {found.action} to {found.resource_type} {found.resource_id}?"
    if found.policy_version is None:
        return f"{asked} The rules of {found.store} were not asked."
    allowed = "allow" if found.outcome is Outcome.PERMIT else "do not allow"
    return f"{asked} The rules of {found.store} {allowed} it. What that system did then is not known here."


def parameters_in_words(found: DecisionView, person: state.CustomerState | None) -> list[tuple[str, str]]:
    """The parameters as staff read them: accounts by name, amounts with their currency."""
    if found.store != policy.BANK:
        return []
    accounts = {str(account.id): f"{account.product_name} {account.masked_number}" for account in person.accounts} if person else {}
    kinds = _kinds(found)
    shown = []
    order = list(kinds)
    given = _given(found)
    for name, value in sorted(given.items(), key=lambda one: order.index(one[0]) if one[0] in kinds else len(order)):
        label = PARAMETERS.get(name, name.replace("_", " ").capitalize())
        match kinds.get(name):
            case ParameterKind.MONEY:
                shown.append((label, amount_in_words(Decimal(value), given.get("currency", ""))))
            case ParameterKind.CURRENCY if ParameterKind.MONEY in kinds.values():
                continue
            case ParameterKind.UUID:
                shown.append((label, accounts.get(value, value)))
            case ParameterKind.DATE:
                day = date.fromisoformat(value)
                shown.append((label, f"{day.day} {day:%B %Y}"))
            case ParameterKind.CODE:
                shown.append((label, str(value).replace("_", " ")))
            case _ if isinstance(value, dict) and value.keys() == {"sha256"}:
                shown.append((label, "erased, only its hash is kept"))
            case _:
                shown.append((label, str(value)))
    return shown


def amount_of(parameters: list[tuple[str, str]]) -> str:
    """The amount among parameters in words; empty if there is none."""
    return next((value for name, value in parameters if name == "Amount"), "")


def _kinds(found: DecisionView) -> Mapping[str, ParameterKind]:
    """What each parameter is; nothing is known of a request that nobody understood: it is shown as it was written."""
    try:
        return catalogue.get(found.action).parameters if found.policy_version is not None else {}
    except catalogue.NotRegistered:
        return {}


def _given(found: DecisionView) -> Mapping[str, Any]:
    """As they were given: free texts stand in the encrypted facts alone, the row has their hash. Erased, the row is what is left."""
    content = found.context or {}
    given = content.get("parameters") if found.policy_version is None else content.get("context", {}).get("parameters")
    return given if isinstance(given, dict) and given else found.parameters
