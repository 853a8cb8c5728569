"""What everybody sees and ends of their own sessions, and how somebody with a one-time link chooses a password."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from bankos.platform import attempts, clock, proxies, sessions
from bankos.platform.requests import StaffRequest
from sentinel.people import ways_in
from sentinel.people.ways_in import LinkNotGood

from .forms import WayInForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def own_sessions(request: StaffRequest) -> HttpResponse:
    """Where one is signed in; POST ends one, or all others."""
    key = request.session.session_key
    if request.method == "POST":
        handle = request.POST.get("session") or None
        count = sessions.end_sessions(request.user.pk, at=request.now, handle=handle, besides_key=key)
        messages.success(request, "Ended." if count else "There was nothing to end.")
        return redirect("own-sessions")
    found = sessions.open_sessions(request.user.pk, at=request.now, current_key=key)
    return render(request, "console/people/own_sessions.html", {"sessions": found})


@never_cache
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def way_in(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a password with a one-time link. What does not work is told apart for nobody."""
    at = clock.now()
    try:
        owner, needs_code = ways_in.owner_of(secret, at=at), ways_in.needs_code(secret, at=at)
        form = WayInForm(request.POST or None, owner=owner, needs_code=needs_code)
        if request.method == "POST" and form.is_valid():
            try:
                ways_in.use(secret, code=form.cleaned_data.get("code", ""), password=form.cleaned_data["password"], at=at)
            except LinkNotGood:
                attempts.wrong_secret(address=proxies.address_of(request), at=at)
                form.add_error("code" if needs_code else None, "That is not the code that goes with this link.")
            else:
                messages.success(request, "Your password is set. Sign in with it.")
                return redirect("account_login")
    except LinkNotGood:
        attempts.wrong_secret(address=proxies.address_of(request), at=at)
        return render(request, "console/people/way_in_not_good.html", status=404)
    return render(request, "console/people/way_in.html", {"form": form, "owner": owner}, status=422 if form.errors else 200)
