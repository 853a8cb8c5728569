"""The inbox of a second person, and the page on which they answer."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform.requests import StaffRequest
from sentinel import actions, approvals, conversations
from sentinel.approval_evidence import note_opened
from sentinel.approvals import AlreadyAnswered, ApprovalError, ApprovalExpired, MakerIsChecker, NotEligible, State, TooRisky
from sentinel.authority import AuthorityError

from . import requests
from .requests import Waiting

WHAT_BECAME = {
    State.APPROVED: "Approved.",
    State.USED: "Approved and done.",
    State.REFUSED: "Refused. Nothing was done.",
    State.EXPIRED: "Nobody answered in time. Nothing was done.",
}
SOMEBODY_ELSE = {
    MakerIsChecker: "You asked for this yourself. {who} decides.",
    NotEligible: "Your role may not decide this. {who} can.",
}
WHO = {
    "team_lead": "a team lead of the customer’s branch",
    "branch_staff": "branch staff",
    "contact_centre": "the contact centre",
    "compliance_officer": "a compliance officer",
    "administrator": "an administrator",
}
LARGEST_BULK = 50


class AnswerForm(forms.Form):
    note = forms.CharField(
        label="Your note",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "class": "input", "placeholder": "What did you check?"}),
    )
    answer = forms.ChoiceField(choices=[("approve", "Approve"), ("refuse", "Refuse"), ("ask", "Ask a question")])

    def clean(self) -> dict[str, str]:
        cleaned: dict[str, str] = super().clean() or {}
        if cleaned.get("answer") == "refuse" and not cleaned.get("note"):
            self.add_error("note", "Say why, so that your colleague can tell the customer.")
        if cleaned.get("answer") == "ask" and not cleaned.get("note"):
            self.add_error("note", "Write your question.")
        return cleaned


@require_safe
@login_required
def inbox(request: StaffRequest) -> HttpResponse:
    """Everything that waits for this person, and what they wait for themselves."""
    context = {
        "waiting": requests.waiting(actor=request.actor, at=request.now),
        "asked": requests.asked(actor=request.actor, at=request.now),
    }
    return render(request, "console/approvals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def approval(request: StaffRequest, request_id: UUID) -> HttpResponse:
    """One request; POST gives the answer, or asks back."""
    waiting = requests.one(request_id, actor=request.actor, at=request.now)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        error = _answer(request, waiting, form.cleaned_data)
        if error is None:
            return redirect("approval", request_id)
        form.add_error(None, error)
    return _page(request, waiting, form)


@require_safe
@login_required
def evidence(request: StaffRequest, request_id: UUID, item: str) -> HttpResponse:
    """On the way to a piece of evidence: note that this person opened it."""
    waiting = requests.one(request_id, actor=request.actor, at=request.now)
    for piece in waiting.evidence:
        if piece.item == item:
            note_opened(request_id, item, actor=request.actor, at=request.now)
            return redirect(piece.url)
    raise Http404


@require_POST
@login_required
def approve_together(request: StaffRequest) -> HttpResponse:
    """Agree to several harmless ones at once; each is decided for itself."""
    done = 0
    for text in request.POST.getlist("request")[:LARGEST_BULK]:
        try:
            request_id = UUID(text)
            waiting = requests.one(request_id, actor=request.actor, at=request.now)
            approvals.refuse_unless_harmless(request_id, at=request.now)
        except ValueError:
            continue
        except TooRisky:
            messages.error(request, f"{waiting.title}: has to be looked at by itself.")
            continue
        error = _approve(request, waiting, note="Approved together with others.")
        if error is None:
            done += 1
        else:
            messages.error(request, f"{waiting.title}: {error}")
    if done:
        messages.success(request, f"Approved: {done}.")
    return redirect("approvals")


def _answer(request: StaffRequest, waiting: Waiting, answer: dict[str, str]) -> str | None:
    """Give the answer; what stands against it, in words, if something does."""
    match answer["answer"]:
        case "approve":
            return _approve(request, waiting, answer["note"])
        case "refuse":
            return _told(request, lambda: actions.refuse(waiting.id, actor=request.actor, at=request.now, note=answer["note"]))
        case _:
            return _told(request, lambda: conversations.say(waiting.id, answer["note"], actor=request.actor, at=request.now))


def _approve(request: StaffRequest, waiting: Waiting, note: str) -> str | None:
    return _told(request, lambda: actions.approve(waiting.id, actor=request.actor, at=request.now, note=note))


def _told(request: StaffRequest, act: Callable[[], object]) -> str | None:
    """Do it; what stands against it, in words, if something does."""
    try:
        act()
    except (AlreadyAnswered, ApprovalExpired):
        messages.warning(request, "This was answered or ended in the meantime.")
    except MakerIsChecker:
        return "You asked for this yourself: another person decides."
    except NotEligible:
        return "Your role may not decide this."
    except actions.NotPossible as gone:
        return f"{gone} Nothing was done, and the request stays open."
    except conversations.NothingSaid as error:
        return str(error)
    except AuthorityError:
        return "The bank’s rules could not be asked just now, so nothing was done. Try again; if it stays so, tell the administrators."
    return None


def _page(request: StaffRequest, waiting: Waiting, form: AnswerForm) -> HttpResponse:
    context = {
        "waiting": waiting,
        "form": form,
        "decision": waiting.decision,
        "hindrance": _hindrance(waiting.hindrance, waiting) if waiting.is_open else "",
        "mine": waiting.view.asked_by == request.actor.id,
        "became": WHAT_BECAME.get(waiting.view.state),
        "others": [one for one in requests.waiting(actor=request.actor, at=request.now) if one.id != waiting.id],
    }
    return render(request, "console/approval.html", context, status=422 if form.errors else 200)


def _hindrance(error: type[ApprovalError] | None, waiting: Waiting) -> str:
    """Why this person's buttons are disabled, and who can; empty if they may answer, or nobody may any more."""
    words = SOMEBODY_ELSE.get(error) if error else None
    if words is None:
        return ""
    who = [WHO[role] for role in waiting.view.eligible_roles if role in WHO]
    text = " or ".join([", ".join(who[:-1]), who[-1]] if len(who) > 1 else who) or "somebody else"
    return words.format(who=text[0].upper() + text[1:])
