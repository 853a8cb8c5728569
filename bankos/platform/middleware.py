"""What every request carries: the moment it arrived and who sent it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from . import actors, clock
from .models import User

Respond = Callable[[HttpRequest], HttpResponse]


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
