"""The pages of the bank's policies, for compliance officers and administrators; nobody else is told that they exist."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform import jobs
from bankos.platform.requests import StaffRequest

from . import impact, policy_changes, policy_diff, policy_reading
from .actions import NotPossible, Ran
from .authority import AuthorityError
from .examples import Result
from .forms import ImpactForm, PolicyForm, ProposeForm
from .models import PolicyVersion
from .policy_changes import NotInCharge
from .policy_reading import NotThere, VersionView

View = TypeVar("View", bound=Callable[..., HttpResponse])

VIEWS = {"words": "Words", "sides": "Side by side", "source": "Source"}
NEWEST = 8  # versions on the first page
FIRST_EXAMPLES = 6


def overseeing(view: View) -> View:
    """For those who are in charge of policies; to everybody else the page does not exist."""

    @login_required
    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            policy_changes.in_charge(request.actor)
            return view(request, *args, **kwargs)
        except (NotInCharge, NotThere) as error:
            raise Http404 from error

    return cast(View, guarded)


@require_safe
@overseeing
def policies(request: StaffRequest) -> HttpResponse:
    """The rules in force, by owner and searchable, and the versions there are."""
    text, owner = request.GET.get("text", "")[:100], request.GET.get("owner", "")
    active = policy_reading.in_force()
    found = policy_reading.rules_of(active, text=text, owner=owner) if active else []
    versions = policy_reading.versions(actor=request.actor)
    everything = "all" in request.GET
    context = {
        "active": active,
        "groups": policy_reading.by_owner(found),
        "found": len(found),
        "owners": policy_reading.owners(active) if active else [],
        "asked": {"text": text, "owner": owner},
        "versions": versions if everything else versions[:NEWEST],
        "more": 0 if everything else max(len(versions) - NEWEST, 0),
    }
    return render(request, "sentinel/policies.html", context)


@require_safe
@overseeing
def version(request: StaffRequest, number: int) -> HttpResponse:
    """One version: what it would change, in words and in source, and what it still needs."""
    return _version_page(request, number, ProposeForm())


@require_POST
@overseeing
def propose(request: StaffRequest, number: int) -> HttpResponse:
    """Ask for a draft to come into force."""
    _, row = policy_reading.version_of(number, actor=request.actor)
    form = ProposeForm(request.POST)
    if form.is_valid():
        try:
            outcome = policy_changes.propose(
                row.pk, from_=form.cleaned_data["moment"], actor=request.actor, at=request.now, note=form.cleaned_data["note"]
            )
        except NotPossible as error:
            form.add_error(None, str(error))
        except AuthorityError:
            form.add_error(None, "The bank’s rules could not be asked. Nothing was done; try again.")
        else:
            if outcome.done or outcome.request_id:
                messages.success(request, _told(outcome))
                return redirect("policy", number)
            form.add_error(None, f"The bank’s rules refuse it: {outcome.sentence}")
    return _version_page(request, number, form)


@require_POST
@overseeing
def roll_back(request: StaffRequest, number: int) -> HttpResponse:
    """Draft an older text again."""
    _, row = policy_reading.version_of(number, actor=request.actor)
    try:
        drafted = policy_changes.roll_back_to(row.pk, request.actor, request.now)
    except NotPossible as error:
        messages.warning(request, str(error))
        return redirect("policy", number)
    messages.success(request, f"Version {drafted.number} is a draft with the text of version {number}. It still needs a second person.")
    return redirect("policy", drafted.number)


@require_http_methods(["GET", "HEAD", "POST"])
@overseeing
def new(request: StaffRequest) -> HttpResponse:
    """Write a version: it starts from the text in force, or from that of another version. What was typed is kept."""
    form = PolicyForm(request.POST or None, initial=_start(request))
    checked = request.method == "POST" and form.is_valid()
    if checked and request.POST.get("do") == "save":
        given = form.cleaned_data
        drafted = policy_changes.draft_text(
            request.actor, given["policies"], given["schema"], given["examples"], given["note"], request.now
        )
        messages.success(request, f"Version {drafted.number} is saved as a draft. Nothing changes before a second person agrees.")
        return redirect("policy", drafted.number)
    return render(request, "sentinel/policy_new.html", {"form": form, "checked": checked}, status=422 if form.errors else 200)


@require_safe
@overseeing
def rule(request: StaffRequest, number: int, rule_id: str) -> HttpResponse:
    """One rule: its words, its source, its examples, and the way to the decisions it decided."""
    view, row = policy_reading.version_of(number, actor=request.actor)
    context = {
        "version": view,
        "written": policy_reading.rule_of(row, rule_id),
        "results": [result for result in policy_changes.examples_of(row) if result.rule == rule_id],
        "decisions_query": urlencode({"rule": rule_id}),
    }
    return render(request, "sentinel/policy_rule.html", context)


@require_safe
@overseeing
def examples(request: StaffRequest, number: int) -> HttpResponse:
    """Every example of a version with what came of it; those that do not hold come first."""
    view, row = policy_reading.version_of(number, actor=request.actor)
    results = policy_changes.examples_of(row)
    fresh = _new_examples(row)
    context = {"version": view, "results": _marked(_failing_first(results), fresh), "holding": _holding(results)}
    return render(request, "sentinel/policy_examples.html", context)


@require_safe
@overseeing
def text(request: StaffRequest, number: int) -> HttpResponse:
    """The whole text of a version, as it is hashed."""
    view, row = policy_reading.version_of(number, actor=request.actor)
    return render(request, "sentinel/policy_text.html", {"version": view, "texts": policy_reading.texts_of(row)})


def impact_context(view: VersionView, request: StaffRequest) -> dict[str, Any]:
    """What the panel of a version's impact shows: the newest run, and what a new one starts with."""
    newest = impact.latest(view.id)
    return {
        "impact": impact.report(newest.run_id, actor=request.actor) if newest else None,
        "days": (newest.until - newest.since).days if newest else 0,
        "impact_form": ImpactForm(),
        "going_on": newest is not None and not newest.over,
        "complete": newest is not None and newest.state == jobs.State.DONE,
    }


