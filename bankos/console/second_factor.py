"""The second step by role: who holds powers shows a code of an app in every session, or can do nothing but set one up.

Which roles need it stands in `SECOND_FACTOR_ROLES`; without any, everybody chooses. It holds for pages, the administration and the API's
sessions alike, as no address is reached but through `SecondFactorMiddleware`. Programs have keys instead of sessions.
"""

from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from bankos.platform import attempts
from bankos.platform.models import User
from bankos.platform.problems import CONTENT_TYPE

# What somebody without it may reach: setting it up, showing it, and the way out.
_OPEN = {"account_login", "account_logout", "account_reauthenticate", "mfa_authenticate", "mfa_activate_totp", "mfa_reauthenticate"}
_OPEN_TO_ALL = {"healthz", "readyz", "jwks"}


class SecondFactorMiddleware:
    """Sets who needs a second step and has not shown one in this session on the way to it.

    Queries: 1 for who needs it, 0 otherwise.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not needed(request) or request.resolver_match is None or request.resolver_match.url_name in _OPEN | _OPEN_TO_ALL:
            return None
        has_one = is_mfa_enabled(request.user, [Authenticator.Type.TOTP])
        if has_one and _shown(request):
            return None
        way = reverse("mfa_reauthenticate" if has_one else "mfa_activate_totp")
        if request.path_info.startswith("/api/"):
            return _problem()
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponse("Signing in needs a second step first.", status=403, headers={"HX-Redirect": way})
        back = request.get_full_path() if request.method == "GET" else "/"
        return redirect(f"{way}?{urlencode({'next': back})}")


def needed(request: HttpRequest) -> bool:
    """Whether the rules ask the signed-in person for a second step. Queries: 0."""
    actor = getattr(request, "actor", None)
    if actor is None or not settings.SECOND_FACTOR_ROLES:
        return False
    return not actor.roles.isdisjoint(settings.SECOND_FACTOR_ROLES)


class ActivateApp(ActivateTOTPView):
    """Whoever sets an app up has shown its code: this session needs no other. Other sessions of theirs do."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        user = self.request.user
        if isinstance(user, User):
            attempts.use_once(user.username, form.cleaned_data["code"], at=self.request.now)
        record_authentication(self.request, user, "mfa", type=Authenticator.Type.TOTP, reauthenticated=True)
        self.request.session.cycle_key()
        return response


activate_app = ActivateApp.as_view()


def reauthenticate(request: HttpRequest) -> HttpResponseBase:
    """Confirming that it is you takes the second step from whoever has one: a stolen password alone changes nothing."""
    if request.user.is_authenticated and is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
        query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
        return redirect(reverse("mfa_reauthenticate") + query)
    answer: HttpResponseBase = account.reauthenticate(request)
    return answer


def _shown(request: HttpRequest) -> bool:
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def _problem() -> HttpResponse:
    problem = {
        "type": "about:blank",
        "title": "Second step needed",
        "status": 403,
        "detail": "Your role signs in with a code of an app. Set one up, or show it, in the console.",
        "code": "second_factor_required",
    }
    return JsonResponse(problem, status=403, content_type=CONTENT_TYPE)
