"""Conditions of a request (RFC 9110, 13): read strictly, and never passed over. What cannot be read or is not evaluated is refused.

A condition that is ignored lets a change through its sender did not want; so a writing request of the API with a condition at an address
that evaluates none is refused too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from .problems import CONTENT_TYPE, Problem

GZIP = "-gzip"  # what a tag ends with whose body was compressed (see `bankos.platform.middleware.CompressionMiddleware`)
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_BETWEEN = re.compile(r"[ \t]*(?:,[ \t]*)+")
_KEY = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"|([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+)')
_UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
_CONDITIONS = ("If-Match", "If-None-Match", "If-Unmodified-Since")  # the others only ever spare a body


@dataclass(frozen=True, slots=True)
class Tags:
    """What a header names: anything at all, or tags. Of each the form without compression is kept."""

    anything: bool
    strong: frozenset[str]
    weak: frozenset[str]
    sent: frozenset[str]

    def strongly(self, tag: str) -> bool:
        """Strong comparison, for If-Match: a weak tag never fits."""
        return self.anything or tag in self.strong

    def weakly(self, tag: str) -> bool:
        """Weak comparison, for If-None-Match."""
        return self.anything or tag in self.strong or tag in self.weak


def tags(request: Any, header: str) -> Tags | None:
    """The tags of an If-Match or If-None-Match header; None without one.

    Raises:
        Problem: 400, the header is neither `*` nor a list of quoted tags.
    """
    text = request.headers.get(header)
    if text is None:
        return None
    text = text.strip(" \t")
    if text == "*":
        return Tags(True, frozenset(), frozenset(), frozenset())
    strong: set[str] = set()
    weak: set[str] = set()
    sent: set[str] = set()
    place = 0
    while place < len(text):
        found = _TAG.match(text, place)
        if found is None:
            raise _malformed(header)
        (weak if found[1] else strong).add(_uncompressed(found[2]))
        sent.add(found[0])
        between = _BETWEEN.match(text, found.end())
        place = between.end() if between else found.end()
        if between is None and place < len(text):
            raise _malformed(header)
    if not sent:
        raise _malformed(header)
    return Tags(False, frozenset(strong), frozenset(weak), frozenset(sent))


def not_modified(named: Tags | None, tag: str | None) -> str | None:
    """The tag to answer 304 with, as the asker has it; None if the body is to be sent. For If-None-Match."""
    if named is None or tag is None or not named.weakly(tag):
        return None
    compressed = f'{tag[:-1]}{GZIP}"'
    return compressed if compressed in named.sent and tag not in named.sent else tag


def idempotency_key(request: Any, *, longest: int) -> str:
    """The key of an Idempotency-Key header, "" without one: a quoted string or a bare word.

    Raises:
        Problem: 400, there is a header without a key in it.
    """
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return ""
    found = _KEY.fullmatch(text.strip(" \t"))
    key = re.sub(r"\\(.)", r"\1", found[1]) if found and found[1] else found[2] if found else ""
    if not key or len(key) > longest:
        detail = f"An idempotency key is one word, or a text in quotation marks, of up to {longest} printable ASCII characters."
        raise Problem(status=400, title="Not a key", detail=detail, code="bad_key")
    return key


class PreconditionsMiddleware:
    """Refuses a condition where none is evaluated. A view names in `preconditions` the headers that it evaluates when it writes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.method not in _UNSAFE or not request.path_info.startswith("/api/"):
            return None
        evaluated: frozenset[str] = getattr(getattr(view, "cls", None), "preconditions", frozenset())
        ignored = [header for header in _CONDITIONS if header in request.headers and header not in evaluated]
        if not ignored:
            return None
        problem = {
            "type": "about:blank",
            "title": "Condition not evaluated",
            "status": 400,
            "detail": f"This address does not evaluate {' and '.join(ignored)}. Nothing was changed.",
            "code": "condition_not_evaluated",
        }
        return JsonResponse(problem, status=400, content_type=CONTENT_TYPE)


def _uncompressed(tag: str) -> str:
    return f'{tag[: -len(GZIP) - 1]}"' if tag.endswith(f'{GZIP}"') else tag


def _malformed(header: str) -> Problem:
    detail = f'{header} is * or a list of tags in quotation marks, as an ETag header has them: "a", W/"b".'
    return Problem(status=400, title="Not a condition", detail=detail, code="bad_condition")
