"""What staff do with suggestions: look, accept, put off, decline."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget, trigger_client_event

from bankos.platform.actors import SERVING
from bankos.platform.clock import bank_date
from bankos.platform.requests import StaffRequest
from sentinel.actions import NotPossible

from . import recommendations
from .forms import DeclineForm, LaterForm
from .recommendations import AlreadyAnswered, Answer, Card, DeclineReason, Detail, Expired, NoteRequired, NotThatLate

LISTED = 100
GONE_BY = {
    "refused": "The approver refused it.",
    "expired": "Nobody answered in time: the day it was made for has come.",
    "superseded": "Newer data led to a newer suggestion, which takes its place.",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """How the page shows that a suggestion has its answer."""

    label: str
    kind: str
    icon: str
    sentence: str
    decision_id: UUID | None = None
    rules: tuple[Any, ...] = ()


def answer_forms(card: Card, request: StaffRequest) -> dict[str, Any]:
    """What a card needs to be answered: may this person, and the forms for later and decline."""
    return {
        "may_answer": bool(request.actor.roles & SERVING),
        "decline_form": DeclineForm(),
        "later_form": LaterForm(initial={"until": bank_date(request.now) + timedelta(days=1)}),
        "reasons": [(reason.value, reason.label, reason is DeclineReason.COULD_HARM) for reason in DeclineReason],
        "answered": answered_before(card.state),
    }


def answered_before(state: str, detail: Detail | None = None) -> Answered | None:
    """The answer a suggestion already has; None while it waits for one."""
    given = detail.given if detail else None
    decision_id = given.decision_id if given else None
    by = f" by {given.actor_name}, {given.answered_at:%-d %B}" if given else ""
    match state:
        case "open":
            return None
        case "awaiting_approval":
            return Answered(
                "Waits for approval", "warn", "user-check", f"Accepted{by}. A team lead decides; until then nothing happens.", decision_id
            )
        case "accepted":
            return Answered("Done", "ok", "check", f"Accepted{by}.", decision_id)
        case "postponed":
            until = f" until {given.until:%-d %B}" if given and given.until else ""
            return Answered("Later", "info", "clock", f"Put off{until}{by}.", decision_id)
        case "declined":
            reason = f": {DeclineReason(given.reason).label.lower()}" if given and given.reason else ""
            return Answered("Declined", "", "x", f"Declined{by}{reason}.", decision_id)
        case _:
            return Answered("Closed", "", "clock", GONE_BY.get(state, "It is no longer open."), decision_id)


@require_safe
@login_required
def suggestions(request: StaffRequest) -> HttpResponse:
    """Every open suggestion of the customers this person sees."""
    cards = recommendations.listing(actor=request.actor, at=request.now, limit=LISTED)
    return render(request, "insights/suggestions.html", {"cards": cards})


@require_safe
@login_required
def suggestion(request: StaffRequest, recommendation_id: UUID) -> HttpResponse:
    """One suggestion with everything that speaks for and against it."""
    detail = recommendations.detail(recommendation_id, actor=request.actor, at=request.now)
    forms = answer_forms(detail.card, request)
    answered = answered_before(detail.card.state, detail)
    context = {**forms, "detail": detail, "card": detail.card, "show": request.GET.get("show"), "answered": answered}
    return render(request, "insights/suggestion.html", context)


@require_POST
@login_required
def accept(request: StaffRequest, recommendation_id: UUID) -> HttpResponse:
    try:
        answer = recommendations.accept(recommendation_id, actor=request.actor, at=request.now)
    except (AlreadyAnswered, Expired):
        return _too_late(request, recommendation_id)
    except NotPossible as gone:
        return _done(request, recommendation_id, Answered("Not possible any more", "danger", "circle-alert", str(gone)), status=409)
    return _done(request, recommendation_id, _shown(answer))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def later(request: StaffRequest, recommendation_id: UUID) -> HttpResponse:
    """The day it is to come back: a page without script, a dialog with it."""
    card = recommendations.detail(recommendation_id, actor=request.actor, at=request.now).card
    forms = answer_forms(card, request)
    if request.method != "POST":
        return render(request, "insights/later.html", {"card": card, **forms})
    form = LaterForm(request.POST)
    if not form.is_valid():
        return _again(request, "later", {"card": card, **forms, "later_form": form})
    try:
        answer = recommendations.postpone(recommendation_id, actor=request.actor, until=form.cleaned_data["until"], at=request.now)
    except NotThatLate as error:
        form.add_error("until", str(error))
        return _again(request, "later", {"card": card, **forms, "later_form": form})
    except (AlreadyAnswered, Expired):
        return _too_late(request, recommendation_id)
    return _done(request, recommendation_id, _shown(answer, label="Later", kind="info", icon="clock"))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def decline(request: StaffRequest, recommendation_id: UUID) -> HttpResponse:
    """One of five reasons: a page without script, a dialog with it."""
    card = recommendations.detail(recommendation_id, actor=request.actor, at=request.now).card
    forms = answer_forms(card, request)
    if request.method != "POST":
        chosen = DeclineForm(initial={"reason": request.GET.get("reason")})
        return render(request, "insights/decline.html", {"card": card, **forms, "decline_form": chosen})
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _again(request, "decline", {"card": card, **forms, "decline_form": form})
    reason, note = DeclineReason(form.cleaned_data["reason"]), form.cleaned_data["note"]
    try:
        answer = recommendations.decline(recommendation_id, actor=request.actor, reason=reason, note=note, at=request.now)
    except NoteRequired:
        form.add_error("note", "Say what could harm the customer: someone will look at it.")
        return _again(request, "decline", {"card": card, **forms, "decline_form": form})
    except (AlreadyAnswered, Expired):
        return _too_late(request, recommendation_id)
    return _done(request, recommendation_id, _shown(answer, label="Declined", kind="", icon="x"))


def _shown(answer: Answer, *, label: str = "Done", kind: str = "ok", icon: str = "check") -> Answered:
    if answer.outcome == "needs_approval":
        label, kind, icon = "Waits for approval", "warn", "user-check"
    elif answer.outcome == "refused":
        label, kind, icon = "Not allowed", "danger", "hand"
    return Answered(label, kind, icon, answer.sentence, answer.decision_id, answer.rules)


def _done(request: StaffRequest, recommendation_id: UUID, answered: Answered, status: int = 200) -> HttpResponse:
    """The one part that changed; without script, back to the page that now shows it."""
    if not request.htmx:
        if status != 200 or answered.kind == "danger":
            messages.error(request, answered.sentence)
        return redirect("suggestion", recommendation_id)
    card = recommendations.detail(recommendation_id, actor=request.actor, at=request.now).card
    response = render(request, "insights/_answered.html", {"card": card, "answered": answered}, status=status)
    return trigger_client_event(response, "customer-changed")


def _too_late(request: StaffRequest, recommendation_id: UUID) -> HttpResponse:
    """A second click, or a colleague was faster: show the answer there is."""
    if not request.htmx:
        return redirect("suggestion", recommendation_id)
    detail = recommendations.detail(recommendation_id, actor=request.actor, at=request.now)
    answered = answered_before(detail.card.state, detail) or Answered("Closed", "", "clock", GONE_BY["expired"])
    return render(request, "insights/_answered.html", {"card": detail.card, "answered": answered})


def _again(request: StaffRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """The form as it was filled in, with what is wrong."""
    if not request.htmx:
        return render(request, f"insights/{name}.html", context, status=422)
    response = render(request, f"insights/_{name}_form.html", {**context, "in_dialog": True}, status=422)
    return reswap(retarget(response, f"#{name}-form"), "outerHTML")
