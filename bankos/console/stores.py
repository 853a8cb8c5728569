"""Policy stores of other systems: for administrators, and for who answers for one. To everybody else they do not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform.requests import StaffRequest
from customers.colleagues import ColleagueField
from sentinel.actions import ASKED_FOR, NotPossible, Ran
from sentinel.authority import AuthorityError
from sentinel.authzen import access, granting, management
from sentinel.authzen.access import UnknownClient, UnknownStore
from sentinel.authzen.management import Manager
from sentinel.models import PolicyStore
from sentinel.policy import BANK

View = TypeVar("View", bound=Callable[..., HttpResponse])
INPUT = {"class": "input", "autocomplete": "off", "spellcheck": "false"}


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why", max_length=granting.LONGEST_REASON, help_text="Kept with the decision.", widget=forms.TextInput(attrs=INPUT)
    )


class AssignForm(ReasonForm):
    title = forms.CharField(label="Title", max_length=120, widget=forms.TextInput(attrs=INPUT))
    owner = ColleagueField(
        label="Answers for it",
        required=False,
        empty_label="Nobody yet",
        help_text="Writes its policies and lets programs ask it. A second person agrees to this.",
        widget=forms.Select(attrs={"class": "input"}),
    )
    field_order = ["title", "owner", "reason"]


class StoreForm(AssignForm):
    name = forms.SlugField(
        label="Name", max_length=40, help_text="Part of its addresses: /authzen/<name>/… It stays.", widget=forms.TextInput(attrs=INPUT)
    )
    field_order = ["name", "title", "owner", "reason"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if PolicyStore.objects.filter(name=name).exists():
            raise forms.ValidationError("There is a store of this name.")
        return name


class ClientForm(ReasonForm):
    name = forms.CharField(label="Name of the program", max_length=120, widget=forms.TextInput(attrs=INPUT))
    per_minute = forms.IntegerField(
        label="Evaluations a minute",
        min_value=1,
        max_value=access.MOST_PER_MINUTE,
        initial=access.PER_MINUTE,
        widget=forms.NumberInput(attrs=INPUT),
    )
    manages = forms.BooleanField(label="It may also change the store; a second person agrees to this", required=False)
    field_order = ["name", "per_minute", "reason", "manages"]


def seen(view: View) -> View:
    """Only for who runs a store at all; a store that is not theirs is none."""

    @login_required
    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (UnknownStore, UnknownClient) as error:
            raise Http404 from error

    return cast(View, guarded)


@require_safe
@seen
def stores(request: StaffRequest) -> HttpResponse:
    """The stores this person runs."""
    manager = Manager.employee(request.actor)
    rows = _of_others(manager)
    if not (manager.administrator or rows):
        raise Http404
    return render(request, "console/stores/stores.html", {"stores": rows, "administers": manager.administrator})


@require_http_methods(["GET", "HEAD", "POST"])
@seen
def new(request: StaffRequest) -> HttpResponse:
    """A new store."""
    if not Manager.employee(request.actor).administrator:
        raise Http404
    form = StoreForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if carried := _assigned(request, form, name):
            _tell(request, carried, "It is there. Until it has policies, every evaluation is refused.")
            return redirect("store", name) if carried.done else redirect("stores")
    return render(request, "console/stores/form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@seen
def assign(request: StaffRequest, name: str) -> HttpResponse:
    """Say anew what a store is called and who answers for it."""
    manager = Manager.employee(request.actor)
    store = _store(name, manager)
    if not manager.administrator:
        raise Http404
    form = AssignForm(request.POST or None, initial={"title": store.title, "owner": store.owner_id})
    if request.method == "POST" and form.is_valid() and (carried := _assigned(request, form, name)):
        _tell(request, carried, "Changed.")
        return redirect("store", name)
    return render(request, "console/stores/form.html", {"form": form, "store": store}, status=422 if form.errors else 200)


@require_safe
@seen
def store(request: StaffRequest, name: str) -> HttpResponse:
    """One store: who answers for it, which programs ask it, what is in force."""
    return _page(request, name)


@require_POST
@seen
def let_ask(request: StaffRequest, name: str) -> HttpResponse:
    """A program that may ask from now on; its secret is shown this once, or made once a second person agreed."""
    found = _store(name, Manager.employee(request.actor))
    form = ClientForm(request.POST)
    if not form.is_valid():
        return _page(request, name, form=form)
    said = form.cleaned_data
    given: dict[str, Any] = {key: said[key] for key in ("name", "manages", "per_minute", "reason")}
    asked: list[UUID] = []

    def ask() -> Ran:
        made = granting.let_ask(found.name, **given, actor=request.actor, at=request.now)
        asked.append(made.client_id)
        return made.carried

    carried = _carried(form, ask)
    if carried is None:
        return _page(request, name, form=form)
    if carried.done:
        return _page(request, name, made=granting.make_secret(found.name, asked[0], actor=request.actor, at=request.now))
    messages.info(request, f"{ASKED_FOR} Then make the secret on this page, within a day.")
    return redirect("store", name)


@require_POST
@seen
def make_secret(request: StaffRequest, name: str, client_id: UUID) -> HttpResponse:
    """The secret that was agreed to, shown this once, to who asked for it."""
    found = _store(name, Manager.employee(request.actor))
    return _page(request, name, made=granting.make_secret(found.name, client_id, actor=request.actor, at=request.now))


@require_http_methods(["GET", "HEAD", "POST"])
@seen
def revoke(request: StaffRequest, name: str, client_id: UUID) -> HttpResponse:
    """No right to ask any more, once the page has said what then stops."""
    found = _store(name, Manager.employee(request.actor))
    client = found.clients.filter(pk=client_id, revoked_at=None).first()
    if client is None:
        raise UnknownClient(client_id)
    if request.method == "POST":
        form = forms.Form(request.POST)
        if _carried(form, lambda: granting.revoke(found.name, client_id, actor=request.actor, at=request.now)):
            messages.success(request, "Revoked: its next request is refused.")
        else:
            messages.error(request, " ".join(map(str, form.non_field_errors())))
        return redirect("store", name)
    context = {
        "crumbs": [("Policy stores", reverse("stores")), (found.title, reverse("store", args=[name]))],
        "question": f"Revoke {client.name}?",
        "consequence": "Its next request is refused.",
        "button": f"Revoke {client.name}",
    }
    return render(request, "components/confirm.html", context)


def _of_others(manager: Manager) -> QuerySet[PolicyStore]:
    """The bank's own policies have pages of their own."""
    return management.stores_of(manager).exclude(name=BANK)


