"""Text from outside is measured before a parser sees it."""

import io
import json
import random
import tracemalloc
from typing import Any

import pytest

from bankos.platform.bounded import BeyondBounds, Bounds, JsonStream, NotReadable, check_json, read_json

SMALL = Bounds(depth=4, values=20, size=10_000)
BROKEN = 'a"b\\"c\\\\[{'


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, "[{" * 50_000, '[[[[["]"]]]]]', "[[[[[1]]]]]", '{"a":[{"b":[{}]}]}', "]]]]" + "[" * 5],
)
def test_what_nests_too_deep_is_refused_whatever_it_is(text: str) -> None:
    with pytest.raises(BeyondBounds):
        check_json(text, Bounds(depth=4, values=1_000_000, size=1_000_000))


@pytest.mark.parametrize(
    "text", ['"[[[[[[[["', '["[[[[[[", "{{{{{\\"[[["]', "[[[[1]]]]", '{"a\\"[[[[[": [[[1]]]}', "[],[],[],[],[],[]", '"\\\\"']
)
def test_brackets_inside_texts_and_beside_each_other_nest_nothing(text: str) -> None:
    check_json(text, SMALL)


def test_what_holds_too_many_values_is_refused_but_not_for_commas_in_its_texts() -> None:
    check_json(json.dumps(["," * 5_000]), SMALL)
    with pytest.raises(BeyondBounds, match="more than 20 values"):
        check_json(json.dumps([1] * 30), SMALL)
    with pytest.raises(BeyondBounds, match="more than 20 values"):
        check_json("[" + "[]" * 30 + "]", SMALL)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nul",
        b'{"a": NaN}',
        b"[1e999]",
        b"[" + b"9" * 5_000 + b"]",
        b'{"a": 1, "a": 2}',
        b'["\\ud800"]',
        b'{"\\udfff": 1}',
        b'["\\u0000"]',
        b'["a\\u0000b"]',
        '["é"]'.encode("utf-16"),
        '["é"]'.encode("latin1"),
        b'["a',
        b"[1,]",
        b"{} {}",
    ],
)
def test_what_two_readers_could_understand_differently_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(NotReadable):
        read_json(raw)


def test_what_is_within_bounds_is_read_as_it_is() -> None:
    value = {"name": "Zoë 😀", "list": [1, -2.5, None, True, "a\nb"], "inside": {"quote": 'say "[{" \\'}}

    assert read_json(json.dumps(value)) == read_json(json.dumps(value, ensure_ascii=False).encode("utf-8-sig")) == value
    assert read_json(b'"\\ud83d\\ude00"') == "😀"


def _through(raw: bytes, *, depth: int = 50, longest: int = 8 * 1024, pieces: int = 7_000) -> bytes:
    stream = JsonStream(io.BytesIO(raw), depth=depth, longest_text=longest, at_once=pieces)
    return b"".join(iter(lambda: stream.read(1_000_000), b""))


def test_stream_hands_on_every_byte_of_what_is_within_bounds() -> None:
    chance = random.Random(7)

    def value(depth: int) -> Any:
        kind = chance.randrange(6 if depth else 3)
        if kind < 3:
            return [chance.choice(["", BROKEN, "\\", '"', "é" * 50, "[" * 300]), chance.random(), None][kind]
        if kind == 3:
            return {chance.choice(["a", BROKEN, "]"]) + str(n): value(depth - 1) for n in range(chance.randrange(6))}
        return [value(depth - 1) for _ in range(chance.randrange(6))]

    for at_once in (1, 3, 17, 4_096, 70_000):
        raw = json.dumps([value(5) for _ in range(40)], ensure_ascii=chance.random() < 0.5).encode()
        assert _through(raw, depth=7, pieces=at_once) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 65_000,
        b'{"' + b"k" * 100_000 + b'":1}',
        b'["' + b'\\"' * 100_000,
        b'{"a":' * 20_000,
        b"9" * 100_000,
        b'["[[["' + b',["]]]]]]]]]]]"' * 60,
    ],
)
@pytest.mark.parametrize("at_once", [13, 65_536])
def test_stream_stops_before_the_piece_that_is_too_much(raw: bytes, at_once: int) -> None:
    tracemalloc.start()
    with pytest.raises(BeyondBounds):
        _through(raw, pieces=at_once)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 5_000_000
