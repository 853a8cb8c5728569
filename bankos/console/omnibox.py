"""Search from anywhere: one field for customers and, for those who oversee, decisions."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from bankos.platform.actors import OVERSEEING
from bankos.platform.requests import StaffRequest
from customers import search as customers_search
from sentinel import decisions

SHORTEST = 2
DECISION = "dt_"


@require_safe
@login_required
def search(request: StaffRequest) -> HttpResponse:
    """The omnibox's list for what is typed so far."""
    text = _typed(request)
    if not request.htmx:
        return redirect(f"{reverse('customers')}?{urlencode({'q': text})}")
    if len(text) < SHORTEST:
        return HttpResponse()
    found = {"q": text, "matches": customers_search.find(text, actor=request.actor, limit=8)}
    if request.actor.roles & OVERSEEING and text.lower().startswith(DECISION):
        found["decisions"] = decisions.search(actor=request.actor, text=text, limit=4).decisions
    return render(request, "console/_results.html", found)


@require_safe
@login_required
def customers(request: StaffRequest) -> HttpResponse:
    """The same search as a page: what the field opens without script, and what a link can hold."""
    text = _typed(request)
    matches = customers_search.find(text, actor=request.actor, limit=50) if len(text) >= SHORTEST else []
    return render(request, "console/customers.html", {"q": text, "matches": matches})


def _typed(request: StaffRequest) -> str:
    return request.GET.get("q", "").strip()[:100]
