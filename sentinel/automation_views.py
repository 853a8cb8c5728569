"""The page of the automations: how far each may go and why, and the stop control. For those in charge; nobody else is told of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bankos.platform.actors import OVERSEEING, Role
from bankos.platform.requests import StaffRequest

from . import catalogue
from .actions import NotPossible, Ran
from .authority import AuthorityError
from .automation import drills, levels, overview, stops
from .automation.overview import AutomationView
from .automation.stops import Scope
from .automation.subjects import Automation
from .autonomy import ORDER, Level
from .autonomy_statistics import Criterion, Measure, Rate

View = TypeVar("View", bound=Callable[..., HttpResponse])

IN_CHARGE = OVERSEEING | {Role.TEAM_LEAD}
NAMES = {
    Measure.REVIEWS: "Checked",
    Measure.AGREEMENT: "Staff agree",
    Measure.UNDONE: "Later undone",
    Measure.HARM: "Complaints, harm",
    Measure.HARM_FREE: "Since the last harm",
}


class StopForm(forms.Form):
    scope = forms.ChoiceField(
        label="What to stop",
        choices=[
            (Scope.EVERYTHING, "Everything, bank-wide"),
            (Scope.ACTION, "One kind of act"),
            (Scope.MODEL, "One system, agent or model"),
            (Scope.BRANCH, "One branch"),
        ],
        initial=Scope.EVERYTHING,
        widget=forms.RadioSelect,
    )
    action = forms.ChoiceField(label="Which kind of act", required=False, widget=forms.Select(attrs={"class": "input"}))
    name = forms.RegexField(
        r"^[A-Za-z0-9_.:+-]{1,120}$",
        label="Name of the system, or code of the branch",
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(label="Reason", max_length=300, widget=forms.TextInput(attrs={"class": "input"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        machines = [kind for kind in catalogue.all_types() if kind.resource_type == "Party"]
        self.fields["action"].choices = [("", "Choose"), *((kind.name, kind.title) for kind in machines)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        scope = cleaned.get("scope")
        field = "action" if scope == Scope.ACTION else "name"
        if scope in (Scope.ACTION, Scope.MODEL, Scope.BRANCH) and not cleaned.get(field) and field not in self.errors:
            self.add_error(field, "Say which.")
        cleaned["value"] = "" if scope == Scope.EVERYTHING else cleaned.get(field, "")
        return cleaned


class LevelForm(forms.Form):
    key = forms.CharField(max_length=250, widget=forms.HiddenInput)
    level = forms.ChoiceField(required=False, choices=[(level.value, level.label) for level in ORDER])
    reason = forms.CharField(max_length=300)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=300)


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of evidence: a rate on a scale of 100, and where it has to reach; None where nothing has to."""

    name: str
    rate: Rate
    width: int
    goal: int | None
    good: bool
    needed: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One automation as the page shows it. `past` are the levels below the present one; `lower` those it can be moved down to."""

    view: AutomationView
    steps: tuple[tuple[Level, str], ...]
    bars: tuple[Bar, ...]
    lower: tuple[Level, ...]
    hindrance: str


def in_charge(view: View) -> View:
    """For those who may stop machines; to everybody else the page does not exist."""

    @login_required
    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.actor.roles & IN_CHARGE:
            raise Http404
        return view(request, *args, **kwargs)

    return cast(View, guarded)


@require_safe
@in_charge
def automation(request: StaffRequest) -> HttpResponse:
    """Every automation with its level and evidence, and the stop control."""
    return _page(request, StopForm())


@require_safe
@in_charge
def preview(request: StaffRequest) -> HttpResponse:
    """What a stop would stop: beside the form with script, the whole page without."""
    form = StopForm(request.GET)
    form.is_valid()
    if not request.htmx:
        return _page(request, form, look=True)
    return render(request, "sentinel/_stop_preview.html", {"preview": _preview(request, form), "form": form})


@require_POST
@in_charge
def stop(request: StaffRequest) -> HttpResponse:
    form = StopForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            done = stops.stop(Scope(said["scope"]), said["value"], actor=request.actor, reason=said["reason"], at=request.now)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            return _told(request, done, "Stopped. It holds from the next decision on.")
    return _page(request, form, status=422)


@require_POST
@in_charge
def start(request: StaffRequest, stop_id: UUID) -> HttpResponse:
    """Ask for a stop to be lifted."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why it may start again.")
        return redirect("automation")
    try:
        done = stops.start(stop_id, actor=request.actor, reason=form.cleaned_data["reason"], at=request.now)
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect("automation")
    return _told(request, done, "Started again.")


@require_POST
@in_charge
def move(request: StaffRequest) -> HttpResponse:
    """Up by one step, if no level is named; else down to it."""
    form = LevelForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why, in a sentence.")
        return redirect("automation")
    said = form.cleaned_data
    try:
        one = Automation.from_key(said["key"])
        if said["level"]:
            done = levels.lower(one, Level(said["level"]), actor=request.actor, reason=said["reason"], at=request.now)
        else:
            done = levels.propose_raise(one, actor=request.actor, reason=said["reason"], at=request.now)
    except ValueError:
        raise Http404 from None
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect("automation")
    return _told(request, done, "Moved down. It holds from the next decision on.")


