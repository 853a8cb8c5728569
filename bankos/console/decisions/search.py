"""Finding decisions, and taking what was found along."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from bankos.platform import clock, events
from bankos.platform.actors import OVERSEEING
from bankos.platform.requests import StaffRequest
from bankos.platform.sending import sent_as_file
from customers import search as customer_search
from customers import state
from sentinel import catalogue, decisions, transparency
from sentinel.authority import Outcome
from sentinel.decisions import DecisionPage, Filters

from .words import party_of, visible_to

OUTCOMES = {Outcome.PERMIT: "Permitted", Outcome.NEEDS_APPROVAL: "Needs approval", Outcome.DENY: "Refused"}
PAGE = 50
LARGEST_EXPORT = 10_000
MOST_CUSTOMERS = 20
EXPORTED = "sentinel.decisions.exported"
KINDS = {"csv": ("decisions.csv", "text/csv; charset=utf-8"), "bundle": ("decisions.jsonl", "application/x-ndjson")}
# A spreadsheet takes what begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SELECT = forms.Select(attrs={"class": "input"})
DATE = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")


class SearchForm(forms.Form):
    text = forms.CharField(required=False, max_length=100)
    who = forms.CharField(required=False, max_length=100, label="Customer")
    outcome = forms.ChoiceField(required=False, choices=[("", "Any"), *((outcome.value, label) for outcome, label in OUTCOMES.items())])
    action = forms.ChoiceField(required=False)
    by = forms.ChoiceField(required=False, label="Asked by", choices=[("", "Anybody"), ("people", "People"), ("machines", "Machines")])
    used = forms.ChoiceField(required=False, label="Permit", choices=[("", "Any"), ("yes", "Used"), ("no", "Not used")])
    rule = forms.CharField(required=False, max_length=80, label="Rule")
    store = forms.ChoiceField(required=False, label="Rules of")
    version = forms.IntegerField(required=False, min_value=1, label="Policy version")
    since = forms.DateField(required=False, label="From", widget=DATE)
    until = forms.DateField(required=False, label="To", widget=DATE)
    customer = forms.UUIDField(required=False, widget=forms.HiddenInput)
    after = forms.UUIDField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = [("", "Any"), *((kind.name, kind.title) for kind in catalogue.all_types())]  # type: ignore[attr-defined]
        self.fields["store"].choices = [("", "Anybody"), *decisions.stores()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("until", "The last day lies before the first.")
        return cleaned


@require_safe
@login_required
def search(request: StaffRequest) -> HttpResponse:
    """Decisions, the newest first: all of them for those who oversee, one's own for everybody else."""
    form = SearchForm(request.GET)
    asked = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    page = _found(request, asked) if form.is_valid() else DecisionPage((), None)
    parties = [party for one in page.decisions if (party := party_of(one)) is not None]
    names = {str(party): name for party, name in state.names_of(parties, actor=request.actor).items()}
    filters, oversight = _as_query(request.GET), request.actor.roles & OVERSEEING
    context = {
        "form": form,
        "more": [form[name] for name in ("by", "used", "rule", "store", "version", "since", "until")],
        "filtered": bool(asked.keys() - {"after"}),
        "rows": [(one, party_of(one), names.get(one.resource_id)) for one in page.decisions],
        "next_url": f"?{filters}&{urlencode({'after': str(page.next_after)})}" if page.next_after else "",
        "export_query": filters,
        "about": (asked["customer"], names.get(str(asked["customer"]))) if "customer" in asked and oversight else None,
        "more_filters": bool(asked.keys() & {"by", "used", "rule", "store", "version", "since", "until"}) or bool(form.errors),
    }
    return render(request, "sentinel/decisions.html", context, status=422 if form.errors else 200)


