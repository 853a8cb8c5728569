"""How much a request may carry and how long it may take to say it, decided before a byte of its body is kept.

Django reads a whole body, onto the disk if it is large, before it looks at the address. So this stands in front of it, in the web process:
who has not signed in sends little, who has sends what a form or an API call needs, and a file only where files are taken and by who may
hand them in.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any

import structlog

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
MayUpload = Callable[[str], Awaitable[bool | None]]

ANONYMOUS = 64 * 1024
KNOWN = 2_500_000
"""Bytes from who shows a session or a secret, whether or not it turns out to be one: what a form of texts or an API call needs."""
ESCAPES = 100_000
"""Escaped characters in a form: each costs the program that takes it apart 240 bytes. Long texts are sent as multipart."""
_FORM = "application/x-www-form-urlencoded"

PATIENCE = 20.0  # seconds for a body to begin, and between two parts of it
AT_LEAST = 16 * 1024  # bytes a second, on average, once patience is over
THROWN_AWAY = 1.0  # seconds in which what is too much is read and forgotten, so that its sender can hear the answer


@dataclass(frozen=True, slots=True)
class Uploads:
    """Where files are taken, up to how many bytes; `may` is asked with a session's key, and None if that cannot be told now."""

    address: re.Pattern[str]
    largest: int
    may: MayUpload


class BoundedBodies:
    """Answers 413 to what is too large and 408 to what comes too slowly; everything else goes on to `app`."""

    def __init__(self, app: App, *, session_cookie: str, uploads: Uploads | None = None) -> None:
        self._app = app
        self._cookie = session_cookie
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin1") for name, value in reversed(scope["headers"])}
        declared = _declared(headers)
        if declared is None:
            await _answer(scope, send, HTTPStatus.BAD_REQUEST, "The length of the request is not a number.")
            return
        most = await self._most(scope, headers, declared)
        if most is None:
            await _answer(
                scope, send, HTTPStatus.SERVICE_UNAVAILABLE, "The bank's systems cannot be reached; nothing was changed. Try again soon."
            )
            return
        if declared > most:
            await _refuse(scope, headers, receive, send, most)
            return
        form = headers.get(b"content-type", "").partition(";")[0].strip().lower() == _FORM
        body = _Body(receive, most, escapes=ESCAPES if form else None)
        answered = False

        async def first_answer(message: Message) -> None:
            nonlocal answered
            if body.refused is None or answered:
                answered = True
                await send(message)

        await self._app(scope, body.receive, first_answer)
        if body.refused is not None and not answered:
            if body.refused is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                await _refuse(scope, headers, receive, send, most)
            else:
                await _answer(
                    scope, send, body.refused, "The request came too slowly and was given up; nothing was changed. Send it again."
                )

    async def _most(self, scope: Scope, headers: dict[bytes, str], declared: int) -> int | None:
        session = self._session(headers)
        if not session and b"authorization" not in headers:
            return ANONYMOUS
        uploads = self._uploads
        if uploads is None or not session or scope["method"] != "POST" or not uploads.address.fullmatch(scope["path"]):
            return KNOWN
        # One that says it is small needs no question to the database.
        known_small = 0 < declared <= KNOWN and b"transfer-encoding" not in headers
        if known_small:
            return KNOWN
        may = await uploads.may(session)
        return None if may is None else uploads.largest if may else KNOWN

    def _session(self, headers: dict[bytes, str]) -> str:
        try:
            cookie = SimpleCookie(headers.get(b"cookie", "")).get(self._cookie)
        except CookieError:
            return ""
        return cookie.value if cookie is not None else ""


class _Body:
    """What is received, counted and timed. One that is refused ends like one whose sender went away: nobody acts on half a body."""

    def __init__(self, receive: Receive, most: int, *, escapes: int | None) -> None:
        self._receive, self._most, self._escapes = receive, most, escapes
        self._bytes, self._escaped, self._began, self._whole = 0, 0, time.monotonic(), False
        self.refused: HTTPStatus | None = None

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        if self.refused is not None:
            return {"type": "http.disconnect"}
        latest = self._began + PATIENCE + self._bytes / AT_LEAST
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, min(PATIENCE, latest - time.monotonic())))
        except TimeoutError:
            return self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        part = message.get("body", b"")
        self._bytes += len(part)
        if self._escapes is not None:
            self._escaped += part.count(b"%")
        if self._bytes > self._most or (self._escapes is not None and self._escaped > self._escapes):
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    def _refuse(self, status: HTTPStatus) -> Message:
        self.refused = status
        return {"type": "http.disconnect"}


def _declared(headers: dict[bytes, str]) -> int | None:
    """Bytes the sender says will come, 0 if nothing is said; None if what is said is no number."""
    written = headers.get(b"content-length", "0").strip()
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= 18 else None


async def _refuse(scope: Scope, headers: dict[bytes, str], receive: Receive, send: Send, most: int) -> None:
    log.warning("request too large", method=scope["method"], bound=most)
    if headers.get(b"expect", "").lower() != "100-continue":
        await _throw_away(receive)
    size = f"{most // 1024:,} KB" if most < 1_000_000 else f"{most / 1_000_000:,.1f} MB"
    await _answer(
        scope, send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The request is larger than the {size} taken here; nothing was changed."
    )


async def _throw_away(receive: Receive) -> None:
    async def to_its_end() -> None:
        while True:
            message = await receive()
            if message["type"] != "http.request" or not message.get("more_body", False):
                return

    with suppress(TimeoutError):  # its sender gets the answer, or a connection that ends
        await asyncio.wait_for(to_its_end(), THROWN_AWAY)


async def _answer(scope: Scope, send: Send, status: HTTPStatus, detail: str) -> None:
    """Problem details for programs, a sentence for people; the connection ends, because the rest of the body may still come."""
    for_programs = scope["path"].startswith("/api/")
    problem = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, "code": _CODES[status]}
    body = json.dumps(problem).encode() if for_programs else f"{detail}\n".encode()
    kind = b"application/problem+json" if for_programs else b"text/plain; charset=utf-8"
    sent = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"connection", b"close"), (b"cache-control", b"no-store")]
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        sent.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": int(status), "headers": sent})
    await send({"type": "http.response.body", "body": body})


_CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.REQUEST_TIMEOUT: "too_slow",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
