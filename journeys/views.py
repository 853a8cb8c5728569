"""The work list: look, claim, take next."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from bankos.platform.actors import Role
from bankos.platform.requests import StaffRequest

from . import work as work_list
from .work import AlreadyClaimed, View, WorkRow

TITLES = {View.TEAM: "Team", View.MINE: "Mine", View.SUGGESTIONS: "Suggestions", View.APPROVALS: "Approvals"}
NOTHING = {
    View.TEAM: ("All done", "New work arrives when a suggestion is made or a colleague needs a second person."),
    View.MINE: ("You have taken nothing", "Take next gives you the most urgent piece of work nobody has taken."),
    View.SUGGESTIONS: ("No suggestion waits", "Forecasts run each night and after new data arrives."),
    View.APPROVALS: (
        "Nothing waits for you",
        "What a colleague may not do alone comes here. What nobody answers in time ends by itself; nothing changes.",
    ),
}


@dataclass(frozen=True, slots=True)
class Tab:
    code: str
    label: str
    count: int


@require_safe
@login_required
def work(request: StaffRequest) -> HttpResponse:
    """The list in one of its views, and the item looked at beside it."""
    view = View(request.GET["view"]) if request.GET.get("view") in set(View) else View.TEAM
    rows = work_list.open_items(actor=request.actor, view=view, at=request.now)
    ids = [str(row.id) for row in rows]
    place = ids.index(request.GET["item"]) if request.GET.get("item") in ids else 0
    chosen = rows[place] if rows else None
    title, text = NOTHING[view]
    context = {
        "view": view,
        "views": _tabs(request),
        "rows": rows,
        "chosen": chosen,
        "open_url": _page_of(chosen) if chosen else "",
        "previous": ids[place - 1] if place > 0 else None,
        "following": ids[place + 1] if place + 1 < len(ids) else None,
        "empty": {"title": title, "text": text},
    }
    return render(request, "journeys/work.html", context)


@require_POST
@login_required
def claim(request: StaffRequest, item_id: UUID) -> HttpResponse:
    """Take one item and open what it is about."""
    try:
        row = work_list.claim(item_id, actor=request.actor, at=request.now)
    except AlreadyClaimed as taken:
        messages.warning(request, str(taken))
        return redirect(f"{reverse('work')}?{urlencode({'item': str(item_id)})}")
    return redirect(_page_of(row))


@require_POST
@login_required
def take_next(request: StaffRequest) -> HttpResponse:
    """Take the most urgent item nobody has, and open what it is about."""
    row = work_list.take_next(actor=request.actor, at=request.now)
    if row is None:
        messages.info(request, "Nothing is waiting that nobody has taken.")
        return redirect("work")
    return redirect(_page_of(row))


def _tabs(request: StaffRequest) -> list[Tab]:
    counts = work_list.counts(actor=request.actor, at=request.now)
    leads = Role.TEAM_LEAD in request.actor.roles
    return [Tab(view.value, TITLES[view], counts[view]) for view in View if leads or counts[view] or view is not View.APPROVALS]


def _page_of(row: WorkRow) -> str:
    return reverse("suggestion" if row.kind == "suggestion" else "approval", args=[row.subject_id])
