"""Bodies nobody sends who means well: too deep, too long, in wrong encodings, cut off, ambiguous. Each has a number that makes it again."""

import gzip
import json
import random
from collections.abc import Callable, Mapping
from typing import NamedTuple

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
EDGE = "----edge"
MULTIPART = f"multipart/form-data; boundary={EDGE}"


class Body(NamedTuple):
    name: str
    content_type: str
    content: bytes
    headers: Mapping[str, str] = {}


Make = Callable[[random.Random], bytes]

# What forms and interfaces of bankos read by name.
FIELDS = (
    "q", "text", "reason", "note", "token", "do", "policies", "schema", "examples", "name", "title", "amount", "currency", "from", "until",
    "kind", "id", "ids", "request", "purpose", "given", "value", "attribute", "next", "definition", "number", "hour", "limits", "level",
    "subject", "action", "resource", "context", "evaluations", "entities", "attributes", "parents", "page", "url", "scopes",
    "details", "events", "occurred_at",
)  # fmt: skip

QUERIES = (
    "", "x" * 3_000, "%00", "%ff", "%ED%A0%80", "9" * 400, "-1", "1e999999", "NaN", "[", "%F0%9F%98%80", "2026-13-45", "0001-01-01",
    "9999-12-31T23:59:59Z", "W1tbW1tb" * 200, "01a22eec-3467-7d57-add8-350061f1502f", "%D9%A3", "a&a=b&a", "..%2f", "%27%22%3E",
)  # fmt: skip


def _value(chance: random.Random, depth: int) -> object:
    odd: list[object] = [
        None, True, -1, 10**30, -(10**18), 1e308, 0.1, "", " ", "x" * 20_000, "\u202e\ufeff", "'; --", "<b>", "1e1000000", "9" * 5_000,
        "2026-13-45", "0000-00-00T99:99", "01a22eec-3467-7d57-add8-350061f1502f", "../../etc", "%00", "😀", [], {}, "٣٤", "NaN", "-0",
    ]  # fmt: skip
    if depth and chance.random() < 0.4:
        return {name: _value(chance, depth - 1) for name in chance.sample(FIELDS, chance.randrange(1, 8))}
    if depth and chance.random() < 0.3:
        return [_value(chance, depth - 1) for _ in range(chance.randrange(5))]
    return chance.choice(odd)


def _object(chance: random.Random) -> bytes:
    return json.dumps({name: _value(chance, 3) for name in chance.sample(FIELDS, chance.randrange(1, 20))}).encode()


def _no_number(chance: random.Random) -> bytes:
    return b'{"%s": %s}' % (chance.choice(FIELDS).encode(), chance.choice([b"NaN", b"-Infinity", b"1e999", b"9" * 5_000]))


def _form(chance: random.Random) -> bytes:
    odd = [
        "",
        "x" * 5_000,
        "%00",
        "%ff%fe",
        "%ED%A0%80",
        "1e999999",
        "9" * 400,
        "%F0%9F%98%80",
        "[",
        "{}",
        "-1",
        "a%0d%0ab",
        "NaN",
        "٣",
        "[" * 5_000,
    ]
    return "&".join(f"{name}={chance.choice(odd)}" for name in chance.choices(FIELDS, k=chance.randrange(1, 60))).encode()


def _cut(chance: random.Random) -> bytes:
    whole = f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\r\n1,2\r\n--{EDGE}--\r\n'.encode()
    return whole[: chance.randrange(1, len(whole))]


def _parts(chance: random.Random) -> bytes:
    part = f'--{EDGE}\r\nContent-Disposition: form-data; name="{chance.choice(FIELDS)}"{chance.choice(["", "; filename=x"])}\r\n\r\nv\r\n'
    return part.encode() * chance.choice([1, 50, 900]) + f"--{EDGE}--\r\n".encode()


MAKERS: Mapping[str, tuple[str, Make]] = {
    "nothing": (JSON, lambda chance: b""),
    "brackets": (JSON, lambda chance: b"[" * chance.choice([20, 200, 1_500, 60_000])),
    "brackets closed": (JSON, lambda chance: b"[" * (n := chance.choice([33, 900, 30_000])) + b"]" * n),
    "objects": (JSON, lambda chance: b'{"a":' * chance.choice([40, 900, 12_000])),
    "depth in a field": (JSON, lambda chance: b'{"%s":' % chance.choice(FIELDS).encode() + b"[" * 25 + b"]" * 25 + b"}"),
    "many values": (JSON, lambda chance: b"[" + b"1," * 30_000 + b"1]"),
    "many members": (JSON, lambda chance: json.dumps({str(n): n for n in range(5_000)}).encode()),
    "a long text": (JSON, lambda chance: json.dumps({chance.choice(FIELDS): "x" * 60_000}).encode()),
    "odd objects": (JSON, _object),
    "odd objects again": (JSON, _object),
    "odd lists": (JSON, lambda chance: b"[" + _object(chance) + b"]"),
    "a bare value": (JSON, lambda chance: chance.choice([b"null", b"true", b"0", b'""', b"[]", b"-", b"\x00", b"{}"])),
    "no number": (JSON, _no_number),
    "half a character": (JSON, lambda chance: b'{"%s": "\\ud800"}' % chance.choice(FIELDS).encode()),
    "a zero": (JSON, lambda chance: b'{"%s": "a\\u0000b"}' % chance.choice(FIELDS).encode()),
    "twice": (JSON, lambda chance: b'{"token": 1, "token": 2}'),
    "utf-16": (JSON, lambda chance: _object(chance).decode().encode("utf-16")),
    "utf-32": (JSON, lambda chance: _object(chance).decode().encode("utf-32")),
    "a mark before it": (JSON, lambda chance: b"\xef\xbb\xbf" + _object(chance)),
    "no encoding": (JSON, lambda chance: bytes(chance.randrange(256) for _ in range(300))),
    "cut": (JSON, lambda chance: (whole := _object(chance))[: chance.randrange(len(whole))]),
    "form": (FORM, _form),
    "many fields": (FORM, lambda chance: b"&".join(b"f%d=1" % n for n in range(3_000))),
    "form without encoding": (FORM, lambda chance: bytes(chance.randrange(1, 256) for _ in range(300))),
    "multipart cut": (MULTIPART, _cut),
    "multipart": (MULTIPART, _parts),
    "multipart without edge": ("multipart/form-data", _cut),
    "multipart of another": (f"multipart/form-data; boundary={'x' * 500}", _cut),
    "another kind": ("application/xml", lambda chance: b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
    "no kind": ("", _object),
    "odd charset": ("application/json; charset=utf-7", _object),
    "odd form charset": (f"{FORM}; charset=no-such", _form),
}  # fmt: skip


def body(seed: int) -> Body:
    """The body of this number: the same kind and content each time."""
    chance = random.Random(seed)
    name = chance.choice(list(MAKERS))
    content_type, make = MAKERS[name]
    content = make(chance)
    if chance.random() < 0.05:
        return Body(f"{name}, packed", content_type, gzip.compress(content), {"Content-Encoding": "gzip"})
    return Body(name, content_type, content)
