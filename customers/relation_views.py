"""Who is connected to a customer: a table, and the same as a picture."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from bankos.platform.requests import StaffRequest

from .relations import DEEPEST, Relations, View, relations_of

VIEWS = ((View.ALL, "Everybody"), (View.HOUSEHOLD, "Household"), (View.BUSINESS, "Business"))
USUAL_STEPS = 2


@require_safe
@login_required
def page(request: StaffRequest, party_id: UUID) -> HttpResponse:
    """The table, and a button for the picture."""
    view, steps, with_ended = _asked(request)
    found = relations_of(party_id, actor=request.actor, at=request.now, view=view, depth=steps, with_ended=with_ended)
    names = {one.party_id: one.name for one in found.customers}
    asked = {"view": view.value, "steps": steps, "ended": int(with_ended)}
    context = {
        "found": found,
        "self": found.customers[0],
        "rows": [(one, _says(found, one.party_id, names)) for one in found.customers[1:]],
        "views": VIEWS,
        "view": view,
        "steps": steps,
        "with_ended": with_ended,
        "choices": range(1, DEEPEST + 1),
        "picture": f"{reverse('relations-picture', args=[party_id])}?{urlencode(asked)}",
    }
    return render(request, "customers/relations.html", context)


@require_safe
@login_required
def picture(request: StaffRequest, party_id: UUID) -> JsonResponse:
    """Nodes and edges of the same circle."""
    view, steps, with_ended = _asked(request)
    found = relations_of(party_id, actor=request.actor, at=request.now, view=view, depth=steps, with_ended=with_ended)
    nodes = [
        {"id": str(one.party_id), "name": one.name, "kind": one.kind, "steps": one.steps, "href": reverse("customer", args=[one.party_id])}
        for one in found.customers
    ]
    edges = [{"source": str(tie.one), "target": str(tie.other), "says": tie.says} for tie in found.ties]
    return JsonResponse({"nodes": nodes, "edges": edges})


def _asked(request: StaffRequest) -> tuple[View, int, bool]:
    """What the address asks for; what it cannot mean is the usual."""
    views, all_steps = {view.value: view for view in View}, {str(steps): steps for steps in range(1, DEEPEST + 1)}
    return (
        views.get(request.GET.get("view", ""), View.ALL),
        all_steps.get(request.GET.get("steps", ""), USUAL_STEPS),
        request.GET.get("ended") == "1",
    )


def _says(found: Relations, party_id: UUID, names: dict[UUID, str]) -> list[dict[str, Any]]:
    """A customer's ties as half sentences: what is said, to whom, and whether it is said of the other one."""
    said = []
    for tie in found.ties_of(party_id):
        other = tie.other if tie.one == party_id else tie.one
        said.append({"says": tie.says, "name": names[other], "of_the_other": tie.one != party_id, "tie": tie})
    return said