@require_POST
@in_charge
def drill(request: StaffRequest) -> HttpResponse:
    """Try the stop control with real workers."""
    try:
        drills.start(actor=request.actor)
    except (NotPossible, AuthorityError) as error:
        messages.error(request, str(error))
    else:
        messages.info(request, "The drill runs: in about ten seconds this page says how long stopping took.")
    return redirect("automation")


@require_http_methods(["GET", "HEAD"])
@in_charge
def one(request: StaffRequest) -> HttpResponse:
    """One automation's history and calibration."""
    try:
        found = overview.automation(Automation.from_key(request.GET.get("key", "")), at=request.now)
    except (ValueError, catalogue.NotRegistered) as error:
        raise Http404 from error
    return render(request, "sentinel/automation_one.html", {"panel": _panel(found)})


def _page(request: StaffRequest, form: StopForm, *, status: int = 200, look: bool = False) -> HttpResponse:
    context = {
        "panels": [_panel(view) for view in overview.automations(at=request.now)],
        "form": form,
        "preview": _preview(request, form) if look or not form.is_bound else None,
        "stops": [stop for stop in stops.in_force() if not stop.drill],
        "earlier": [stop for stop in stops.earlier() if not stop.drill],
        "today": overview.today(at=request.now),
        "drill": drills.last(),
    }
    return render(request, "sentinel/automation.html", context, status=status)


def _preview(request: StaffRequest, form: StopForm) -> stops.Preview | None:
    """None while it is not said what to stop."""
    if not form.is_bound:
        return stops.preview(Scope.EVERYTHING, "", at=request.now)
    said = getattr(form, "cleaned_data", {})
    if "scope" not in said or (said["scope"] != Scope.EVERYTHING and not said.get("value")):
        return None
    return stops.preview(Scope(said["scope"]), said["value"], at=request.now)


def _told(request: StaffRequest, done: Ran, words: str) -> HttpResponse:
    if done.request_id:
        messages.info(request, f"Waits for a second person. {done.sentence}")
        return redirect("approval", done.request_id)
    if done.done:
        messages.success(request, words)
    else:
        messages.error(request, f"Not allowed. {done.sentence}")
    return redirect("automation")


def _panel(view: AutomationView) -> Panel:
    at = ORDER.index(view.level)
    steps = tuple(
        (level, "at" if place == at else "past" if place < at else "next" if level == view.next_level and _ready(view) else "")
        for place, level in enumerate(ORDER)
    )
    return Panel(view, steps, _bars(view), tuple(reversed(ORDER[:at])), _hindrance(view))


def _ready(view: AutomationView) -> bool:
    return view.readiness is not None and view.readiness.ready


def _bars(view: AutomationView) -> tuple[Bar, ...]:
    needed = {criterion.measure: criterion for criterion in view.readiness.criteria} if view.readiness else {}
    summary = view.summary
    return (
        _bar(NAMES[Measure.AGREEMENT], summary.agreement, needed.get(Measure.AGREEMENT), scale=1.0),
        _bar(NAMES[Measure.UNDONE], summary.undone, needed.get(Measure.UNDONE), scale=None),
        _bar(NAMES[Measure.HARM], summary.harm, needed.get(Measure.HARM), scale=None),
    )


def _bar(name: str, rate: Rate, criterion: Criterion | None, *, scale: float | None) -> Bar:
    """Agreement on the whole scale; what should be rare on twice what is allowed, so that it can be seen."""
    goal = criterion.needed if criterion else None
    whole = scale or (2 * goal if goal else 0.1)
    width = round(100 * min(1.0, (rate.value or 0.0) / whole))
    words = "" if goal is None else f"needs {goal:.0%}" if scale else f"at most {goal:.0%}"
    good = criterion.met if criterion else True
    return Bar(name, rate, width, None if goal is None else round(100 * goal / whole), good, words)


def _hindrance(view: AutomationView) -> str:
    """Why the next level cannot be proposed yet; empty if it can, or if there is none."""
    if view.readiness is None or view.readiness.ready:
        return ""
    # Of what nothing is known yet there is nothing to say but how much evidence is missing.
    missing = [
        _missing(one) for one in view.readiness.criteria if not one.met and (one.value is not None or one.measure is Measure.REVIEWS)
    ]
    more = view.readiness.more
    ahead = f"About {more:,} more reviews before the next level can be proposed, if all goes on as it does. " if more else ""
    return f"{ahead}Not yet: {'; '.join(missing)}."


def _missing(criterion: Criterion) -> str:
    match criterion.measure:
        case Measure.REVIEWS:
            return f"{criterion.value or 0:,.0f} of {criterion.needed:,.0f} reviews"
        case Measure.AGREEMENT:
            return f"agreement is shown to be above {criterion.bound or 0:.0%}, it needs {criterion.needed:.0%}"
        case Measure.UNDONE:
            return f"it is shown that at most {criterion.bound or 0:.1%} is undone, it needs {criterion.needed:.0%}"
        case Measure.HARM:
            return f"it is shown that at most {criterion.bound or 0:.1%} does harm, it needs {criterion.needed:.0%}"
        case _:
            return f"{criterion.value or 0:,.0f} of {criterion.needed:,.0f} without harm"
