"""What holds for every page of the console, so that no view can forget it."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import urlencode
from django.views.defaults import page_not_found

from bankos.platform.attempts import TooMany
from customers.visibility import NotVisible
from sentinel.authority import AuthorityError
from sentinel.decisions import NotVisible as DecisionNotVisible
from sentinel.errors import KeysMissing

Handler = Callable[[HttpRequest], HttpResponseBase]


class ConsoleMiddleware:
    """Who may not see something gets what a missing page gives; nothing about customers stays in a browser's cache."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.htmx and response.status_code == 302 and response["Location"].startswith(resolve_url(settings.LOGIN_URL)):  # type: ignore[attr-defined]
            # The session ended: open the sign-in page as a page, not inside a fragment.
            return HttpResponse(status=401, headers={"HX-Redirect": _sign_in_and_back(request)})
        if request.method == "POST" and not request.htmx and _asks_to_sign_in(response):  # type: ignore[attr-defined]
            return _sign_in_again(request)
        response.setdefault("Cache-Control", "no-store")
        if request.htmx:  # type: ignore[attr-defined]
            response.headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary"), "HX-Request"]))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, (NotVisible, DecisionNotVisible)):
            return page_not_found(request, Http404())
        if isinstance(exception, AuthorityError):
            # Fail closed, and say what to do: nothing has happened.
            told = {"decision_id": exception.decision_id, "keys_missing": isinstance(exception, KeysMissing)}
            answer = render(request, "sentinel/not_decided.html", told, status=503)
            answer.headers["Bankos-Done"] = "no"
            return answer
        if isinstance(exception, TooMany):
            # The same whether the secret was right: nobody has looked at it.
            minutes = -(-exception.seconds // 60)
            answer = render(request, "429.html", {"minutes": minutes}, status=429)
            answer.headers["Retry-After"] = str(exception.seconds)
            return answer
        return None


def _asks_to_sign_in(response: HttpResponseBase) -> bool:
    return response.status_code == 302 and response["Location"].startswith(f"{resolve_url(settings.LOGIN_URL)}?")


def _sign_in_again(request: HttpRequest) -> HttpResponse:
    """The session ended while something was typed: say that it was not done, and lead back to the page it was typed on.

    The address it was sent to often takes nothing but what is sent.
    """
    came_from = urlsplit(request.headers.get("Referer", ""))
    back = came_from._replace(scheme="", netloc="").geturl() if came_from.netloc == request.get_host() else "/"
    messages.warning(request, "You were no longer signed in, so nothing was done. Sign in, and send it again.")
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}")


def _sign_in_and_back(request: HttpRequest) -> str:
    back = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}"
