"""The pages on which a masked field is shown, and those of emergency access."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform.actors import Role
from bankos.platform.requests import StaffRequest
from sentinel.actions import NotPossible
from sentinel.authority import AuthorityError, NotPermitted

from .. import state
from ..models import MaskedField
from ..models.emergencies import EmergencyReason
from ..visibility import NotVisible
from . import emergencies as access
from . import emergency_lists, revealing
from .emergencies import EmergencyRefused
from .looks import settings
from .revealing import NotRevealed

PLACES = {MaskedField.ACCOUNT_NUMBER: "accounts"}
NOT_ASKED = "The bank’s rules could not be asked just now, so nothing was shown. Try again; if it stays so, tell the administrators."


class RevealForm(forms.Form):
    reason = forms.CharField(
        label="Why do you need it?",
        required=False,
        max_length=revealing.LONGEST_REASON,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )


class EmergencyForm(forms.Form):
    reason_code = forms.ChoiceField(
        label="What is the matter?",
        choices=EmergencyReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is the matter."},
    )
    reason = forms.CharField(
        label="In your words",
        min_length=access.SHORTEST_REASON,
        max_length=access.LONGEST_REASON,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
        error_messages={"required": "Say why, in a sentence.", "min_length": "Say why, in a sentence."},
    )
    number = forms.CharField(
        label="Customer number",
        max_length=40,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        error_messages={"required": "Type the customer’s number."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reveal(request: StaffRequest, party_id: UUID, field: str) -> HttpResponse:
    """Show one masked field for a short while; ask for a reason where the bank's rules want one."""
    name = state.names_of([party_id], actor=request.actor).get(party_id)
    if name is None or field not in MaskedField:
        raise Http404
    form = RevealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        back = f"{reverse('customer', args=[party_id])}#{PLACES.get(MaskedField(field), 'contact')}"
        try:
            asked = revealing.reveal(party_id, field=field, reason=form.cleaned_data["reason"], actor=request.actor, at=request.now)
        except (NotRevealed, NotPossible) as refusal:
            form.add_error("reason" if isinstance(refusal, NotRevealed) and refusal.says_why else None, str(refusal))
        except AuthorityError:
            form.add_error(None, NOT_ASKED)
        else:
            if asked.waits:
                messages.info(request, "A second person has to agree first. When they do, it is shown here for an hour.")
            return redirect(back)
    label = MaskedField(field).label
    context = {"party_id": party_id, "name": name, "form": form, "label": label, "minutes": settings().reveal_minutes}
    return render(request, "customers/care/reveal.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def ask(request: StaffRequest) -> HttpResponse:
    """Ask to look at a customer by number. What is answered does not depend on whether there is one."""
    form = EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = access.ask(actor=request.actor, at=request.now, **form.cleaned_data)
        except EmergencyRefused as refusal:
            form.add_error(None, str(refusal))
        except AuthorityError:
            form.add_error(None, NOT_ASKED)
        else:
            return redirect("emergency", asked)
    context = {"form": form, "minutes": settings().emergency_minutes}
    return render(request, "customers/care/ask.html", context, status=422 if form.errors else 200)


@require_safe
@login_required
def emergencies(request: StaffRequest) -> HttpResponse:
    """All of them for compliance officers, those to review first; one's own for everybody else."""
    officer = Role.COMPLIANCE in request.actor.roles
    read = emergency_lists.overview if officer else emergency_lists.of_person
    found = read(actor=request.actor, at=request.now)
    return render(request, "customers/care/emergencies.html", {"accesses": found, "officer": officer})


@require_safe
@login_required
def emergency(request: StaffRequest, access_id: UUID) -> HttpResponse:
    """One's own request, which looks the same whatever came of it."""
    return _page(request, access_id)


@require_safe
@login_required
def open_customer(request: StaffRequest, access_id: UUID) -> HttpResponse:
    """To the customer, if the request leads to one now."""
    party = access.opened(access_id, actor=request.actor)
    if party is None:
        return _page(request, access_id, nothing_open=True)
    return redirect("customer", party)


@require_POST
@login_required
def end(request: StaffRequest, access_id: UUID) -> HttpResponse:
    """End it before its time."""
    try:
        access.ended_now(access_id, actor=request.actor, at=request.now)
    except NotPermitted as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Whatever was open under this request is closed.")
    return redirect("emergencies")


@require_POST
@login_required
def review(request: StaffRequest, access_id: UUID) -> HttpResponse:
    """An officer's word on it."""
    if Role.COMPLIANCE not in request.actor.roles:
        raise NotVisible(access_id)
    justified = request.POST.get("verdict") == "justified"
    try:
        access.review(access_id, justified=justified, note=request.POST.get("note", ""), actor=request.actor, at=request.now)
    except (NotPermitted, NotPossible) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Reviewed.")
    return redirect("emergencies")


def _page(request: StaffRequest, access_id: UUID, *, nothing_open: bool = False) -> HttpResponse:
    found = emergency_lists.one_of_person(access_id, actor=request.actor, at=request.now)
    return render(request, "customers/care/emergency.html", {"access": found, "nothing_open": nothing_open})
