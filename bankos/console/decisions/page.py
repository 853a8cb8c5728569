"""One decision: what happened and why, what would have changed it, what the customer is told, and the proof."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from bankos.platform.actors import OVERSEEING
from bankos.platform.requests import StaffRequest
from bankos.platform.sending import sent_as_file
from customers.state import CustomerState
from sentinel import decision_story, decisions, transparency
from sentinel.decision_story import Dossier
from sentinel.decisions import DecisionView
from sentinel.explanations import Bank

from .words import MACHINES, amount_of, customer_of, parameters_in_words, party_of, sentence_of, visible_to


@require_safe
@login_required
def decision(request: StaffRequest, decision_id: UUID) -> HttpResponse:
    """One decision with its words, its rules and its proof."""
    visible = visible_to(request.actor)
    dossier = decision_story.dossier_of(decision_id, actor=request.actor, at=request.now, visible_resources=visible)
    return render(request, "sentinel/decision.html", _context(request, dossier))


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


@require_safe
@login_required
def letter(request: StaffRequest, decision_id: UUID) -> HttpResponse:
    """What the customer may be told, ready to be printed and sent. There is none about what is no customer."""
    visible = visible_to(request.actor)
    found = decisions.decision_of(decision_id, actor=request.actor, visible_resources=visible)
    if party_of(found) is None:
        raise Http404
    person = customer_of(found, actor=request.actor, at=request.now)
    told = decision_story.letter_of(
        decision_id,
        subject=_subject(found, parameters_in_words(found, person)),
        bank=Bank(settings.BANK_NAME, settings.BANK_CONTACT, settings.BANK_COMPLAINTS),
        actor=request.actor,
        visible_resources=visible,
    )
    return render(request, "sentinel/decision_letter.html", {"decision": found, "person": person, "letter": told})


@require_safe
@login_required
def bundle(request: StaffRequest, decision_id: UUID) -> HttpResponseBase:
    """This decision and its use with their proofs, for somebody who checks them alone."""
    if not request.actor.roles & OVERSEEING:
        raise Http404
    found = decisions.decision_of(decision_id, actor=request.actor)
    try:
        lines = transparency.lines(actor=request.actor, selection=transparency.Selection(decisions=(found.id,)))
    except transparency.NotInTheLog:
        return render(request, "sentinel/not_in_the_log.html", {"decision": found}, status=409)
    return sent_as_file(request, lines, name=f"{found.short_id}.jsonl", content_type="application/x-ndjson")


def _context(request: StaffRequest, dossier: Dossier) -> dict[str, Any]:
    found = dossier.decision
    person = customer_of(found, actor=request.actor, at=request.now)
    parameters = parameters_in_words(found, person)
    content = found.context or {}
    return {
        "decision": found,
        "party_id": party_of(found),
        "party_name": person.name if person else None,
        "parameters": parameters,
        "sentence": sentence_of(found, person.name if person else None, parameters),
        "story": dossier.story,
        "history": dossier.history,
        "refused_because": content.get("refused", "") if found.policy_version is None else "",
        "machine": found.actor_kind in MACHINES,
        "expired": found.expires_at < request.now,
        "roles": [role.replace("_", " ") for role in found.actor_roles],
        "purposes": _purposes(found, person),
        "verification": dossier.verification,
        "claims": json.dumps(found.claims, indent=1, ensure_ascii=False),
        "facts": json.dumps(content, indent=1, ensure_ascii=False) if content else "",
    }


def _purposes(found: DecisionView, person: CustomerState | None) -> list[tuple[str, str]]:
    """Code and words of the purposes the data was used for; the code only where the customer can be asked about it."""
    known = {consent.purpose: consent.label for consent in person.consents} if person else {}
    return [(code if code in known else "", known.get(code, code.replace("_", " "))) for code in found.purposes]


def _subject(found: DecisionView, parameters: list[tuple[str, str]]) -> str:
    """What was asked, as the customer knows it: the action, and its amount where it has one."""
    amount = amount_of(parameters)
    return f"“{found.action_title}”{f' ({amount})' if amount else ''}"
