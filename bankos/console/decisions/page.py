"""One decision: what happened and why, what would have changed it, what the customer is told, and the proof."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from bankos.platform.actors import OVERSEEING
from bankos.platform.requests import StaffRequest
from sentinel import decision_story, decisions, transparency
from sentinel.decisions import DecisionView
from sentinel.explanations import Bank

from .words import MACHINES, customer_of, parameters_in_words, sentence_of, visible_to


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


@require_safe
@login_required
def letter(request: StaffRequest, decision_id: UUID) -> HttpResponse:
    """What the customer may be told, ready to be printed and sent."""
    visible = visible_to(request.actor)
    found = decisions.decision_of(decision_id, actor=request.actor, visible_resources=visible)
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
    name = f"{found.short_id}.jsonl"
    return StreamingHttpResponse(
        lines, content_type="application/x-ndjson", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _context(request: StaffRequest, found: DecisionView) -> dict[str, Any]:
    visible = visible_to(request.actor)
    person = customer_of(found, actor=request.actor, at=request.now)
    return {
        "decision": found,
        "party_name": person.name if person else None,
        "parameters": parameters_in_words(found, person),
        "sentence": sentence_of(found, person.name if person else None),
        "story": decision_story.story_of(found.id, actor=request.actor, visible_resources=visible),
        "machine": found.actor_kind in MACHINES,
        "expired": found.expires_at < request.now,
        "roles": [role.replace("_", " ") for role in found.actor_roles],
        "purposes": [consent.label for consent in person.consents if consent.purpose in found.purposes] if person else found.purposes,
        "verification": decisions.verify(found.id, actor=request.actor, visible_resources=visible),
        "claims": json.dumps(found.claims, indent=1, ensure_ascii=False),
        "facts": json.dumps(found.context, indent=1, ensure_ascii=False),
    }


def _subject(found: DecisionView, parameters: list[tuple[str, str]]) -> str:
    """What was asked, as the customer knows it: the action, and its amount where it has one."""
    amounts = [value for name, value in parameters if name == "Amount"]
    return f"{found.action_title.lower()}{f' of {amounts[0]}' if amounts else ''}"