@require_safe
@login_required
def export(request: StaffRequest, kind: str) -> HttpResponseBase:
    """What was found, as a table or as a bundle anybody can verify. For those who oversee; that they did is kept."""
    if not request.actor.roles & OVERSEEING or kind not in KINDS:
        raise Http404
    back = f"{reverse('decisions')}?{_as_query(request.GET)}"
    form = SearchForm(request.GET)
    if not form.is_valid():
        return redirect(back)
    asked = {name: value for name, value in form.cleaned_data.items() if value and name != "after"}
    found = decisions.ids_of(
        actor=request.actor, limit=LARGEST_EXPORT + 1, visible_resources=visible_to(request.actor), **_filters(request, asked)
    )
    if not found:
        messages.info(request, "No decision fits: there is nothing to export.")
        return redirect(back)
    if len(found) > LARGEST_EXPORT:
        messages.error(request, f"More than {LARGEST_EXPORT:,} decisions fit. Choose fewer days, or another filter, and export again.")
        return redirect(back)
    try:
        lines = _bundle(request, found) if kind == "bundle" else _table(found)
    except transparency.NotInTheLog:
        messages.error(request, "The newest of these are not in the signed log yet. Try again in half a minute.")
        return redirect(back)
    with transaction.atomic():
        events.publish(
            EXPORTED,
            subject=request.actor.id,
            # What was typed may name somebody: that there was such a filter is kept, not its words.
            data={
                "kind": kind,
                "decisions": len(found),
                "filter": {name: "" if name in ("text", "who") else str(value) for name, value in sorted(asked.items())},
            },
            source="bankos.console",
            at=request.now,
        )
    name, content_type = KINDS[kind]
    return sent_as_file(request, lines, name=name, content_type=content_type)


def _found(request: StaffRequest, asked: dict[str, Any]) -> DecisionPage:
    return decisions.search(
        actor=request.actor,
        visible_resources=visible_to(request.actor),
        after=asked.get("after"),
        limit=PAGE,
        **_filters(request, asked),
    )


def _filters(request: StaffRequest, asked: dict[str, Any]) -> Filters:
    """What the form asks for, in sentinel's terms. A customer's name is looked up here: sentinel knows no names."""
    customers = None
    if "who" in asked:
        customers = [str(match.party_id) for match in customer_search.find(asked["who"], actor=request.actor, limit=MOST_CUSTOMERS)]
    return Filters(
        text=asked.get("text", ""),
        outcome=Outcome(asked["outcome"]) if "outcome" in asked else None,
        action=asked.get("action"),
        resource=("Party", str(asked["customer"])) if "customer" in asked else None,
        resources=customers,
        rule=asked.get("rule", ""),
        store=asked.get("store", ""),
        version=asked.get("version"),
        machines=asked["by"] == "machines" if "by" in asked else None,
        used=asked["used"] == "yes" if "used" in asked else None,
        since=clock.start_of_day(asked["since"]) if "since" in asked else None,
        until=clock.start_of_day(asked["until"] + timedelta(days=1)) if "until" in asked else None,
    )


def _bundle(request: StaffRequest, found: list[UUID]) -> Iterator[Any]:
    return transparency.lines(actor=request.actor, selection=transparency.Selection(decisions=tuple(found)))


class _Echo:
    def write(self, line: str) -> str:
        return line


def _table(found: list[UUID]) -> Iterator[Any]:
    writer = csv.writer(_Echo())
    columns = ("id", "made at", "answer", "action", "asked by", "kind", "about", "id of it", "rules", "policy", "version", "used at")
    yield writer.writerow(columns)
    for one in decisions.views_of(found):
        row = (
            one.id,
            one.issued_at.isoformat(),
            one.outcome,
            one.action,
            one.actor_name,
            one.actor_kind,
            one.resource_type,
            one.resource_id,
            " ".join(rule.id for rule in one.rules),
            one.store,
            one.policy_version or "",
            one.consumed_at.isoformat() if one.consumed_at else "",
        )
        yield writer.writerow([_harmless(str(cell)) for cell in row])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _as_query(given: QueryDict) -> str:
    return urlencode({name: str(value) for name, value in given.items() if value and name != "after"})
