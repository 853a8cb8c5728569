"""Check a token somebody brings along. Reading decisions is composed in the console, which knows the customers' names."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from . import decisions
from .forms import TokenForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def check(request: HttpRequest) -> HttpResponse:
    """Does a pasted token hold? It is never stored, and never part of an address."""
    form = TokenForm(request.POST or None)
    proof = decisions.verify_token(form.cleaned_data["token"]) if form.is_valid() else None
    template = "sentinel/_verdict.html" if request.htmx else "sentinel/check.html"  # type: ignore[attr-defined]
    return render(request, template, {"form": form, "verification": proof}, status=422 if form.errors else 200)
