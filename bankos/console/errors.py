"""What is answered when we fail: problem details to programs, pages to people, which need nothing that may be broken."""

import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static

from bankos.platform.outages import RETRY_AFTER, is_outage
from bankos.platform.problems import CONTENT_TYPE, for_programs

UNKNOWN = "The fault is ours and is recorded. What was sent may have been done or not: ask before it is sent again."
AWAY = "The bank's records cannot be reached just now. What was sent may have been done or not: ask before it is sent again."


def server_error(request: HttpRequest) -> HttpResponse:
    """For an unforeseen error: 503 where the database was lost, which passes, and 500 for a fault of the program."""
    away = is_outage(sys.exc_info()[1])
    status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.INTERNAL_SERVER_ERROR
    response: HttpResponse
    if for_programs(request.path):
        problem = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": AWAY if away else UNKNOWN}
        problem["code"] = "unavailable" if away else "fault"
        response = JsonResponse(problem, status=status, content_type=CONTENT_TYPE)
    else:
        response = HttpResponse(_page("503.html" if away else "500.html"), status=status)
    if away:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    return response


def busy_page() -> bytes:
    """For a request that was refused before anything was done about it."""
    return _page("busy.html").encode()


def _page(template: str) -> str:
    return render_to_string(template, {"stylesheet": static("css/console.css")})
