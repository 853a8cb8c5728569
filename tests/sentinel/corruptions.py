"""Single things that can be wrong with a bundle, picked at random: accidents, and what somebody would do who wants to be believed."""

import json
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from random import Random
from typing import Any

from sentinel.canonical import canonical
from sentinel.merkle import leaf_hash

from .bundles import STRANGER, base64url, id_of

Lines = list[bytes]
Corruption = Callable[[Random, Lines], Lines]


def corrupted(chance: Random, lines: Lines) -> tuple[str, Lines]:
    """The name of a corruption, and the lines with it done to one random place; never the same lines."""
    while True:
        corruption = chance.choice(CORRUPTIONS)
        changed = corruption(chance, lines)
        if changed != lines:
            return corruption.__name__, changed


def byte_changed(chance: Random, lines: Lines) -> Lines:
    at = _any(chance, lines)
    line = bytearray(lines[at])
    line[chance.randrange(len(line))] ^= chance.randrange(1, 256)
    return _put(lines, at, bytes(line))


def bit_flipped(chance: Random, lines: Lines) -> Lines:
    at = _any(chance, lines)
    line = bytearray(lines[at])
    line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
    return _put(lines, at, bytes(line))


def byte_lost(chance: Random, lines: Lines) -> Lines:
    at = _any(chance, lines)
    place = chance.randrange(len(lines[at]))
    return _put(lines, at, lines[at][:place] + lines[at][place + 1 :])


def number_changed(chance: Random, lines: Lines) -> Lines:
    at = _any(chance, lines)
    number = chance.choice(list(re.finditer(rb"[0-9]+", lines[at])))
    other = str(chance.choice((int(number[0]) + 1, chance.randrange(10 ** len(number[0]))))).encode()
    return _put(lines, at, lines[at][: number.start()] + other + lines[at][number.end() :])


def line_deleted(chance: Random, lines: Lines) -> Lines:
    at = _any(chance, lines)
    return lines[:at] + lines[at + 1 :]


def line_doubled(chance: Random, lines: Lines) -> Lines:
    at = _any(chance, lines)
    return [*lines[:at], lines[at], *lines[at:]]


def line_inserted(chance: Random, lines: Lines) -> Lines:
    at = _any(chance, lines)
    return [*lines[:at], chance.choice((chance.choice(lines), b"{}\n", b"\n")), *lines[at:]]


def lines_swapped(chance: Random, lines: Lines) -> Lines:
    one, other = _any(chance, lines), _any(chance, lines)
    swapped = lines.copy()
    swapped[one], swapped[other] = lines[other], lines[one]
    return swapped


def neighbours_swapped(chance: Random, lines: Lines) -> Lines:
    at = chance.randrange(len(lines) - 1)
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def file_truncated(chance: Random, lines: Lines) -> Lines:
    at = _any(chance, lines)
    rest = lines[at][: chance.randrange(len(lines[at]))]
    return [*lines[:at], rest] if rest else lines[:at]


def tail_deleted(chance: Random, lines: Lines) -> Lines:
    return lines[: -chance.randrange(1, min(len(lines), 50))]


def claims_changed(chance: Random, lines: Lines) -> Lines:
    """Another content under the signature of the old; the hash beside it is made to fit, or not."""
    at, line = _entry(chance, lines, "decision")
    header, payload, signature = line["entry"].split(".")
    token = f"{header}.{base64url(_dumped(_changed(chance, _claims(payload))))}.{signature}"
    return _put(lines, at, _entry_line(chance, line, token))


def token_signed_by_a_stranger(chance: Random, lines: Lines) -> Lines:
    """The same or another content, under the bank's key id or the stranger's."""
    at, line = _entry(chance, lines, "decision")
    header, payload, _ = line["entry"].split(".")
    claims = _claims(payload)
    named = chance.choice((STRANGER.kid, json.loads(urlsafe_b64decode(header + "=="))["kid"]))
    token = STRANGER.token(chance.choice((claims, _changed(chance, claims))), kid=named)
    return _put(lines, at, _entry_line(chance, line, token))


def use_changed(chance: Random, lines: Lines) -> Lines:
    at, line = _entry(chance, lines, "consumption")
    use = json.loads(line["entry"])
    name = chance.choice(("id", "decision", "consumed_at"))
    use[name] = use[name][:18] + str(chance.randrange(10)) + use[name][19:]
    return _put(lines, at, _entry_line(chance, line, canonical(use)))


def entry_made_void(chance: Random, lines: Lines) -> Lines:
    at, line = _entry(chance, lines, chance.choice(("decision", "consumption")))
    line.pop("context", None)
    return _put(lines, at, _entry_line(chance, {**line, "kind": "void"}, canonical({"index": line["index"], "type": "void"})))


