"""Four eyes: a second person reads what a colleague asked for, and agrees or not."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bankos.platform.requests import StaffRequest
from customers import state
from journeys import approvals
from journeys.approvals import ActionNotPossible, AlreadyAnswered, ApprovalExpired, Awaited, MakerIsChecker, NotEligible, State
from sentinel import decisions
from sentinel.decisions import DecisionView

from .decisions import parameters_in_words, visible_to

WHAT_BECAME = {
    State.APPROVED: "Approved.",
    State.USED: "Approved and done.",
    State.REFUSED: "Refused. Nothing was done.",
    State.EXPIRED: "Nobody answered in time. Nothing was done.",
}


class AnswerForm(forms.Form):
    note = forms.CharField(
        label="Your note",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "class": "input", "placeholder": "What did you check?"}),
    )
    answer = forms.ChoiceField(choices=[("approve", "Approve"), ("refuse", "Refuse")])

    def clean(self) -> dict[str, str]:
        cleaned: dict[str, str] = super().clean() or {}
        if cleaned.get("answer") == "refuse" and not cleaned.get("note"):
            self.add_error("note", "Say why, so that your colleague can tell the customer.")
        return cleaned


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def approval(request: StaffRequest, request_id: UUID) -> HttpResponse:
    """One act that waits for a second person; POST gives the answer."""
    waiting = approvals.awaited(request_id, actor=request.actor, at=request.now)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        error = _answer(request, request_id, form.cleaned_data)
        if error is None:
            return redirect("approval", request_id)
        form.add_error(None, error)
    return _page(request, waiting, form)


def _answer(request: StaffRequest, request_id: UUID, answer: dict[str, str]) -> str | None:
    """Give the answer; what stands against it, in words, if something does."""
    face = approvals.refuse if answer["answer"] == "refuse" else approvals.approve_and_execute
    try:
        face(request_id, actor=request.actor, at=request.now, note=answer["note"])
    except (AlreadyAnswered, ApprovalExpired):
        messages.warning(request, "This was answered or ended in the meantime.")
    except MakerIsChecker:
        return "You asked for this yourself: another person decides."
    except NotEligible:
        return "Your role may not decide this."
    except ActionNotPossible as gone:
        return f"{gone} Nothing was done, and the request stays open."
    return None


def _page(request: StaffRequest, waiting: Awaited, form: AnswerForm) -> HttpResponse:
    person = state.state_of(waiting.party_id, actor=request.actor, at=request.now)
    found = decisions.decision_of(waiting.decision_id, actor=request.actor, visible_resources=visible_to(request.actor))
    context = {
        "waiting": waiting,
        "form": form,
        "decision": found,
        "parameters": parameters_in_words(found, person),
        "hindrance": _hindrance(request, waiting, found),
        "became": WHAT_BECAME.get(waiting.state),
        "others": [one for one in approvals.waiting(actor=request.actor, at=request.now) if one.id != waiting.id],
    }
    return render(request, "console/approval.html", context, status=422 if form.errors else 200)


def _hindrance(request: StaffRequest, waiting: Awaited, found: DecisionView) -> str:
    """Why this person's buttons are disabled, and who can; empty if they may answer."""
    if waiting.state is not State.OPEN:
        return ""
    if found.actor_id == request.actor.id:
        return "You asked for this yourself. A team lead of the customer’s branch decides."
    mine = {one.id for one in approvals.waiting(actor=request.actor, at=request.now)}
    return "" if waiting.id in mine else "Your role may not decide this. A team lead of the customer’s branch can."
