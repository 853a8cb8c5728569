"""Pages on which administrators say who sees whom. To everybody else they do not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from bankos.platform.actors import Role
from bankos.platform.requests import StaffRequest
from sentinel.actions import ASKED_FOR, NotPossible, Ran
from sentinel.authority import AuthorityError

from ..colleagues import ColleagueField
from ..models import MaskedField, Team
from ..visibility import NotVisible
from . import arranging, granting, masking_rules
from .granting import LONGEST_REASON, NotInCharge, UnknownList

View = TypeVar("View", bound=Callable[..., HttpResponse])
INPUT = {"class": "input", "autocomplete": "off"}


class Reasoned(forms.Form):
    """Several stand on one page: each has ids of its own, so that a label and a fault lead to its own field."""

    reason = forms.CharField(label="Why", max_length=LONGEST_REASON, widget=forms.TextInput(attrs=INPUT))


class PersonForm(Reasoned):
    person = ColleagueField(label="Colleague", empty_label="Choose", widget=forms.Select(attrs=INPUT))
    until = forms.DateField(
        label="Until", required=False, help_text="Empty: no end.", widget=forms.DateInput(attrs={**INPUT, "type": "date"})
    )
    field_order = ["person", "until", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "see_%s", **kwargs})


class LeaveForm(PersonForm):
    number = forms.CharField(label="Customer number", max_length=40, widget=forms.TextInput(attrs=INPUT))
    until = forms.DateField(label="Until", widget=forms.DateInput(attrs={**INPUT, "type": "date"}), help_text="A month at most.")
    field_order = ["number", "person", "until", "reason"]


class PlaceForm(Reasoned):
    number = forms.CharField(label="Customer number", max_length=40, widget=forms.TextInput(attrs=INPUT))
    field_order = ["number", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "put_%s", **kwargs})


class ProtectForm(PlaceForm):
    employee = ColleagueField(label="Works here as", required=False, empty_label="Does not work here", widget=forms.Select(attrs=INPUT))
    field_order = ["number", "employee", "reason"]


class PeopleForm(Reasoned):
    manager = ColleagueField(label="Relationship manager", required=False, empty_label="Nobody", widget=forms.Select(attrs=INPUT))
    team = forms.ModelChoiceField(
        Team.objects.order_by("name"), label="Team", required=False, empty_label="None", widget=forms.Select(attrs=INPUT)
    )
    field_order = ["manager", "team", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "after_%s", **kwargs})


class ListForm(forms.Form):
    kind = forms.ChoiceField(
        label="What", choices=[("team", "Team"), ("portfolio", "Portfolio"), ("circle", "Circle")], widget=forms.Select(attrs=INPUT)
    )
    code = forms.SlugField(label="Code", max_length=40, widget=forms.TextInput(attrs=INPUT))
    name = forms.CharField(label="Name", max_length=80, widget=forms.TextInput(attrs=INPUT))


class MaskingForm(Reasoned):
    field = forms.ChoiceField(
        label="Field", choices=[(field.value, str(field.label).capitalize()) for field in MaskedField], widget=forms.Select(attrs=INPUT)
    )
    role = forms.ChoiceField(label="Role", choices=[(role.value, role.label) for role in Role], widget=forms.Select(attrs=INPUT))
    shown = forms.ChoiceField(label="Sees it", choices=[("no", "Masked"), ("yes", "Whole")], widget=forms.Select(attrs=INPUT))
    field_order = ["field", "role", "shown", "reason"]


NONE_YET = {
    "branch": "Branches come with the customers from the systems of record.",
    "team": "A team looks after portfolios together. Add one below.",
    "portfolio": "A portfolio holds customers whom one colleague looks after. Add one below.",
    "circle": "A circle lists the few who may see customers it protects. Add one below.",
}


def arranged(view: View) -> View:
    @login_required
    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (NotInCharge, UnknownList) as error:
            raise Http404 from error

    return cast(View, guarded)


@require_safe
@arranged
def overview(request: StaffRequest) -> HttpResponse:
    """All lists, with how many people may see the customers of each."""
    return _overview(request, ListForm())


@require_POST
@arranged
def make(request: StaffRequest) -> HttpResponse:
    """A new team, portfolio or circle, which shows nobody to anybody yet."""
    granting.in_charge(request.actor)
    form = ListForm(request.POST)
    if form.is_valid():
        try:
            made = arranging.make(**form.cleaned_data, actor=request.actor)
        except NotPossible as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("access-list", form.cleaned_data["kind"], made)
    return _overview(request, form)


@require_safe
@arranged
def one(request: StaffRequest, kind: str, list_id: UUID) -> HttpResponse:
    """Who may see the customers of one list; whom it holds, as far as the reader may know of them; what was changed."""
    return _page(request, kind, list_id)


@require_POST
@arranged
def grant(request: StaffRequest, kind: str, list_id: UUID) -> HttpResponse:
    granting.list_of(kind, list_id, actor=request.actor)
    form = PersonForm(request.POST)
    said = form.cleaned_data if form.is_valid() else {}
    return _act(
        request,
        form,
        lambda: granting.grant(
            kind, list_id, person_id=said["person"].pk, until=said["until"], reason=said["reason"], actor=request.actor, at=request.now
        ),
        "They see these customers now.",
        kind=kind,
        list_id=list_id,
        name="form",
    )


@require_POST
@arranged
def withdraw(request: StaffRequest, kind: str, list_id: UUID) -> HttpResponse:
    granting.list_of(kind, list_id, actor=request.actor)
    form = Reasoned(request.POST)
    said = form.cleaned_data if form.is_valid() else {}
    holder = request.POST.get("holder", "")
    return _act(
        request,
        form,
        lambda: granting.withdraw(kind, list_id, holder=holder, reason=said["reason"], actor=request.actor, at=request.now),
        "They see these customers no more by this list.",
        kind=kind,
        list_id=list_id,
        name="end_form",
        row=holder,
    )


@require_POST
@arranged
def people(request: StaffRequest, list_id: UUID) -> HttpResponse:
    """Who manages a portfolio, and which team looks after it."""
    granting.list_of("portfolio", list_id, actor=request.actor)
    form = PeopleForm(request.POST)
    said = form.cleaned_data if form.is_valid() else {}
    return _act(
        request,
        form,
        lambda: arranging.arrange(
            list_id,
            manager=str(said["manager"].pk) if said["manager"] else "",
            team=str(said["team"].pk) if said["team"] else "",
            reason=said["reason"],
            actor=request.actor,
            at=request.now,
        ),
        "Arranged.",
        kind="portfolio",
        list_id=list_id,
        name="people_form",
    )


@require_POST
@arranged
def customers(request: StaffRequest, kind: str, list_id: UUID) -> HttpResponse:
    """Put a customer into a portfolio, or under the protection of a circle."""
    granting.list_of(kind, list_id, actor=request.actor)
    form = {"portfolio": PlaceForm, "circle": ProtectForm}.get(kind, PlaceForm)(request.POST)
    said = form.cleaned_data if form.is_valid() else {}
    by: dict[str, Any] = {"actor": request.actor, "at": request.now}

    def ask() -> Ran:
        party = arranging.party_with(said["number"], actor=request.actor)
        if kind == "portfolio":
            return arranging.place(party, portfolio=list_id, reason=said["reason"], **by)
        if kind != "circle":
            raise NotPossible("Which customers these are the systems of record say.")
        employee = said["employee"].pk if said["employee"] else None
        return arranging.protect(party, circle=list_id, employee=employee, reason=said["reason"], **by)

    return _act(request, form, ask, "Arranged.", kind=kind, list_id=list_id, name="customer_form")


@require_POST
@arranged
def unprotect(request: StaffRequest, list_id: UUID, protection_id: UUID) -> HttpResponse:
    granting.list_of("circle", list_id, actor=request.actor)
    form = Reasoned(request.POST)
    said = form.cleaned_data if form.is_valid() else {}
    return _act(
        request,
        form,
        lambda: arranging.unprotect(protection_id, reason=said["reason"], actor=request.actor, at=request.now),
        "The protection has ended.",
        kind="circle",
        list_id=list_id,
        name="end_form",
        row=str(protection_id),
    )


@require_safe
@arranged
def leaves(request: StaffRequest) -> HttpResponse:
    """The leaves to see a single customer."""
    return _leaves(request)


@require_POST
@arranged
def give_leave(request: StaffRequest) -> HttpResponse:
    granting.in_charge(request.actor)
    form = LeaveForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        error = _asked(
            request,
            lambda: arranging.show_customer(
                arranging.party_with(said["number"], actor=request.actor),
                person_id=said["person"].pk,
                until=said["until"],
                reason=said["reason"],
                actor=request.actor,
                at=request.now,
            ),
            "They see this customer now.",
        )
        if error is None:
            return redirect("access-leaves")
        form.add_error(None, error)
    return _leaves(request, form=form)


@require_POST
@arranged
def end_leave(request: StaffRequest, party_id: UUID, person_id: UUID) -> HttpResponse:
    granting.in_charge(request.actor)
    form = Reasoned(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            error = _asked(
                request,
                lambda: arranging.hide_customer(party_id, person_id=person_id, reason=reason, actor=request.actor, at=request.now),
                "They see this customer no more by this leave.",
                unknown=True,
            )
        except NotVisible as unknown:
            raise Http404 from unknown
        if error is None:
            return redirect("access-leaves")
        form.add_error(None, error)
    return _leaves(request, end_form=form, row=f"{party_id}-{person_id}")


@require_safe
@arranged
def masking(request: StaffRequest) -> HttpResponse:
    """Which role sees which field whole."""
    return _masking(request, MaskingForm())


@require_POST
@arranged
def change_masking(request: StaffRequest) -> HttpResponse:
    masking_rules.in_charge(request.actor)
    form = MaskingForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        error = _asked(
            request,
            lambda: masking_rules.change(
                said["field"], role=said["role"], shown=said["shown"] == "yes", reason=said["reason"], actor=request.actor, at=request.now
            ),
            "Changed.",
        )
        if error is None:
            return redirect("access-masking")
        form.add_error(None, error)
    return _masking(request, form)


def _asked(request: StaffRequest, ask: Callable[[], Ran], done: str, *, unknown: bool = False) -> str | None:
    """Ask for it, and say what became of it; returns why not."""
    try:
        carried = ask()
    except NotVisible:
        if unknown:
            raise
        return "There is no customer with this number."
    except (AuthorityError, NotPossible) as refusal:
        return str(refusal)
    if not carried.done and carried.request_id is None:
        return carried.sentence
    if carried.done:
        messages.success(request, done)
    else:
        messages.info(request, ASKED_FOR)
    return None


def _act(
    request: StaffRequest, form: forms.Form, ask: Callable[[], Ran], done: str, *, kind: str, list_id: UUID, name: str, row: str = ""
) -> HttpResponse:
    """Ask for what the form says. Where that fails the page keeps what was typed; `row` is the one of a list it was typed into."""
    if form.is_valid():
        error = _asked(request, ask, done)
        if error is None:
            return redirect("access-list", kind, list_id)
        form.add_error(None, error)
    return _page(request, kind, list_id, row=row, **{name: form})


def _overview(request: StaffRequest, form: ListForm) -> HttpResponse:
    by: dict[str, Any] = {"actor": request.actor, "at": request.now}
    found = [(kind, named.plural, granting.lists(kind, **by), NONE_YET[kind]) for kind, named in granting.KINDS.items()]
    waiting = granting.waiting([one.id for _, _, rows, _ in found for one in rows], **by)
    context = {"kinds": found, "waiting": waiting, "form": form}
    return render(request, "customers/care/access.html", context, status=422 if form.errors else 200)


def _page(request: StaffRequest, kind: str, list_id: UUID, *, row: str = "", **forms_: forms.Form) -> HttpResponse:
    by: dict[str, Any] = {"actor": request.actor, "at": request.now}
    found = granting.list_of(kind, list_id, actor=request.actor)
    customers, manager, team = [], "", ""
    people: dict[str, Any] = {}
    if kind == "portfolio":
        customers = arranging.looked_after(list_id, actor=request.actor)
        manager_id, manager, team_id, team = arranging.people_of(list_id, actor=request.actor)
        people = {"manager": manager_id, "team": team_id}  # whoever changes one leaves the other as it is
    elif kind == "circle":
        customers = arranging.protected_by(list_id, actor=request.actor)
    wrong = next((form for form in forms_.values() if form.errors), None)
    context = {
        "list": found,
        "kind": granting.KINDS[kind].label,
        "holders": granting.holders(kind, list_id, **by),
        "waiting": granting.waiting([list_id], **by),
        "history": granting.history(list_id, actor=request.actor),
        "customers": customers,
        "manager": manager,
        "team": team,
        "wrong": wrong,
        "failed": row,
        "said": request.POST.get("reason", ""),
        "add_form": forms_.get("form") or PersonForm(),
        "people_form": (forms_.get("people_form") or PeopleForm(initial=people)) if kind == "portfolio" else None,
        "customer_form": (forms_.get("customer_form") or _empty(kind)) if kind in ("portfolio", "circle") else None,
    }
    return render(request, "customers/care/access_list.html", context, status=422 if wrong else 200)


def _empty(kind: str) -> forms.Form:
    return ProtectForm() if kind == "circle" else PlaceForm()


def _leaves(request: StaffRequest, form: forms.Form | None = None, end_form: forms.Form | None = None, row: str = "") -> HttpResponse:
    wrong = next((one for one in (form, end_form) if one is not None and one.errors), None)
    context = {
        "leaves": arranging.leaves(actor=request.actor, at=request.now),
        "add_form": form or LeaveForm(),
        "wrong": wrong,
        "failed": row,
        "said": request.POST.get("reason", ""),
    }
    return render(request, "customers/care/access_leaves.html", context, status=422 if wrong else 200)


def _masking(request: StaffRequest, form: MaskingForm) -> HttpResponse:
    found = masking_rules.rules(actor=request.actor)
    context = {
        "fields": found,
        "roles": [role.value for role in Role],
        "add_form": form,
        "wrong": form if form.errors else None,
        "history": masking_rules.history(actor=request.actor),
        "waiting": masking_rules.waiting(actor=request.actor, at=request.now),
        "arranges": Role.ADMINISTRATOR in request.actor.roles,
    }
    return render(request, "customers/care/access_masking.html", context, status=422 if form.errors else 200)
