"""What is answered when we fail: problem details to programs, pages to people, which need nothing that may be broken."""

import sys
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views.defaults import page_not_found

from bankos.platform.outages import RETRY_AFTER, is_outage
from bankos.platform.outcomes import GivenUp, Repeated, Watch
from bankos.platform.problems import CONTENT_TYPE, for_programs


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For programs in the form of all their errors: also where no endpoint has such an address, or its id is none."""
    if for_programs(request.path):
        problem = {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "There is nothing at this address.",
            "code": "not_found",
        }
        return JsonResponse(problem, status=404, content_type=CONTENT_TYPE)
    return page_not_found(request, exception)


UNKNOWN = "The fault is ours and is recorded. What was sent may have been done or not: ask before it is sent again."
RECORDED = "It was recorded, but the answer could not be made: ask what became of it, and don't send it again."
REPEATED = "It was recorded when it was sent before. Nothing was done this time."
AWAY = "The bank's records cannot be reached just now. What was sent may have been done or not: ask before it is sent again."


def server_error(request: HttpRequest) -> HttpResponse:
    """For an unforeseen error: 503 where the database was lost, which passes, and 500 for a fault of the program."""
    error = sys.exc_info()[1]
    if isinstance(error, Repeated):
        return _repeated(request)
    watch: Watch | None = getattr(request, "watch", None)
    recorded, given_up = bool(watch and watch.recorded), isinstance(error, GivenUp)
    away = is_outage(error)
    if recorded and not for_programs(request.path):
        # What was sent is done with; only the page that shows it failed. To call that a fault would have it sent again.
        return HttpResponse(_page("recorded.html"), headers={"Bankos-Done": "yes", "Cache-Control": "no-store"})
    status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.INTERNAL_SERVER_ERROR
    response: HttpResponse
    if for_programs(request.path):
        problem = {
            "type": "about:blank",
            "title": status.phrase,
            "status": int(status),
            "detail": RECORDED if recorded else AWAY if away else UNKNOWN,
        }
        problem["code"] = "recorded" if recorded else "unavailable" if away else "fault"
        response = JsonResponse(problem, status=status, content_type=CONTENT_TYPE)
    else:
        response = HttpResponse(_page("503.html" if away else "500.html", key=watch.key if watch else None), status=status)
    if away:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    if given_up:
        response.headers["Bankos-Done"] = "no"
    response.headers["Cache-Control"] = "no-store"
    return response


def _repeated(request: HttpRequest) -> HttpResponse:
    """For what was sent a second time under the same key: the first time counts, and this time nothing was done."""
    if for_programs(request.path):
        problem = {"type": "about:blank", "title": "Conflict", "status": 409, "detail": REPEATED, "code": "recorded"}
        response: HttpResponse = JsonResponse(problem, status=409, content_type=CONTENT_TYPE)
    else:
        response = HttpResponse(_page("recorded.html", repeated=True))
    response.headers["Bankos-Done"] = "yes"
    response.headers["Cache-Control"] = "no-store"
    return response


def busy_page() -> bytes:
    """For a request that was refused before anything was done about it."""
    return _page("busy.html").encode()


def _page(template: str, *, key: UUID | None = None, repeated: bool = False) -> str:
    return render_to_string(template, {"stylesheet": static("css/console.css"), "key": key, "repeated": repeated})
