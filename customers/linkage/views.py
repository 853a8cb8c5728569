"""Pages on who is who: the queue of pairs to decide, and the records of one customer."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from bankos.platform.actors import SERVING, ActorKind, Role
from bankos.platform.requests import StaffRequest
from sentinel.actions import NotPossible, Ran
from sentinel.authority import AuthorityError

from . import batch, merging, records, review, starting
from .forms import ReasonForm, VerdictForm

REVIEWING = SERVING | {Role.COMPLIANCE}
REFUSED = "The policies do not let you do this."


@require_safe
@login_required
def queue(request: StaffRequest) -> HttpResponse:
    """The pairs this person may decide, the surest first."""
    _check_may_review(request)
    pairs = review.waiting(request.actor, at=request.now)
    context = {"pairs": pairs, "count": review.how_many_wait(request.actor, at=request.now), **_run(request)}
    return render(request, "customers/linkage/queue.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def run(request: StaffRequest) -> HttpResponse:
    """How far the comparison of everybody is; a POST starts one."""
    _check_may_review(request)
    if request.method != "POST":
        return render(request, "customers/linkage/_run.html", _run(request))
    try:
        done = starting.ask(actor=request.actor, at=request.now)
    except AuthorityError:
        messages.error(request, REFUSED)
    else:
        if not done.done:
            messages.error(request, _WAITS if done.request_id else done.sentence)
    return redirect("link-queue")


def _run(request: StaffRequest) -> dict[str, object]:
    return {"run": batch.latest(), "may_start": starting.may_start(request.actor)}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def pair(request: StaffRequest, link_id: UUID) -> HttpResponse:
    """Two records side by side, and the question."""
    _check_may_review(request)
    form = VerdictForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        following = review.next_after(link_id, request.actor, at=request.now)
        try:
            done = review.decide(
                link_id,
                review.Verdict(form.cleaned_data["verdict"]),
                reason=form.cleaned_data["reason"].strip(),
                actor=request.actor,
                at=request.now,
            )
        except (NotPossible, AuthorityError) as error:
            form.add_error(None, str(error) if isinstance(error, NotPossible) else REFUSED)
        else:
            if done is None or done.done or done.request_id:
                messages.success(request, _said(form.cleaned_data["verdict"], done))
                return redirect("link-review", following) if following else redirect("link-queue")
            form.add_error(None, done.sentence)
    context = {
        "pair": review.pair(link_id, request.actor),
        "form": form,
        "following": review.next_after(link_id, request.actor, at=request.now),
        "count": review.how_many_wait(request.actor, at=request.now),
    }
    return render(request, "customers/linkage/pair.html", context, status=422 if form.errors else 200)


@require_safe
@login_required
def customer_records(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """The records of this customer, why they belong together, and its merges and splits."""
    return render(request, "customers/linkage/records.html", {"customer": records.records_of(party_id, actor=request.actor)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def split(request: StaffRequest, party_id: UUID, member_id: UUID) -> HttpResponse:
    """Split one record off."""
    found = records.records_of(party_id, actor=request.actor)
    record = next((one for one in found.records if one.id == member_id), None)
    if record is None:
        return redirect("customer-records", party_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = _try(form, lambda: merging.ask_to_part(member_id, actor=request.actor, reason=form.cleaned_data["reason"], at=request.now))
        if done is not None:
            messages.success(request, f"{record.number} is a customer of its own now." if done.done else _WAITS)
            return redirect("customer-records", found.golden)
    context = {"customer": found, "record": record, "form": form}
    return render(request, "customers/linkage/split.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def undo(request: StaffRequest, party_id: UUID, act_id: UUID) -> HttpResponse:
    """Take a merge or a split back."""
    found = records.records_of(party_id, actor=request.actor)
    act = next((one for one in found.acts if one.id == act_id and one.may_be_undone), None)
    if act is None:
        return redirect("customer-records", party_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = _try(form, lambda: merging.ask_to_undo(act_id, actor=request.actor, reason=form.cleaned_data["reason"], at=request.now))
        if done is not None:
            messages.success(request, "Taken back. Both are as they were, with what was said to each since." if done.done else _WAITS)
            return redirect("customer-records", party_id)
    context = {"customer": found, "act": act, "form": form}
    return render(request, "customers/linkage/undo.html", context, status=422 if form.errors else 200)


_WAITS = "A second person has to agree first. It is done as soon as they do."


def _try(form: ReasonForm, act: Callable[[], Ran]) -> Ran | None:
    """What became of an act that was done or waits; otherwise the form says why not."""
    try:
        done = act()
    except NotPossible as error:
        form.add_error(None, str(error))
        return None
    except AuthorityError:
        form.add_error(None, REFUSED)
        return None
    if not done.done and done.request_id is None:
        form.add_error(None, done.sentence)
        return None
    return done


def _check_may_review(request: StaffRequest) -> None:
    if request.actor.kind is not ActorKind.EMPLOYEE or REVIEWING.isdisjoint(request.actor.roles):
        raise PermissionDenied


def _said(verdict: str, done: Ran | None) -> str:
    if done is None:
        return "Put off for two weeks."
    if not done.done:
        return _WAITS
    return "Remembered: different people." if verdict == review.Verdict.DIFFERENT else "They are one customer now."
