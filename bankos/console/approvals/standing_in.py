"""Who stands in for whom, and who may decide more than their role says: seen, given, ended."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bankos.platform.actors import OVERSEEING, Actor, Role
from bankos.platform.requests import StaffRequest
from sentinel import catalogue, mandate_changes, mandates
from sentinel.actions import NotPossible, Ran
from sentinel.catalogue import ParameterKind

GIVES_MANDATES = OVERSEEING | {Role.TEAM_LEAD}
DATE = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")


class DelegationForm(forms.Form):
    prefix = "delegation"
    receiver = forms.ChoiceField(label="Colleague", widget=forms.Select(attrs={"class": "input"}))
    role = forms.ChoiceField(label="Your role they approve with", widget=forms.Select(attrs={"class": "input"}))
    until = forms.DateField(label="Last day", widget=DATE)
    reason = forms.CharField(label="Reason", max_length=300, widget=forms.TextInput(attrs={"class": "input"}))

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receiver"].choices = _people(besides=actor)  # type: ignore[attr-defined]
        self.fields["role"].choices = [(role, role.replace("_", " ").capitalize()) for role in sorted(actor.roles)]  # type: ignore[attr-defined]


class MandateForm(forms.Form):
    prefix = "mandate"
    person = forms.ChoiceField(label="Person", widget=forms.Select(attrs={"class": "input"}))
    action = forms.ChoiceField(label="May decide", widget=forms.Select(attrs={"class": "input"}))
    amount = forms.DecimalField(
        label="Up to",
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "decimal"}),
    )
    currency = forms.RegexField("^[A-Z]{3}$", label="Currency", initial="EUR", widget=forms.TextInput(attrs={"class": "input", "size": 4}))
    until = forms.DateField(label="Last day", widget=DATE)
    reason = forms.CharField(label="Reason", max_length=300, widget=forms.TextInput(attrs={"class": "input"}))

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = _people(besides=actor)  # type: ignore[attr-defined]
        self.fields["action"].choices = _with_amounts()  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: StaffRequest) -> HttpResponse:
    """What is lent and given; POST gives more."""
    wanted = request.POST.get("give")
    delegation = DelegationForm(request.POST if wanted == "delegation" else None, actor=request.actor)
    mandate = MandateForm(request.POST if wanted == "mandate" else None, actor=request.actor)
    form = {"delegation": delegation, "mandate": mandate}.get(wanted or "")
    if form is not None and form.is_valid():
        try:
            done = _delegate(request, delegation) if form is delegation else _grant(request, mandate)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            return _told(request, done)
    sees_all = bool(request.actor.roles & OVERSEEING)
    context = {
        "delegation_form": delegation,
        "mandate_form": mandate if request.actor.roles & GIVES_MANDATES else None,
        "delegations": mandates.delegations(at=request.now, of=None if sees_all else request.actor),
        "mandates": [(one, _title(one.action)) for one in mandates.mandates(at=request.now)],
        "sees_all": sees_all,
        "today": timezone.localtime(request.now).date(),
    }
    return render(request, "console/standing_in.html", context, status=422 if form is not None and form.errors else 200)


@require_POST
@login_required
def end(request: StaffRequest) -> HttpResponse:
    """End a delegation or a mandate before its day."""
    face = mandate_changes.revoke_mandate if request.POST.get("kind") == "mandate" else mandate_changes.revoke_delegation
    try:
        face(UUID(request.POST.get("id", "")), actor=request.actor, at=request.now)
    except (NotPossible, ValueError):
        messages.error(request, "That is not yours to end, or has ended.")
    else:
        messages.success(request, "Ended.")
    return redirect("standing-in")


def _delegate(request: StaffRequest, form: DelegationForm) -> Ran:
    said = form.cleaned_data
    return mandate_changes.delegate(
        giver=request.actor,
        receiver_id=UUID(said["receiver"]),
        role=said["role"],
        until=said["until"],
        reason=said["reason"],
        at=request.now,
    )


def _grant(request: StaffRequest, form: MandateForm) -> Ran:
    said = form.cleaned_data
    return mandate_changes.grant(
        person_id=UUID(said["person"]),
        action=said["action"],
        amount=said["amount"],
        currency=said["currency"],
        until=said["until"],
        reason=said["reason"],
        actor=request.actor,
        at=request.now,
    )


def _told(request: StaffRequest, done: Ran) -> HttpResponse:
    if done.request_id:
        messages.info(request, f"Waits for a second person. {done.sentence}")
        return redirect("approval", done.request_id)
    if done.done:
        messages.success(request, "Done.")
    else:
        messages.error(request, f"Not allowed. {done.sentence}")
    return redirect("standing-in")


def _people(*, besides: Actor) -> list[tuple[str, str]]:
    users = get_user_model().objects.filter(is_active=True).exclude(pk=besides.id).order_by("name")
    return [(str(user.pk), f"{user.name}, {user.job_title}" if user.job_title else user.name) for user in users]


def _with_amounts() -> list[tuple[str, str]]:
    return [(kind.name, kind.title) for kind in catalogue.all_types() if ParameterKind.MONEY in kind.parameters.values()]


def _title(action: str) -> str:
    return dict(_with_amounts()).get(action, action)
