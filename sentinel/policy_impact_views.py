"""What a version would have changed: started, watched, stopped, and its changes one by one. Sentinel's `impact` does the work."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from bankos.platform.requests import StaffRequest

from . import impact, policy_changes, policy_reading
from .forms import ChangesForm, ImpactForm
from .policy_changes import ImpactNotKnown
from .policy_views import impact_context, overseeing


@require_POST
@overseeing
def start(request: StaffRequest, number: int) -> HttpResponse:
    """Begin making the decisions of some days again with this version."""
    view, _ = policy_reading.version_of(number, actor=request.actor)
    form = ImpactForm(request.POST)
    if form.is_valid():
        impact.start(view.id, days=form.cleaned_data["days"], actor=request.actor, at=request.now)
    else:
        messages.warning(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return _panel_or_page(request, number)


@require_safe
@overseeing
def progress(request: StaffRequest, number: int) -> HttpResponse:
    """How far it is: the page's panel again."""
    return _panel_or_page(request, number)


@require_POST
@overseeing
def stop(request: StaffRequest, number: int, run_id: UUID) -> HttpResponse:
    """Let no further decision be made again."""
    try:
        impact.stop(run_id, actor=request.actor, at=request.now)
    except impact.NotFound as error:
        raise Http404 from error
    return _panel_or_page(request, number)


@require_POST
@overseeing
def seen(request: StaffRequest, number: int) -> HttpResponse:
    """Note that this person has looked at it."""
    view, _ = policy_reading.version_of(number, actor=request.actor)
    try:
        policy_changes.see_impact(view.id, request.actor, request.now)
    except ImpactNotKnown as error:
        messages.warning(request, str(error))
    return redirect("policy", number)


@require_safe
@overseeing
def changes(request: StaffRequest, number: int, run_id: UUID) -> HttpResponse:
    """The decisions that would come out differently."""
    view, _ = policy_reading.version_of(number, actor=request.actor)
    form = ChangesForm(request.GET)
    asked: dict[str, Any] = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    try:
        page = impact.changes(run_id, actor=request.actor, **asked)
        report = impact.report(run_id, actor=request.actor)
    except impact.NotFound as error:
        raise Http404 from error
    kind = next((one for one in report.kinds if (one.was, one.would_be) == (asked.get("was"), asked.get("would_be"))), None)
    next_url = f"?{urlencode({**asked, 'after': page.next_after})}" if page.next_after else ""
    return render(
        request, "sentinel/policy_changes.html", {"version": view, "report": report, "page": page, "kind": kind, "next_url": next_url}
    )


def _panel_or_page(request: StaffRequest, number: int) -> HttpResponse:
    """To htmx the panel; to a browser without scripts the page, which has it."""
    if not request.htmx:
        return redirect(f"{reverse('policy', args=[number])}#impact")
    view, row = policy_reading.version_of(number, actor=request.actor)
    context = {"version": view, "needs": policy_reading.needs_of(row, at=request.now), **impact_context(view, request)}
    return render(request, "sentinel/_policy_impact.html", context)
