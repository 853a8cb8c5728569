"""What became of something a page sent and got no answer to."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from bankos.platform import outcomes
from bankos.platform.requests import StaffRequest


@login_required
@require_http_methods(["GET", "POST"])
def outcome(request: StaffRequest, key: UUID) -> HttpResponse:
    """POST gives the request up if it is not recorded yet, so the answer holds for good; GET shows the page that asks."""
    if request.method == "GET":
        return render(request, "console/outcome.html", {"key": key})
    recorded = outcomes.settle(key, user_id=request.user.pk, at=request.now)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"recorded": recorded})
    return render(request, "console/outcome.html", {"key": key, "settled": True, "recorded": recorded})