def _version_page(request: StaffRequest, number: int, form: ProposeForm) -> HttpResponse:
    view, row = policy_reading.version_of(number, actor=request.actor)
    before = policy_reading.compared_with(row)
    changes = policy_diff.diff(policy_reading.texts_of(before), policy_reading.texts_of(row))
    results = policy_changes.examples_of(row)
    fresh = {example.number for example in changes.examples_added} if before else frozenset()
    chosen = request.GET.get("view", "words")
    shown = _marked(_failing_first(results, fresh), fresh)
    context = {
        "version": view,
        "before": before,
        "diff": changes,
        "view": chosen if chosen in VIEWS else "words",
        "views": VIEWS,
        "results": shown[:FIRST_EXAMPLES],
        "tried": len(results),
        "holding": _holding(results),
        "timeline": policy_reading.timeline(row),
        "needs": policy_reading.needs_of(row, at=request.now),
        "form": form,
        "mine": view.author_id == request.actor.id,
        **impact_context(view, request),
    }
    return render(request, "sentinel/policy.html", context, status=422 if form.errors else 200)


def _start(request: StaffRequest) -> dict[str, str]:
    """What the editor starts from."""
    number = request.GET.get("from", "")
    row = policy_reading.version_of(int(number), actor=request.actor)[1] if number.isdecimal() else policy_reading.in_force()
    return policy_reading.texts_of(row)._asdict()


def _told(outcome: Ran) -> str:
    return "It is in force." if outcome.done else "Proposed. Now a second person of compliance has to agree."


def _new_examples(row: PolicyVersion) -> set[int]:
    before = policy_reading.compared_with(row)
    if before is None:
        return set()
    changes = policy_diff.diff(policy_reading.texts_of(before), policy_reading.texts_of(row))
    return {example.number for example in changes.examples_added}


def _failing_first(results: tuple[Result, ...], fresh: Any = frozenset()) -> list[Result]:
    """What does not hold, then what is new, then the rest, each in the order of the text."""
    return sorted(results, key=lambda result: (result.holds, result.example is None or result.example.number not in fresh))


def _marked(results: list[Result], fresh: Any) -> list[tuple[Result, bool]]:
    """Each result, and whether its example is new in this version."""
    return [(result, result.example is not None and result.example.number in fresh) for result in results]


def _holding(results: tuple[Result, ...]) -> int:
    return sum(result.holds for result in results)