def member_changed(chance: Random, lines: Lines) -> Lines:
    """A member with another value, missing, or one that no line has."""
    at = _any(chance, lines)
    line = json.loads(lines[at])
    name = chance.choice([name for name in line if name != "context"])
    line[name] = chance.choice((None, True, [], "", -1, chance.randrange(10**6)))
    deed = chance.randrange(3)
    if deed == 1:
        del line[name]
    elif deed == 2:
        line = {**json.loads(lines[at]), "note": "true"}
    return _put(lines, at, canonical(line).encode() + b"\n")


def respelled(chance: Random, lines: Lines) -> Lines:
    """The same content, spelled otherwise."""
    at = _any(chance, lines)
    content = json.loads(lines[at])
    spellings = (json.dumps(content), json.dumps(content, separators=(",", ":")), json.dumps(content, ensure_ascii=False, sort_keys=True))
    return _put(lines, at, chance.choice(spellings).encode() + b"\n")


def context_changed(chance: Random, lines: Lines) -> Lines:
    at, line = _entry(chance, lines, "decision", "context")
    if isinstance(line["context"], dict):
        line["context"] = chance.choice((None, {}, {"erased_by": id_of("decision", chance.randrange(300))}, {"erased_by": "nobody"}, "{}"))
    else:
        line["context"] = chance.choice((canonical({"hour": chance.randrange(24)}), line["context"] + " ", {"erased_by": id_of("x", 1)}))
    return _put(lines, at, canonical(line).encode() + b"\n")


def hash_changed(chance: Random, lines: Lines) -> Lines:
    at, line = _entry(chance, lines, chance.choice(("decision", "consumption", "void")))
    line["leaf_hash"] = b64encode(chance.randbytes(32)).decode()
    return _put(lines, at, canonical(line).encode() + b"\n")


CORRUPTIONS: tuple[Corruption, ...] = (
    byte_changed,
    bit_flipped,
    byte_lost,
    number_changed,
    line_deleted,
    line_doubled,
    line_inserted,
    lines_swapped,
    neighbours_swapped,
    file_truncated,
    tail_deleted,
    claims_changed,
    token_signed_by_a_stranger,
    use_changed,
    entry_made_void,
    member_changed,
    respelled,
    context_changed,
    hash_changed,
)


def _any(chance: Random, lines: Lines) -> int:
    """Any line; those before the entries, which are few, more often than their share."""
    return chance.randrange(min(12, len(lines))) if chance.random() < 0.2 else chance.randrange(len(lines))


def _entry(chance: Random, lines: Lines, kind: str, member: str = "entry") -> tuple[int, dict[str, Any]]:
    while True:
        at = chance.randrange(len(lines))
        line = json.loads(lines[at])
        if line.get("kind") == kind and member in line:
            return at, line


def _entry_line(chance: Random, line: dict[str, Any], text: str) -> bytes:
    fitting = b64encode(leaf_hash(text.encode())).decode()
    return canonical({**line, "entry": text, "leaf_hash": chance.choice((fitting, line["leaf_hash"]))}).encode() + b"\n"


def _changed(chance: Random, claims: dict[str, Any]) -> dict[str, Any]:
    others = {
        "authorization_details": [{"type": "payments.transfer", "parameters": {"amount": f"{chance.randrange(10**6)}.00"}}],
        "outcome": chance.choice([outcome for outcome in ("permit", "deny", "needs_approval") if outcome != claims["outcome"]]),
        "jti": id_of("another decision", chance.randrange(10**6)),
        "iat": claims["iat"] - 1,
        "exp": claims["exp"] + 3600,
        "log": {"index": claims["log"]["index"] + chance.choice((-1, 1))},
        "context_hash": chance.randbytes(32).hex(),
        "approvals": [{"id": id_of("approval", chance.randrange(10**6))}],
    }
    name = chance.choice(list(others))
    return {**claims, name: others[name]}


def _claims(payload: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=="))
    return claims


def _dumped(claims: dict[str, Any]) -> bytes:
    return json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()


def _put(lines: Lines, at: int, changed: bytes) -> Lines:
    """The lines a reader would see with this one changed: a newline may have come or gone."""
    following = lines[at + 1 :]
    if not changed.endswith(b"\n") and following:
        changed, following = changed + following[0], following[1:]
    return [*lines[:at], *(part + b"\n" for part in changed.split(b"\n")[:-1]), *_rest(changed), *following]


def _rest(changed: bytes) -> Lines:
    rest = changed.rpartition(b"\n")[2]
    return [rest] if rest else []
