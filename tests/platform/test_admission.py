"""More requests than a process can work on: every one is answered, some with a quick no."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bankos.platform.admission import Admission, Line

Answer = tuple[int, dict[bytes, bytes], bytes, float]


def guarded(app: Callable[..., Awaitable[None]], *, at_work: int = 2, waiting: int = 2, seconds: float = 0.2) -> Admission:
    line = Line(at_work=at_work, waiting=waiting, seconds=seconds)
    return Admission(app, line, page=lambda: b"<p>busy", exempt="/static/", health=frozenset({"/readyz"}))


async def ask(app: Admission, path: str = "/", *, body: list[float] | None = None) -> Answer:
    """`body`: the pauses before each of its parts."""
    parts = list(body or [0.0])
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(parts.pop(0) if parts else 60)
        return {"type": "http.request", "body": b"", "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    began = time.monotonic()
    await app({"type": "http", "path": path, "method": "GET"}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"], time.monotonic() - began


def slow(seconds: float) -> Callable[..., Awaitable[None]]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await asyncio.sleep(seconds)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    return app


def answers(app: Admission, *asked: Any) -> list[Answer]:
    async def all_at_once() -> list[Answer]:
        return list(await asyncio.gather(*(ask(app, **one) for one in asked)))

    return asyncio.run(all_at_once())


def statuses(found: list[Answer]) -> list[int]:
    return [status for status, *_ in found]


def test_who_finds_line_and_waiting_room_full_is_refused_at_once_and_told_when_to_come_back() -> None:
    found = answers(guarded(slow(0.1), seconds=5), *[{}] * 10)
    assert statuses(found) == [200] * 4 + [503] * 6
    for status, headers, body, took in found:
        if status == 503:
            assert took < 0.05
            assert int(headers[b"retry-after"]) > 0
            assert body == b"<p>busy"


def test_nobody_waits_longer_than_the_bound() -> None:
    found = answers(guarded(slow(1), at_work=1, waiting=5, seconds=0.2), *[{}] * 4)
    assert sorted(statuses(found)) == [200, 503, 503, 503]
    assert all(0.15 < took < 0.5 for status, _, _, took in found if status == 503)


def test_places_come_free_again_also_after_errors_and_refusals() -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise ValueError("fault")

    async def run() -> None:
        app = guarded(failing, at_work=1, waiting=0)
        for _ in range(3):
            with pytest.raises(ValueError, match="fault"):
                await ask(app)
        good = guarded(slow(0.05), at_work=1, waiting=0)
        for _ in range(3):
            assert sorted(statuses(list(await asyncio.gather(ask(good), ask(good))))) == [200, 503]

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/api/v1/events/", "/authzen/x/access/v1/evaluation", "/.well-known/jwks.json"])
def test_programs_are_refused_with_problem_details(path: str) -> None:
    refused = answers(guarded(slow(0.2), at_work=1, waiting=0), {}, {"path": path})[1]
    assert refused[0] == 503
    assert refused[1][b"content-type"] == b"application/problem+json"
    assert json.loads(refused[2])["code"] == "busy"


@pytest.mark.parametrize("path", ["/static/css/console.css", "/readyz"])
def test_files_and_health_are_answered_while_the_line_is_full(path: str) -> None:
    app = guarded(slow(0.3), at_work=1, waiting=0)
    assert statuses(answers(app, {}, {"path": path}, {})) == [200, 200, 503]


def test_a_sender_that_takes_its_time_holds_nobody_up() -> None:
    app = guarded(slow(0.01), at_work=1, waiting=0)
    found = answers(app, {"body": [0.1, 0.1, 0.1]}, {})
    assert statuses(found) == [200, 200]
    assert found[1][3] < 0.1
