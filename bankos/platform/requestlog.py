"""One record a request: method, route, status, duration. The route is a pattern, so no id or search text gets into a log."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from .ids import uuid7

log = structlog.get_logger("bankos.web")

# Asked for every few seconds by machines, which read the answer.
PROBES = {"healthz", "readyz"}


class RequestLogMiddleware:
    """Also gives the request an id, on every record written on the way and, unless it has one, in its answer's `X-Request-ID` header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id, started = str(uuid7()), time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            route = request.resolver_match.route if request.resolver_match else "-"
            is_file = request.resolver_match is None and response.status_code < 400
            if not is_file and route not in PROBES:
                duration = round((time.perf_counter() - started) * 1000)
                log.info("request", method=request.method, route=route, status=response.status_code, duration_ms=duration)
        # A protocol may ask for the id the caller gave (see sentinel.authzen.views).
        response.headers.setdefault("X-Request-ID", request_id)
        return response
