"""What customers may ask for: on their page, and in the list of those who see to it."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform import clock
from bankos.platform.actors import Role
from bankos.platform.requests import StaffRequest
from bankos.platform.sending import sent_as_file
from sentinel.actions import NotPossible
from sentinel.authority import NotPermitted

from .. import state
from ..visibility import NotVisible
from . import access, asking, correcting, erasing, files, holds, receipts
from .forms import AnswerForm, AskForm, CorrectForm, HoldForm, LiftForm


@require_safe
@login_required
def receipt(request: StaffRequest, record_id: UUID) -> HttpResponse:
    """A page the customer can keep."""
    found = _receipt(request, record_id)
    person = state.state_of(found.party_id, actor=request.actor, at=request.now)
    return render(request, "customers/rights/receipt.html", {"receipt": found, "state": person})


@require_safe
@login_required
def receipt_file(request: StaffRequest, record_id: UUID) -> HttpResponse:
    """What the page says, with the signed text a program checks."""
    found = _receipt(request, record_id)
    answer = JsonResponse({**found.claims, "signed": found.signed}, json_dumps_params={"indent": 1, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="consent-receipt-{record_id}.json"'
    return answer


@require_safe
@login_required
def rights(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """What this customer may ask for, and what became of what they asked."""
    person = state.state_of(party_id, actor=request.actor, at=request.now)
    context = {
        "state": person,
        "requests": asking.requests_of(party_id, actor=request.actor),
        "oversees": _oversees(request),
        "holds": holds.holds_of(party_id, at=request.now) if _oversees(request) else (),
        "lift": LiftForm(),
    }
    return render(request, "customers/rights/rights.html", context)


@require_safe
@login_required
def waiting(request: StaffRequest) -> HttpResponse:
    """What customers wait for, the most pressing first; to everybody but compliance officers the page does not exist."""
    if not _oversees(request):
        raise Http404
    return render(request, "customers/rights/waiting.html", {"requests": asking.open_requests(actor=request.actor)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def ask_for_copy(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """Record that the customer asks for a copy of their data."""
    person = state.state_of(party_id, actor=request.actor, at=request.now)
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = access.ask(party_id, actor=request.actor, at=request.now, **form.cleaned_data)
        except NotPermitted as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("access-copy", made)
    return render(request, "customers/rights/ask_for_copy.html", {"state": person, "form": form}, status=422 if form.errors else 200)


@require_safe
@login_required
def copy(request: StaffRequest, copy_id: UUID) -> HttpResponse:
    """How far the copy is; asked again and again while it is being made."""
    found = _copy(request, copy_id)
    if request.htmx:
        return render(request, "customers/rights/_copy.html", {"copy": found})
    person = state.state_of(found.party_id, actor=request.actor, at=request.now)
    return render(request, "customers/rights/copy.html", {"copy": found, "state": person})


@require_POST
@login_required
def download(request: StaffRequest, copy_id: UUID) -> HttpResponseBase:
    """The copy as one file. Each time is an act of its own."""
    found = _copy(request, copy_id)
    try:
        export = access.hand_out(copy_id, actor=request.actor, at=request.now)
    except access.NotReady:
        messages.warning(request, "This copy is not there: it is still being made, or was deleted.")
        return redirect("access-copy", found.request_id)
    except NotPermitted as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    return sent_as_file(request, files.zipped(export, at=request.now), name=f"copy-{copy_id}.zip", content_type="application/zip")


@require_safe
@login_required
def choose_wrong(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """What each source states, to choose what the customer says is wrong."""
    person = state.state_of(party_id, actor=request.actor, at=request.now)
    context = {"state": person, "stated": _correctable(request, party_id)}
    return render(request, "customers/rights/choose_wrong.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def correct(request: StaffRequest, party_id: UUID, fact_id: UUID) -> HttpResponse:
    """Record what the customer says is right; it becomes a task of the source's owner."""
    person = state.state_of(party_id, actor=request.actor, at=request.now)
    fact = next((one for one in _correctable(request, party_id) if one.fact_id == fact_id), None)
    if fact is None:
        raise Http404
    form = CorrectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = correcting.ask(party_id, fact_id, actor=request.actor, at=request.now, **form.cleaned_data)
        except NotPermitted as refusal:
            form.add_error(None, str(refusal))
        except correcting.NotAWord as wrong:
            form.add_error("said", str(wrong))
        else:
            return redirect("correction", made)
    context = {"state": person, "fact": fact, "form": form}
    return render(request, "customers/rights/correct.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def correction(request: StaffRequest, asked_id: UUID) -> HttpResponse:
    """One correction: what the source states, what the customer says, and the owner's answer."""
    try:
        found = correcting.correction_of(asked_id, actor=request.actor)
    except NotVisible as error:
        raise Http404 from error
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            correcting.answer(asked_id, actor=request.actor, at=request.now, **form.cleaned_data)
        except NotPermitted as refusal:
            form.add_error(None, str(refusal))
        except correcting.Answered:
            form.add_error(None, "It was answered meanwhile.")
        else:
            messages.success(request, "Answered.")
            return redirect("rights", found.party_id)
    person = state.state_of(found.party_id, actor=request.actor, at=request.now)
    context = {"state": person, "correction": found, "form": form}
    return render(request, "customers/rights/correction.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def ask_for_erasure(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """Record that the customer asks to be erased, with what that would do."""
    person = state.state_of(party_id, actor=request.actor, at=request.now)
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            erasing.ask(party_id, actor=request.actor, at=request.now, **form.cleaned_data)
        except NotPermitted as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Recorded. Compliance sees to it.")
            return redirect("rights", party_id)
    context = {"state": person, "form": form, "plan": erasing.plan_of(party_id, at=request.now)}
    return render(request, "customers/rights/ask_for_erasure.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def hold(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """Keep everything of a customer; to everybody but compliance officers the page does not exist."""
    if not _oversees(request):
        raise Http404
    person = state.state_of(party_id, actor=request.actor, at=request.now)
    form = HoldForm(request.POST or None, today=clock.bank_date(request.now))
    if request.method == "POST" and form.is_valid():
        try:
            holds.place(party_id, actor=request.actor, at=request.now, **form.cleaned_data)
        except NotPermitted as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Held. Nothing of this customer is erased.")
            return redirect("rights", party_id)
    return render(request, "customers/rights/hold.html", {"state": person, "form": form}, status=422 if form.errors else 200)


@require_POST
@login_required
def lift(request: StaffRequest, hold_id: UUID) -> HttpResponse:
    """Ask for a hold to end; a second compliance officer decides."""
    form = LiftForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        done = holds.lift(hold_id, actor=request.actor, at=request.now, reason=form.cleaned_data["reason"])
    except NotVisible as error:
        raise Http404 from error
    except NotPossible as error:
        messages.warning(request, str(error))
        return redirect("rights-waiting")
    if done.request_id:
        messages.info(request, f"Waits for a second person. {done.sentence}")
        return redirect("approval", done.request_id)
    raise PermissionDenied(done.sentence)


def _correctable(request: StaffRequest, party_id: UUID) -> list[correcting.Stated]:
    return [one for one in correcting.stated_of(party_id, actor=request.actor, at=request.now) if not one.by_customer]


def _oversees(request: StaffRequest) -> bool:
    return Role.COMPLIANCE in request.actor.roles


def _copy(request: StaffRequest, asked_id: UUID) -> access.CopyView:
    try:
        return access.copy_of(asked_id, actor=request.actor)
    except NotVisible as error:
        raise Http404 from error


def _receipt(request: StaffRequest, record_id: UUID) -> receipts.Receipt:
    try:
        return receipts.receipt_of(record_id, actor=request.actor, at=request.now)
    except NotVisible as error:
        raise Http404 from error
