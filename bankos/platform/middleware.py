"""What every request carries: the moment it arrived and who sent it; and how answers are compressed."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from . import actors, clock, outcomes
from .models import User
from .preconditions import GZIP

FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}

Respond = Callable[[HttpRequest], HttpResponse]


class OutcomeMiddleware:
    """Watches over what changes something, so that an answer that is lost can be asked for (`outcomes`). Nearest to the views: what
    happens around them, like keeping a session, is no part of it.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return self.get_response(request)
        user = request.user
        watch = outcomes.Watch(_key_of(request), user.pk if isinstance(user, User) else None)
        request.watch = watch  # type: ignore[attr-defined]
        with outcomes.watching(watch):
            return self.get_response(request)


def _key_of(request: HttpRequest) -> UUID | None:
    sent = request.headers.get("Request-Key")
    if sent is None and request.content_type in FORMS:
        sent = request.POST.get("request-key")
    try:
        return UUID(sent) if sent else None
    except ValueError:
        return None


class RequestContextMiddleware:
    """Sets `request.now` (aware, UTC) and `request.actor` (an employee, or None when nobody is signed in).

    Queries: 1 when somebody is signed in (their roles), 0 otherwise.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.now = clock.now()  # type: ignore[attr-defined]
        user = request.user
        request.actor = actors.employee(user) if isinstance(user, User) else None  # type: ignore[attr-defined]
        return self.get_response(request)


class SameOriginMiddleware:
    """No other site may embed what is answered here, not even where it cannot read it."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        return response


class _Exact(GZipMiddleware):
    max_random_bytes = 0


class CompressionMiddleware(GZipMiddleware):
    """Django's, but a strong tag stays strong: its body is compressed the same each time and has a tag of its own.

    Django adds random bytes so that the length tells nothing of secrets beside what an attacker put in (BREACH). Bodies with a tag show
    nothing that came with the request, and no other site gets a session's cookie sent along.
    """

    def __init__(self, get_response: Respond) -> None:
        super().__init__(get_response)
        self._exact = _Exact(get_response)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        tag = response.headers.get("ETag", "")
        if not tag.startswith('"') or response.streaming:
            return super().process_response(request, response)
        answer = self._exact.process_response(request, response)
        if answer.headers.get("Content-Encoding") == "gzip":
            answer.headers["ETag"] = f'{tag[:-1]}{GZIP}"'
        return answer
