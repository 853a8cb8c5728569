"""The pages of the programs and of what they are told, for administrators; to everybody else they do not exist."""

from collections.abc import Callable
from datetime import timedelta
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

from bankos.platform.requests import StaffRequest
from customers.models import ApiClient
from sentinel.actions import ASKED_FOR, NotPossible, Ran
from sentinel.authority import AuthorityError, NotPermitted

from . import clients, overview
from .clients import NotInCharge, UnknownClient, UnknownKey
from .forms import KeyForm, ProgramForm, ReplayForm, WebhookForm
from .webhooks import subscriptions
from .webhooks.subscriptions import UnknownWebhook

View = TypeVar("View", bound=Callable[..., HttpResponse])
PAGE = 25


def administered(view: View) -> View:
    @login_required
    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            clients.in_charge(request.actor)
            return view(request, *args, **kwargs)
        except (NotInCharge, UnknownClient, UnknownKey, UnknownWebhook) as error:
            raise Http404 from error

    return cast(View, guarded)


@require_safe
@administered
def programs(request: StaffRequest) -> HttpResponse:
    """All programs: what each is, may do, and when it last asked."""
    by: dict[str, Any] = {"actor": request.actor, "at": request.now}
    context = {"programs": overview.programs(**by), "waiting": clients.waiting(None, **by)}
    return render(request, "customers/channels/programs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@administered
def make(request: StaffRequest) -> HttpResponse:
    """A new program: asked for here, there once a second person agrees."""
    form = ProgramForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = _asked(form, lambda reason: clients.make(form.described(), reason=reason, actor=request.actor, at=request.now))
        if asked is not None:
            _tell(request, asked.carried, "It is there.", f"Then {form.cleaned_data['name']} stands below: ask for its key there.")
            return redirect("program", asked.client_id) if asked.carried.done else redirect("programs")
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@administered
def change(request: StaffRequest, client_id: UUID) -> HttpResponse:
    """Say anew what a program is and may do."""
    client = clients.client_of(client_id, actor=request.actor)
    form = ProgramForm(request.POST or None, initial=_as_said(client))
    if request.method == "POST" and form.is_valid():
        asked = _asked(form, lambda reason: clients.change(client_id, form.described(), reason=reason, actor=request.actor, at=request.now))
        if asked is not None:
            _tell(request, asked.carried, "Changed. It counts from the program's next request on.")
            return redirect("program", client_id)
    return _form_page(request, form, client)


@require_safe
@administered
def program(request: StaffRequest, client_id: UUID) -> HttpResponse:
    """One program: its rights, keys and webhooks."""
    return _program_page(request, client_id)


@require_POST
@administered
def issue_key(request: StaffRequest, client_id: UUID) -> HttpResponse:
    """Ask for a new key. It is made, and shown, once a second person agrees."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _program_page(request, client_id, key_form=form)
    lifetime, overlap = (timedelta(days=form.cleaned_data[name]) for name in ("days", "overlap"))
    by: dict[str, Any] = {"actor": request.actor, "at": request.now, "lifetime": lifetime, "overlap": overlap}
    asked = _asked(form, lambda reason: clients.issue_key(client_id, reason=reason, **by))
    if asked is None:
        return _program_page(request, client_id, key_form=form)
    _tell(request, asked.carried, "The key can be made now.", "Then make the key on this page, within a day.")
    return redirect("program", client_id)


@require_POST
@administered
def make_key(request: StaffRequest, client_id: UUID, leave_id: UUID) -> HttpResponse:
    """The key that was agreed to, shown this once, to who asked for it."""
    return _program_page(request, client_id, issued=clients.make_key(leave_id, actor=request.actor, at=request.now))


@require_http_methods(["GET", "HEAD", "POST"])
@administered
def revoke_key(request: StaffRequest, client_id: UUID, key_id: UUID) -> HttpResponse:
    """No key any more, once the page has said what then stops."""
    if request.method != "POST":
        keys = overview.keys_of(client_id, actor=request.actor, at=request.now)
        key = next((one for one in keys if one.id == key_id), None)
        if key is None:
            raise Http404
        other = "What uses another key goes on." if len(keys) > 1 else "It is the only one: the program can ask nothing more."
        return _confirm(
            request,
            client_id,
            question=f"Revoke the key that ends in {key.ending}?",
            consequence=f"The next request with it is refused. {other}",
            button="Revoke the key",
            last_used_at=key.last_used_at,
        )
    clients.revoke_key(client_id, key_id, actor=request.actor, at=request.now)
    messages.success(request, "The key is no good any more.")
    return redirect("program", client_id)


@require_http_methods(["GET", "HEAD", "POST"])
@administered
def revoke(request: StaffRequest, client_id: UUID) -> HttpResponse:
    """No program any more, once the page has said what then stops."""
    if request.method != "POST":
        found = overview.program(client_id, actor=request.actor, at=request.now)
        if found is None or found.revoked_at:
            raise Http404
        return _confirm(
            request,
            client_id,
            question=f"Revoke {found.name}?",
            consequence="Its next request is refused, and nothing is sent to it any more.",
            button=f"Revoke {found.name}",
            last_used_at=found.last_used_at,
        )
    clients.revoke(client_id, actor=request.actor, at=request.now)
    messages.success(request, "The program is revoked: its next request is refused.")
    return redirect("programs")


@require_POST
@administered
def add_webhook(request: StaffRequest, client_id: UUID) -> HttpResponse:
    """A new webhook, with its secret, shown this once."""
    client = clients.client_of(client_id, actor=request.actor)
    form = WebhookForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = subscriptions.make(client, url=said["url"], changes=said["changes"], actor=request.actor, at=request.now)
        except (NotPermitted, NotPossible) as refusal:
            form.add_error(None, str(refusal))
        else:
            return _webhook_page(request, client, made.subscription.pk, secret=made.secret)
    return _program_page(request, client_id, webhook_form=form)


@require_safe
@administered
def webhook(request: StaffRequest, client_id: UUID, webhook_id: UUID) -> HttpResponse:
    """One webhook: what was sent, and what was answered."""
    return _webhook_page(request, clients.client_of(client_id, actor=request.actor), webhook_id)


@require_POST
@administered
def act(request: StaffRequest, client_id: UUID, webhook_id: UUID) -> HttpResponse:
    """Test, pause, resume, remove, sign with a new secret, or send again."""
    client = clients.client_of(client_id, actor=request.actor)
    by: dict[str, Any] = {"actor": request.actor, "at": request.now}
    try:
        match request.POST.get("act"):
            case "test":
                subscriptions.test(client, webhook_id, **by)
                messages.success(request, "A test message is on its way.")
            case "pause":
                subscriptions.pause(client, webhook_id, **by)
            case "resume":
                subscriptions.resume(client, webhook_id, **by)
            case "remove":
                subscriptions.remove(client, webhook_id, **by)
                return redirect("program", client_id)
            case "secret":
                return _webhook_page(request, client, webhook_id, secret=subscriptions.new_secret(client, webhook_id, **by))
            case "replay":
                subscriptions.replay_one(client, webhook_id, _id(request.POST.get("delivery", "")), **by)
                messages.success(request, "It is sent again.")
            case "replay-time":
                form = ReplayForm(request.POST)
                if not form.is_valid():
                    return _webhook_page(request, client, webhook_id, form=form)
                count = subscriptions.replay_between(client, webhook_id, **form.cleaned_data, **by)
                messages.success(request, f"{count} messages are sent again.")
            case _:
                raise Http404
    except (NotPermitted, NotPossible) as refusal:
        messages.error(request, str(refusal))
    return redirect("webhook", client_id, webhook_id)


def _asked(form: forms.Form, ask: Callable[[str], clients.Asked]) -> clients.Asked | None:
    """Ask for what the form says; None if it makes no sense or is refused, which the form then says."""
    try:
        asked = ask(form.cleaned_data["reason"])
    except (AuthorityError, NotPossible) as refusal:
        form.add_error(None, str(refusal))
        return None
    if not asked.carried.done and asked.carried.request_id is None:
        form.add_error(None, asked.carried.sentence)
        return None
    return asked


def _tell(request: StaffRequest, carried: Ran, done: str, then: str = "") -> None:
    if carried.done:
        messages.success(request, done)
    else:
        messages.info(request, f"{ASKED_FOR} {then}".rstrip())


def _confirm(request: StaffRequest, client_id: UUID, **said: Any) -> HttpResponse:
    program = clients.client_of(client_id, actor=request.actor)
    crumbs = [("Programs", reverse("programs")), (program.name, reverse("program", args=[client_id]))]
    return render(request, "components/confirm.html", {"crumbs": crumbs, "counts_use": True, **said})


def _form_page(request: StaffRequest, form: ProgramForm, client: ApiClient | None) -> HttpResponse:
    return render(request, "customers/channels/program_form.html", {"form": form, "program": client}, status=422 if form.errors else 200)


def _program_page(
    request: StaffRequest,
    client_id: UUID,
    *,
    issued: clients.IssuedKey | None = None,
    key_form: KeyForm | None = None,
    webhook_form: WebhookForm | None = None,
) -> HttpResponse:
    found = overview.program(client_id, actor=request.actor, at=request.now)
    if found is None:
        raise Http404
    wrong: forms.Form | None = key_form or webhook_form
    context = {
        "program": found,
        "keys": overview.keys_of(client_id, actor=request.actor, at=request.now),
        "webhooks": overview.webhooks_of(client_id, actor=request.actor),
        "issued": issued,
        "waiting": clients.waiting(client_id, actor=request.actor, at=request.now),
        "to_make": clients.key_leaves(client_id, actor=request.actor, at=request.now),
        "form": wrong,
        "key_form": key_form or KeyForm(),
        "webhook_form": webhook_form or WebhookForm(),
    }
    return render(request, "customers/channels/program.html", context, status=422 if wrong else 200)


def _webhook_page(
    request: StaffRequest, client: ApiClient, webhook_id: UUID, *, secret: str = "", form: ReplayForm | None = None
) -> HttpResponse:
    found = subscriptions.one_of(client, webhook_id)
    before = request.GET.get("before")
    rows = subscriptions.deliveries_of(client, webhook_id, before=_id(before) if before else None, limit=PAGE + 1)
    context = {
        "program": client,
        "webhook": found,
        "deliveries": rows[:PAGE],
        "next": f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
        "secret": secret,
        "form": form,
        "replay_form": form or ReplayForm(),
    }
    return render(request, "customers/channels/webhook.html", context, status=422 if form else 200)


def _as_said(client: ApiClient) -> dict[str, Any]:
    same = ("name", "kind", "scopes", "reach", "channel", "per_minute")
    return {name: getattr(client, name) for name in same} | {
        "branches": [branch.code for branch in client.branches.all()],
        "portfolios": [portfolio.code for portfolio in client.portfolios.all()],
        "system": client.system_id,
        "owner": client.owner_id,
        "protected": client.sees_protected,
    }


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error
