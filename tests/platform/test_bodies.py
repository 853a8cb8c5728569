"""Requests are bounded before their bodies are kept: by who sends them, by where, and by how long they take."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bankos.platform import bodies
from bankos.platform.bodies import ANONYMOUS, KNOWN, BoundedBodies, Uploads

COOKIE = (b"cookie", b"theme=dark; sid=a-session")
SECRET = (b"authorization", b"Bearer bk_1")
UPLOAD = "/sources/core/files/new/"


class Inside:
    """Stands for Django: reads the whole body as it does, keeps it, and answers 200."""

    def __init__(self) -> None:
        self.taken: bytes | None = None
        self.most = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        kept = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            kept += message.get("body", b"")
            self.most = len(kept)
            if not message.get("more_body", False):
                break
        self.taken = kept
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


def sent(
    parts: list[bytes] | Iterator[bytes],
    *headers: tuple[bytes, bytes],
    path: str = "/nope",
    may: bool | None = True,
    pause: float = 0.0,
) -> tuple[int, dict[bytes, bytes], bytes, Inside, int]:
    """(status, headers, body, what Django got, how many parts were fetched)."""
    inside, answer, fetched = Inside(), [], 0
    ahead = iter(parts)

    async def receive() -> Any:
        nonlocal fetched
        if pause:
            await asyncio.sleep(pause)
        part = next(ahead, None)
        fetched += part is not None
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Any) -> None:
        answer.append(message)

    async def asked(session: str) -> bool | None:
        assert session == "a-session"
        return may

    guard = BoundedBodies(inside, session_cookie="sid", uploads=Uploads(re.compile(r"/sources/[^/]+/files/new/"), 10_000_000, asked))
    scope = {"type": "http", "method": "POST", "path": path, "headers": list(headers)}
    asyncio.run(guard(scope, receive, send))
    start, *rest = answer
    return start["status"], dict(start["headers"]), b"".join(message["body"] for message in rest), inside, fetched


def declared(size: int) -> tuple[bytes, bytes]:
    return b"content-length", str(size).encode()


def test_anonymous_body_beyond_its_bound_is_refused_before_it_is_read() -> None:
    status, headers, said, inside, _ = sent([b"x" * 100], declared(600_000_000), (b"expect", b"100-continue"))

    assert (status, inside.most) == (413, 0)
    assert headers[b"connection"] == b"close"
    assert b"nothing was changed" in said


def test_body_of_unknown_length_is_cut_where_it_exceeds_the_bound() -> None:
    status, _, _, inside, _ = sent(b"x" * 10_000 for _ in range(60_000))

    assert (status, inside.taken) == (413, None)
    assert inside.most <= ANONYMOUS


def test_form_of_escapes_is_cut_where_taking_it_apart_would_cost_too_much() -> None:
    form = (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")
    part = b"%5B" * 10_000
    assert sent([part] * 80, COOKIE, form)[0] == 413
    assert sent([part] * 9, COOKIE, form)[0] == 200
    assert sent([part] * 80, COOKIE, (b"content-type", b"multipart/form-data; boundary=x"))[0] == 200


def test_body_longer_than_it_says_is_cut_all_the_same() -> None:
    status, _, _, inside, _ = sent([b"x" * 50_000] * 50, declared(10))

    assert (status, inside.taken) == (413, None)


@pytest.mark.parametrize("header", [COOKIE, SECRET])
def test_who_shows_a_session_or_a_secret_sends_what_a_form_needs_and_no_more(header: tuple[bytes, bytes]) -> None:
    assert sent([b"x" * KNOWN], header, declared(KNOWN))[0] == 200
    assert sent([b"x" * KNOWN, b"x"], header)[0] == 413
    assert sent([b"x" * (ANONYMOUS + 1)], (b"cookie", b"theme=dark"))[0] == 413


@pytest.mark.parametrize(
    ("path", "may", "size", "status"),
    [
        (UPLOAD, True, 9_000_000, 200),
        (UPLOAD, True, 11_000_000, 413),
        (UPLOAD, False, 9_000_000, 413),
        (UPLOAD, None, 9_000_000, 503),
        ("/customers/new/", True, 9_000_000, 413),
        ("/sources/core/files/new/else", True, 9_000_000, 413),
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_files_are_taken_only_where_they_belong_and_from_who_may_hand_them_in(
    path: str, may: bool | None, size: int, status: int, told: bool
) -> None:
    parts = [b"x" * 1_000_000] * (size // 1_000_000)

    assert sent(parts, COOKIE, *([declared(size)] if told else []), path=path, may=may)[0] == status


def test_body_that_never_comes_to_its_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.2)

    silent = sent([b"{"] * 5, COOKIE, pause=0.3)
    dripping = sent([b"x"] * 100_000, COOKIE, pause=0.01)

    assert [silent[0], dripping[0]] == [408, 408]
    assert dripping[4] < 60
    assert silent[3].taken is dripping[3].taken is None


def test_programs_hear_of_it_as_problem_details() -> None:
    _, headers, said, _, _ = sent([b"x"], declared(3_000_000), SECRET, path="/api/v1/events/")

    assert headers[b"content-type"] == b"application/problem+json"
    assert (json.loads(said)["status"], json.loads(said)["code"]) == (413, "too_large")


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"12abc", b"9" * 400, "²".encode("latin1")])
def test_length_that_is_no_number_is_refused(length: bytes) -> None:
    assert sent([b"x"], (b"content-length", length))[0] == 400