def _store(name: str, manager: Manager) -> PolicyStore:
    if name == BANK:
        raise UnknownStore(name)
    return management.store_of(name, manager=manager)


def _assigned(request: StaffRequest, form: forms.Form, name: str) -> Ran | None:
    said = form.cleaned_data
    owner = said["owner"].pk if said["owner"] else None
    given: dict[str, Any] = {"title": said["title"], "owner": owner, "reason": said["reason"]}
    return _carried(form, lambda: granting.assign(name, **given, actor=request.actor, at=request.now))


def _carried(form: forms.Form, ask: Callable[[], Ran]) -> Ran | None:
    """Ask for it; None if it makes no sense or is refused, which the form then says."""
    try:
        carried = ask()
    except (AuthorityError, NotPossible) as refusal:
        form.add_error(None, str(refusal))
        return None
    if not carried.done and carried.request_id is None:
        form.add_error(None, carried.sentence)
        return None
    return carried


def _tell(request: StaffRequest, carried: Ran, done: str) -> None:
    if carried.done:
        messages.success(request, done)
    else:
        messages.info(request, ASKED_FOR)


def _page(request: StaffRequest, name: str, *, form: ClientForm | None = None, made: Any = None) -> HttpResponse:
    manager = Manager.employee(request.actor)
    found = _store(name, manager)
    context = {
        "store": found,
        "administers": manager.administrator,
        "clients": found.clients.exclude(secret_sha256=None).order_by("revoked_at", "name", "id"),
        "to_make": granting.to_make(name, actor=request.actor, at=request.now).order_by("id"),
        "versions": management.versions_of(name)[:5],
        "waiting": granting.waiting(name, at=request.now),
        "made": made,
        "form": form,
        "client_form": form or ClientForm(),
    }
    return render(request, "console/stores/store.html", context, status=422 if form else 200)
