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
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from bankos.platform import clock, events
from bankos.platform.actors import OVERSEEING
from bankos.platform.requests import StaffRequest
from customers import search as customer_search
from customers import state
from sentinel import catalogue, decisions, transparency
from sentinel.authority import Outcome
from sentinel.decisions import DecisionPage, DecisionView

from .words import party_of, visible_to

OUTCOMES = {Outcome.PERMIT: "Permitted", Outcome.NEEDS_APPROVAL: "Needs approval", Outcome.DENY: "Refused"}
PAGE = 50
LARGEST_EXPORT = 10_000
MOST_CUSTOMERS = 20
EXPORTED = "sentinel.decisions.exported"
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
    version = forms.IntegerField(required=False, min_value=1, label="Policy version")
    since = forms.DateField(required=False, label="From", widget=DATE)
    until = forms.DateField(required=False, label="To", widget=DATE)
    customer = forms.UUIDField(required=False, widget=forms.HiddenInput)
    after = forms.UUIDField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = [("", "Any"), *((kind.name, kind.title) for kind in catalogue.all_types())]  # type: ignore[attr-defined]

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
    page = _found(request, asked, limit=PAGE) if form.is_valid() else DecisionPage((), None)
    parties = [party for one in page.decisions if (party := party_of(one)) is not None]
    names = {str(party): name for party, name in state.names_of(parties, actor=request.actor).items()}
    filters, oversight = _as_query(request.GET), request.actor.roles & OVERSEEING
    context = {
        "form": form,
        "more": [form[name] for name in ("by", "used", "rule", "version", "since", "until")],
        "filtered": bool(asked.keys() - {"after"}),
        "rows": [(one, party_of(one), names.get(one.resource_id)) for one in page.decisions],
        "next_url": f"?{filters}&{urlencode({'after': str(page.next_after)})}" if page.next_after else "",
        "export_query": filters,
        "about": (asked["customer"], names.get(str(asked["customer"]))) if "customer" in asked and oversight else None,
        "more_filters": bool(asked.keys() & {"by", "used", "rule", "version", "since", "until"}) or bool(form.errors),
    }
    return render(request, "sentinel/decisions.html", context, status=422 if form.errors else 200)


@require_safe
@login_required
def export(request: StaffRequest, kind: str) -> HttpResponseBase:
    """What was found, as a table or as a bundle anybody can verify. For those who oversee; that they did is kept."""
    if not request.actor.roles & OVERSEEING:
        raise Http404
    form = SearchForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('decisions')}?{_as_query(request.GET)}")
    asked = {name: value for name, value in form.cleaned_data.items() if value}
    found = list(_all(request, asked))
    if kind == "bundle":
        chosen = transparency.Selection(decisions=tuple(one.id for one in found))
        try:
            lines: Iterator[Any] = transparency.lines(actor=request.actor, selection=chosen)
        except transparency.NotInTheLog:
            messages.error(request, "The newest of these are not in the signed log yet. Try again in half a minute.")
            return redirect(f"{reverse('decisions')}?{_as_query(request.GET)}")
        name, content = "decisions.jsonl", "application/x-ndjson"
    else:
        lines, name, content = _table(found), "decisions.csv", "text/csv; charset=utf-8"
    with transaction.atomic():
        events.publish(
            EXPORTED,
            subject=request.actor.id,
            data={"kind": kind, "decisions": len(found), "filter": sorted(asked)},
            source="bankos.console",
            at=request.now,
        )
    return StreamingHttpResponse(lines, content_type=content, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _found(request: StaffRequest, asked: dict[str, Any], *, limit: int, after: UUID | None = None) -> DecisionPage:
    customers = None
    if "who" in asked:
        customers = [str(match.party_id) for match in customer_search.find(asked["who"], actor=request.actor, limit=MOST_CUSTOMERS)]
    return decisions.search(
        actor=request.actor,
        text=asked.get("text", ""),
        outcome=Outcome(asked["outcome"]) if "outcome" in asked else None,
        action=asked.get("action"),
        resource=("Party", str(asked["customer"])) if "customer" in asked else None,
        resources=customers,
        rule=asked.get("rule", ""),
        version=asked.get("version"),
        machines=asked["by"] == "machines" if "by" in asked else None,
        used=asked["used"] == "yes" if "used" in asked else None,
        since=clock.start_of_day(asked["since"]) if "since" in asked else None,
        until=clock.start_of_day(asked["until"] + timedelta(days=1)) if "until" in asked else None,
        visible_resources=visible_to(request.actor),
        after=after or asked.get("after"),
        limit=limit,
    )


def _all(request: StaffRequest, asked: dict[str, Any]) -> Iterator[DecisionView]:
    """Everything that fits, page by page, up to the largest export."""
    asked, after, left = {name: value for name, value in asked.items() if name != "after"}, None, LARGEST_EXPORT
    while left > 0:
        page = _found(request, asked, limit=min(decisions.LARGEST_PAGE, left), after=after)
        yield from page.decisions
        left -= len(page.decisions)
        after = page.next_after
        if after is None:
            return


class _Echo:
    def write(self, line: str) -> str:
        return line


def _table(found: list[DecisionView]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    columns = ("id", "made at", "answer", "action", "asked by", "kind", "about", "id of it", "rules", "policy", "version", "used at")
    yield writer.writerow(columns)
    for one in found:
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
