"""Errors of the API as problem details (RFC 9457, `application/problem+json`), and how its description tells of them."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

from .attempts import TooMany

CONTENT_TYPE = "application/problem+json"
PROGRAMS = ("/api/", "/authzen/", "/.well-known/")


def for_programs(path: str) -> bool:
    """Whether programs ask at this address, who are answered with problem details rather than a page."""
    return path.startswith(PROGRAMS)


class Problem(exceptions.APIException):
    """An anticipated refusal: `code` is for programs and never changes, `title` and `detail` are for people.

    `errors` lists its single reasons, each with its place, where there are several.
    """

    def __init__(self, *, status: int, title: str, detail: str, code: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(detail=detail, code=code)
        self.status_code = status
        self.title = title
        self.errors = errors
        self.wait: int | None = None  # seconds, sent as Retry-After


class ProblemSerializer(serializers.Serializer):
    """Problem details (RFC 9457). `code` is for programs and never changes; `errors` names single reasons with their places."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = serializers.ListField(child=serializers.DictField(), required=False)  # type: ignore[assignment] # a field's name


def problem_responses(told: Mapping[int, str]) -> dict[tuple[int, str], OpenApiResponse]:
    """For `extend_schema`: what an endpoint may answer instead, by status."""
    return {(status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description=text) for status, text in sorted(told.items())}


_anticipated: dict[type[Exception], Callable[[Any], Problem]] = {}


def anticipate(error: type[Exception], problem: Callable[[Any], Problem]) -> None:
    """Answer this error, wherever the API meets it, with a problem: for refusals a higher floor's endpoints have in common."""
    _anticipated[error] = problem


def _too_many(error: TooMany) -> Problem:
    problem = Problem(status=429, title="Too many tries", detail="Nothing was checked. Try again later.", code="too_many_tries")
    problem.wait = error.seconds
    return problem


anticipate(TooMany, _too_many)


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler: the same shape for every error, None (a fault, status 500) for what nobody foresaw.

    `errors` lists the fields of an invalid request: JSON pointer, code and sentence; or the single reasons of a problem.
    """
    error = next((make(error) for kind, make in _anticipated.items() if isinstance(error, kind)), error)
    response = exception_handler(error, context)  # sets the headers and rolls the transaction back
    if response is None:
        return None
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": getattr(error, "title", HTTPStatus(response.status_code).phrase),
        "status": response.status_code,
    }
    if isinstance(error, exceptions.ValidationError):
        problem |= {"detail": "The request is not valid.", "code": "invalid", "errors": _field_errors(error.detail)}
    else:
        problem |= {"detail": str(error.detail), "code": error.get_codes()}
        if isinstance(error, Problem) and error.errors:
            problem["errors"] = list(error.errors)
    response.data = problem
    response.content_type = CONTENT_TYPE
    return response


def _field_errors(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    if isinstance(detail, dict):
        named = {"" if name == "non_field_errors" else f"/{name}": value for name, value in detail.items()}
        return [error for name, value in named.items() for error in _field_errors(value, pointer + name)]
    if isinstance(detail, list):
        found: list[dict[str, str]] = []
        for position, value in enumerate(detail):
            # A list of sentences belongs to its field; a list of objects holds one entry per row.
            found += _field_errors(value, pointer if isinstance(value, str) else f"{pointer}/{position}")
        return found
    return [{"pointer": pointer or "/", "detail": str(detail), "code": getattr(detail, "code", "invalid")}]
