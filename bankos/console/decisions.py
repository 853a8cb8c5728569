"""Decisions as people read them: found, explained, proven. The customer's names come from the floor that knows them."""

import json
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from bankos.platform.actors import Actor, ActorKind
from bankos.platform.requests import StaffRequest
from customers import state, visibility
from sentinel import catalogue, decisions, policy
from sentinel.authority import Outcome
from sentinel.catalogue import ParameterKind
from sentinel.decisions import DecisionView, VisibleResources

from . import words

OUTCOMES = {Outcome.PERMIT: "Permitted", Outcome.NEEDS_APPROVAL: "Needs approval", Outcome.DENY: "Refused"}
PARAMETERS = {
    "from_arrangement": "From account",
    "to_arrangement": "To account",
    "arrangement": "Agreement",
    "from_day": "From day of the month",
    "to_day": "To day of the month",
    "until": "Until",
    "given": "Given",
}
MACHINES = frozenset({ActorKind.SYSTEM, ActorKind.AGENT})
PAGE = 50


class SearchForm(forms.Form):
    text = forms.CharField(required=False, max_length=100)
    outcome = forms.ChoiceField(required=False, choices=[("", "Any"), *((outcome.value, label) for outcome, label in OUTCOMES.items())])
    action = forms.ChoiceField(required=False)
    customer = forms.UUIDField(required=False, widget=forms.HiddenInput)
    after = forms.UUIDField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = [("", "Any"), *((kind.name, kind.title) for kind in catalogue.all_types())]  # type: ignore[attr-defined]


@require_safe
@login_required
def search(request: StaffRequest) -> HttpResponse:
    """Decisions, the newest first: all of them for those who oversee, one's own for everybody else."""
    form = SearchForm(request.GET)
    asked = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    page = decisions.search(
        actor=request.actor,
        text=asked.get("text", ""),
        outcome=Outcome(asked["outcome"]) if "outcome" in asked else None,
        action=asked.get("action"),
        resource=("Party", str(asked["customer"])) if "customer" in asked else None,
        visible_resources=visible_to(request.actor),
        after=asked.get("after"),
        limit=PAGE,
    )
    parties = [party for one in page.decisions if (party := _party(one))]
    names = {str(party): name for party, name in state.names_of(parties, actor=request.actor).items()}
    context = {
        "form": form,
        "filtered": bool(asked.keys() - {"after"}),
        "rows": [(one, names.get(one.resource_id)) for one in page.decisions],
        "next_url": f"?{urlencode({**asked, 'after': page.next_after})}" if page.next_after else "",
    }
    return render(request, "sentinel/decisions.html", context)


@require_safe
@login_required
def decision(request: StaffRequest, decision_id: UUID) -> HttpResponse:
    """One decision with its words, its rules and its proof."""
    found = decisions.decision_of(decision_id, actor=request.actor, visible_resources=visible_to(request.actor))
    return render(request, "sentinel/decision.html", _context(request, found))


@require_POST
@login_required
def verify(request: StaffRequest, decision_id: UUID) -> HttpResponse:
    """Prove it once more."""
    if not request.htmx:
        return redirect("decision", decision_id)
    visible = visible_to(request.actor)
    found = decisions.decision_of(decision_id, actor=request.actor, visible_resources=visible)
    proof = decisions.verify(decision_id, actor=request.actor, visible_resources=visible)
    return render(request, "sentinel/_proof.html", {"decision": found, "verification": proof, "again": True})


def visible_to(actor: Actor) -> VisibleResources:
    """Sentinel's question "may this person see that resource?", answered by the floor that knows customers."""
    return lambda kind, id: kind == "Party" and (party := _uuid(id)) is not None and visibility.may_see(party, actor)


def _context(request: StaffRequest, found: DecisionView) -> dict[str, Any]:
    person = _customer(found, request)
    parameters = parameters_in_words(found, person)
    proof = decisions.verify(found.id, actor=request.actor, visible_resources=visible_to(request.actor))
    return {
        "decision": found,
        "party_name": person.name if person else None,
        "parameters": parameters,
        "sentence": sentence_of(found, person.name if person else None),
        "machine": found.actor_kind in MACHINES,
        "expired": found.expires_at < request.now,
        "roles": [role.replace("_", " ") for role in found.actor_roles],
        "purposes": [consent.label for consent in person.consents if consent.purpose in found.purposes] if person else found.purposes,
        "verification": proof,
        "claims": json.dumps(found.claims, indent=1, ensure_ascii=False),
        "facts": json.dumps(found.context, indent=1, ensure_ascii=False),
    }


def _customer(found: DecisionView, request: StaffRequest) -> state.CustomerState | None:
    party = _party(found)
    if party is None:
        return None
    try:
        return state.state_of(party, actor=request.actor, at=request.now)
    except visibility.NotVisible:  # one's own earlier decision about a customer one no longer sees
        return None


def _party(found: DecisionView) -> UUID | None:
    """The customer it is about. What other stores call a party, or a refused request named as one, is none of ours."""
    return _uuid(found.resource_id) if found.resource_type == "Party" and found.store == policy.BANK else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def sentence_of(found: DecisionView, party_name: str | None) -> str:
    """What happened, in one or two plain sentences."""
    machine = found.actor_kind in MACHINES
    who = f"The system ({found.actor_name}) proposed" if machine else f"{found.actor_name} asked"
    asked = f"{who}: {found.action_title.lower()}, for {party_name or 'a customer'}."
    match found.outcome:
        case Outcome.PERMIT:
            used = "It was done." if found.consumed_at else "Nothing was done with the permission."
            return f"{asked} The bank’s rules allow it. {used}"
        case Outcome.NEEDS_APPROVAL:
            return f"{asked} The bank’s rules leave it to a {'' if machine else 'second '}person. Nothing was done by this decision alone."
        case _:
            return f"{asked} The bank’s rules forbid it. Nothing was done."


def parameters_in_words(found: DecisionView, person: state.CustomerState | None) -> list[tuple[str, str]]:
    """The parameters as staff read them: accounts by name, amounts with their currency."""
    accounts = {str(account.id): f"{account.product_name} {account.masked_number}" for account in person.accounts} if person else {}
    try:
        kinds = dict(catalogue.get(found.action).parameters)
    except catalogue.NotRegistered:
        kinds = {}
    shown = []
    order = list(kinds)
    for name, value in sorted(found.parameters.items(), key=lambda one: order.index(one[0]) if one[0] in kinds else len(order)):
        label = PARAMETERS.get(name, name.replace("_", " ").capitalize())
        match kinds.get(name):
            case ParameterKind.MONEY:
                shown.append((label, words.amount_in_words(Decimal(value), found.parameters.get("currency", ""))))
            case ParameterKind.CURRENCY if ParameterKind.MONEY in kinds.values():
                continue
            case ParameterKind.UUID:
                shown.append((label, accounts.get(value, value)))
            case ParameterKind.DATE:
                day = date.fromisoformat(value)
                shown.append((label, f"{day.day} {day:%B %Y}"))
            case ParameterKind.CODE:
                shown.append((label, str(value).replace("_", " ")))
            case _:
                shown.append((label, str(value)))
    return shown
