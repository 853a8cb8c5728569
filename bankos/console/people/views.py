"""People of the bank: seen, let in, moved, given roles, and let go. To all but administrators and compliance officers they do not exist."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django import forms
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
from customers.channels import overview
from customers.models import Branch
from sentinel import mandates
from sentinel.actions import ASKED_FOR, NotPossible, Ran
from sentinel.people import joining, leaving, reading, roles, unlocking, ways_in
from sentinel.people.reading import PersonRow, PersonView, UnknownPerson
from sentinel.people.ways_in import LinkNotGood

from . import powers
from .forms import JoinForm, PlaceForm, ReasonForm, RoleForm, WithdrawForm

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
    branches = _branches()
    meant = [code for code, name in branches.items() if text.strip() and text.strip().casefold() in name.casefold()]
    found = reading.people(actor=request.actor, text=text, gone=gone, branches=meant)
    context = {
        "people": [_placed(row, branches) for row in found],
        "waiting": reading.waiting(actor=request.actor, at=request.now),
        "text": text,
        "gone": gone,
        "may_add": Role.ADMINISTRATOR in request.actor.roles,
        "largest": reading.LARGEST_LIST,
    }
    return render(request, "console/people/people.html", context)


@require_safe
@in_charge
def all_powers(request: StaffRequest) -> HttpResponse:
    """Who holds which power, who gave it, who agreed, and when it ends."""
    text, ended = request.GET.get("q", "")[:100].strip(), request.GET.get("ended") == "yes"
    of = reading.found_by(text, actor=request.actor) if text else None
    context = {
        "powers": powers.powers(actor=request.actor, at=request.now, ended=ended, of=of),
        "text": text,
        "ended": ended,
        "administers": Role.ADMINISTRATOR in request.actor.roles,
        "largest": powers.LARGEST_LIST,
    }
    return render(request, "console/people/powers.html", context)


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
            name = form.cleaned_data["name"]
            if _asked(
                request,
                form,
                joined.answer,
                "They can come in. Make their link on this page.",
                f"Then {name} stands below: make the link there.",
            ):
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
            if _asked(request, form, answer, "Moved."):
                return redirect("person", person_id)
    sights = [one for one in powers.powers(actor=request.actor, at=request.now, of=[person_id]) if one.list_id]
    return render(
        request, "console/people/move.html", {"form": form, "person": found, "sights": sights}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@in_charge
def ask(request: StaffRequest, person_id: UUID, what: str) -> HttpResponse:
    """Say why, before a role is taken away, a way in is opened anew, or somebody is let go; the page says what then happens."""
    found = reading.person(person_id, actor=request.actor, at=request.now)
    gives = Role.ADMINISTRATOR in request.actor.roles
    if not found.row.works_here or str(person_id) == request.actor.id or (what == "reset" and not gives):
        raise Http404
    held = [one for one in found.roles if one.until is None]
    form: forms.Form = ReasonForm(request.POST or None)
    if what == "withdraw":
        form = WithdrawForm(request.POST or None, held=held, initial={"role": request.GET.get("role")})
    if request.method == "POST" and form.is_valid() and _with_reason(request, person_id, what, form):
        return redirect("person", person_id)
    context = {"form": form, "person": found, "what": what, "held": held, **_what_ends(request, person_id, what)}
    return render(request, "console/people/ask.html", context, status=422 if form.errors else 200)


def _what_ends(request: StaffRequest, person_id: UUID, what: str) -> dict[str, Any]:
    """For who is about to let somebody go: all that ends with it, and what then has nobody."""
    if what != "leave":
        return {}
    return {
        "administers": Role.ADMINISTRATOR in request.actor.roles,
        "powers": powers.powers(actor=request.actor, at=request.now, of=[person_id]),
        "programs": overview.owned_by(person_id, actor=request.actor),
    }


@require_POST
@in_charge
def act(request: StaffRequest, person_id: UUID) -> HttpResponse:
    """Give a role, sign out, let try again, or make a half of a one-time link."""
    found = reading.person(person_id, actor=request.actor, at=request.now)
    match request.POST.get("act"):
        case "link" | "code" as half:
            return _half(request, person_id, half)
        case "sign-out":
            _tell(request, leaving.sign_out(person_id=person_id, actor=request.actor, at=request.now), "Signed out everywhere.")
            return redirect("person", person_id)
        case "unlock":
            return _unlock(request, person_id)
        case "grant":
            form = RoleForm(request.POST, roles=found.grantable, auto_id="grant_%s")
            if form.is_valid() and _with_reason(request, person_id, "grant", form):
                return redirect("person", person_id)
            return _page(request, person_id, form=form)
        case _:
            raise Http404


def _unlock(request: StaffRequest, person_id: UUID) -> HttpResponse:
    try:
        answer = unlocking.unlock(User.objects.get(pk=person_id), actor=request.actor, at=request.now)
        _tell(request, answer, "They can try to sign in at once.")
    except NotPossible as error:
        messages.error(request, str(error))
    return redirect("person", person_id)


def _with_reason(request: StaffRequest, person_id: UUID, what: str, form: forms.Form) -> bool:
    """Do it, or ask for it; if it cannot be, the form says why."""
    said = form.cleaned_data
    given: dict[str, Any] = {"person_id": person_id, "reason": said["reason"], "actor": request.actor, "at": request.now}
    try:
        match what:
            case "grant":
                return _asked(request, form, roles.grant(role=Role(said["role"]), **given), "Given.")
            case "withdraw":
                return _asked(request, form, roles.withdraw(role=Role(said["role"]), **given), "Taken away. It counts at once.")
            case "reset":
                then = "Then make the link on this page. Until then the password they have now goes on working."
                return _asked(
                    request, form, joining.reset_access(**given), "Password and second step are gone. Make a new link here.", then
                )
            case _:
                gone = "They do not work here any more. What is listed here as ended has ended."
                return _asked(request, form, leaving.leave(**given), gone)
    except NotPossible as error:
        form.add_error(None, str(error))
        return False


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


def _page(request: StaffRequest, person_id: UUID, *, form: RoleForm | None = None, link: str = "", code: str = "") -> HttpResponse:
    found: PersonView = reading.person(person_id, actor=request.actor, at=request.now)
    administers = Role.ADMINISTRATOR in request.actor.roles
    of = [person_id]
    context = {
        "person": found,
        "row": _placed(found.row, _branches()),
        "powers": powers.powers(actor=request.actor, at=request.now, of=of),
        "takes_roles": found.row.works_here and str(person_id) != request.actor.id,
        "former": powers.powers(actor=request.actor, at=request.now, ended=True, of=of),
        "lends": [one for one in mandates.delegations(at=request.now) if one.giver_id == str(person_id)],
        "programs": overview.owned_by(person_id, actor=request.actor),
        "form": form,
        "role_form": form or RoleForm(roles=found.grantable, auto_id="grant_%s"),
        "administers": administers,
        "is_me": str(person_id) == request.actor.id,
        "link": link,
        "code": code,
        "held_until": attempts.waits_until(found.row.username, at=request.now) if administers else None,
    }
    return render(request, "console/people/person.html", context, status=422 if form is not None and form.errors else 200)


def _branches() -> dict[str, str]:
    return dict(Branch.objects.values_list("code", "name"))


def _placed(row: PersonRow, branches: Mapping[str, str]) -> PersonRow:
    """With their branch by its name."""
    return replace(row, branch=branches.get(row.branch, row.branch))


def _asked(request: StaffRequest, form: forms.Form, answer: Ran, done: str, then: str = "") -> bool:
    """Tell what became of it; what was refused the form says, which keeps what was typed."""
    if not answer.done and not answer.request_id:
        form.add_error(None, f"Not allowed. {answer.sentence}")
        return False
    _tell(request, answer, done, then)
    return True


def _tell(request: StaffRequest, answer: Ran, done: str, then: str = "") -> None:
    if answer.request_id:
        messages.info(request, f"{ASKED_FOR} {then}".rstrip())
    elif answer.done:
        messages.success(request, done)
    else:
        messages.error(request, f"Not allowed. {answer.sentence}")
