"""How many requests a web process works on at once, and how many may wait: the next one is refused at once, and told when to come back.

A page takes tens of milliseconds of the processor, so more requests at once only make each of them slower; and who waits in a line
without an end is answered when nobody listens any more. A request takes its place when its body is whole, so that a slow sender holds
nobody up, and gives it back when its answer is sent. Health and static files have nothing to do with it.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

import structlog

from .bodies import App, Message, Receive, Scope, Send
from .problems import for_programs

log = structlog.get_logger(__name__)

RETRY_AFTER = 2  # seconds
SEND_SECONDS = 30.0  # who does not take a part of an answer for so long is gone
DETAIL = "The bank's systems are busy. Nothing was done; try again in a few seconds."


class Full(Exception):
    """As many requests wait as may, or one waited as long as it may."""


class Line:
    """At most `at_work` are inside; at most `waiting` wait, and none longer than `seconds`."""

    def __init__(self, *, at_work: int, waiting: int, seconds: float) -> None:
        self._free = asyncio.Semaphore(at_work)
        self._most_waiting, self._seconds = waiting, seconds
        self._waiting = 0

    async def enter(self) -> None:
        """Raises Full."""
        if not self._free.locked():
            await self._free.acquire()  # does not wait
            return
        if self._waiting >= self._most_waiting:
            raise Full
        self._waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), self._seconds)
        except TimeoutError:
            raise Full from None
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        self._free.release()


class Admission:
    """Answers 503 with `Retry-After` to what finds the line full; everything else goes on to `app`.

    Args:
        page: what people see then, as HTML; called when it is first needed.
        exempt: beginnings of addresses nobody waits for.
        health: the addresses of the health, with a short line of their own.
    """

    def __init__(self, app: App, line: Line, *, page: Callable[[], bytes], exempt: str, health: frozenset[str]) -> None:
        self._app, self._line, self._page = app, line, page
        self._exempt, self._health = exempt, health
        self._looks = Line(at_work=4, waiting=8, seconds=2)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self._exempt):
            await self._app(scope, receive, send)
            return
        line = self._looks if scope["path"] in self._health else self._line
        inside = False

        async def whole() -> Message:
            nonlocal inside
            message = await receive()
            if not inside and message["type"] == "http.request" and not message.get("more_body", False):
                await line.enter()
                inside = True
            return message

        async def in_time(message: Message) -> None:
            await asyncio.wait_for(send(message), SEND_SECONDS)

        try:
            await self._app(scope, whole, in_time)
        except Full:
            log.warning("request refused: busy", method=scope["method"])
            await self._refuse(scope, send)
        finally:
            if inside:
                line.leave()

    async def _refuse(self, scope: Scope, send: Send) -> None:
        if for_programs(scope["path"]):
            problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": DETAIL, "code": "busy"}
            kind, body = b"application/problem+json", json.dumps(problem).encode()
        else:
            kind, body = b"text/html; charset=utf-8", self._page()
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            (b"retry-after", b"%d" % RETRY_AFTER),
            (b"cache-control", b"no-store"),
            (b"bankos-done", b"no"),
        ]
        with suppress(OSError):
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": body})
