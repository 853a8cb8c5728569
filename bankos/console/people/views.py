"""People of the bank: seen, let in, moved, given roles, and let go. To all but administrators and compliance officers they do not exist."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform import attempts
from bankos.platform.actors import Role
from bankos.platform.models import User
from bankos.platform.requests import StaffRequest
from customers.care import granting
from customers.channels import overview
from sentinel.governance import CarriedOut, NotPossible
from sentinel.people import joining, leaving, reading, roles, unlocking, ways_in
from sentinel.people.reading import PersonRow, PersonView, UnknownPerson
from sentinel.people.ways_in import LinkNotGood

from .forms import JoinForm, PlaceForm, ReasonForm, RoleForm

View = TypeVar("View", bound=Callable[..., HttpResponse])


def in_charge(view: View) -> View:
    @login_required
    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            reading.in_charge(request.actor)
            return view(request, *args, **kwargs)
        except UnknownPerson as error:
            raise Http404 from error

    return cast(View, guarded)


@require_safe
@in_charge
def people(request: StaffRequest) -> HttpResponse:
    """Everybody who works here, or did."""
    text, gone = request.GET.get("q", "")[:100], request.GET.get("gone") == "yes"
    context = {
        "people": _with_branches(reading.people(actor=request.actor, text=text, gone=gone)),
        "waiting": reading.waiting(actor=request.actor, at=request.now),
        "text": text,
        "gone": gone,
        "may_add": Role.ADMINISTRATOR in request.actor.roles,
        "largest": reading.LARGEST_LIST,
    }
    return render(request, "console/people/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@in_charge
def join(request: StaffRequest) -> HttpResponse:
    """A new colleague."""
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            joined = joining.join(form.newcomer(), reason=form.cleaned_data["reason"], actor=request.actor, at=request.now)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            _tell(request, joined.answer, "They can come in. Make their link on this page.")
            return redirect("person", joined.person_id) if joined.answer.done else redirect("people")
    return render(request, "console/people/join.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@in_charge
def person(request: StaffRequest, person_id: UUID) -> HttpResponse:
    """One person: roles, place, ways in, and what was decided about them."""
    return _page(request, person_id)


@require_http_methods(["GET", "HEAD", "POST"])
@in_charge
def move(request: StaffRequest, person_id: UUID) -> HttpResponse:
    """Where somebody works from now on, and for whom."""
    found = reading.person(person_id, actor=request.actor, at=request.now)
    now = {"job_title": found.row.job_title, "branch": found.row.branch, "manager": found.manager_id}
    form = PlaceForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            answer = joining.move(
                person_id=person_id,
                branch=form.branch_code,
                manager=form.manager_id,
                job_title=form.cleaned_data["job_title"],
                reason=form.cleaned_data["reason"],
                actor=request.actor,
                at=request.now,
            )
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            _tell(request, answer, "Moved.")
            return redirect("person", person_id)
    return render(request, "console/people/move.html", {"form": form, "person": found}, status=422 if form.errors else 200)


@require_POST
@in_charge
def act(request: StaffRequest, person_id: UUID) -> HttpResponse:
    """Give or take a role, reset, sign out, let try again, let go, or make a half of a one-time link."""
    reading.person(person_id, actor=request.actor, at=request.now)
    match request.POST.get("act"):
        case "link" | "code" as half:
            return _half(request, person_id, half)
        case "sign-out":
            _tell(request, leaving.sign_out(person_id=person_id, actor=request.actor, at=request.now), "Signed out everywhere.")
            return redirect("person", person_id)
        case "unlock":
            return _unlock(request, person_id)
        case "grant" | "withdraw" | "reset" | "leave" as what:
            return _with_reason(request, person_id, what)
        case _:
            raise Http404


def _unlock(request: StaffRequest, person_id: UUID) -> HttpResponse:
    try:
        answer = unlocking.unlock(User.objects.get(pk=person_id), actor=request.actor, at=request.now)
        _tell(request, answer, "They can try to sign in at once.")
    except NotPossible as error:
        messages.error(request, str(error))
    return redirect("person", person_id)


def _with_reason(request: StaffRequest, person_id: UUID, what: str) -> HttpResponse:
    form = RoleForm(request.POST) if what in ("grant", "withdraw") else ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, person_id, form=form)
    given: dict[str, Any] = {"person_id": person_id, "reason": form.cleaned_data["reason"], "actor": request.actor, "at": request.now}
    try:
        match what:
            case "grant":
                _tell(request, roles.grant(role=Role(form.cleaned_data["role"]), **given), "Given.")
            case "withdraw":
                _tell(request, roles.withdraw(role=Role(form.cleaned_data["role"]), **given), "Taken away. It counts at once.")
            case "reset":
                _tell(request, joining.reset_access(**given), "Password and second factor are gone. Make a new link on this page.")
            case "leave":
                _tell(request, leaving.leave(**given), "They do not work here any more. Everything of theirs has ended.")
    except NotPossible as error:
        form.add_error(None, str(error))
        return _page(request, person_id, form=form)
    return redirect("person", person_id)


def _half(request: StaffRequest, person_id: UUID, half: str) -> HttpResponse:
    """The link or the code, shown this once."""
    try:
        if half == "code":
            return _page(request, person_id, code=ways_in.make_code(person_id, by=request.actor.id, at=request.now))
        secret = ways_in.make_link(person_id, by=request.actor.id, at=request.now)
    except LinkNotGood:
        messages.error(request, "There is no link of yours to make: it was used, has expired, or somebody else asked for it.")
        return redirect("person", person_id)
    return _page(request, person_id, link=request.build_absolute_uri(reverse("way-in", args=[secret])))


def _page(request: StaffRequest, person_id: UUID, *, form: ReasonForm | None = None, link: str = "", code: str = "") -> HttpResponse:
    found: PersonView = reading.person(person_id, actor=request.actor, at=request.now)
    administers = Role.ADMINISTRATOR in request.actor.roles
    context = {
        "person": replace(found, row=_with_branches([found.row])[0]),
        "programs": overview.owned_by(person_id, actor=request.actor),
        "form": form or ReasonForm(),
        "role_form": RoleForm(roles=found.grantable, auto_id="grant_%s"),
        "administers": administers,
        "is_me": str(person_id) == request.actor.id,
        "link": link,
        "code": code,
        "held_until": attempts.waits_until(found.row.username, at=request.now) if administers else None,
    }
    return render(request, "console/people/person.html", context, status=422 if form is not None and form.errors else 200)


def _with_branches(rows: Sequence[PersonRow]) -> list[PersonRow]:
    """Branches by their names instead of their codes. Queries: 1."""
    names = granting.names_of_branches({row.branch for row in rows})
    return [replace(row, branch=names.get(row.branch, row.branch)) for row in rows]


def _tell(request: StaffRequest, answer: CarriedOut, done: str) -> None:
    if answer.request_id:
        messages.info(request, f"Waits for a second person. {answer.sentence}")
    elif answer.done:
        messages.success(request, done)
    else:
        messages.error(request, f"Not allowed. {answer.sentence}")
