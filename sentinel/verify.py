#!/usr/bin/env python3
# ruff: noqa: T201
"""Verify a bundle of decisions without this bank: needs this one file, Python 3.11 and the `cryptography` package.

    python verify.py BUNDLE [--jwks FILE] [--origin NAME] [--checkpoint FILE]... [--since BUNDLE]... [--processes N] [--json]

Exit 0: everything holds, and what was checked is printed. Exit 1: something is wrong; every fault is listed, each with its line and
entry (the first 1,000, and how many there are). Exit 2: not asked properly, or not readable.

    --jwks        the bank's public keys, obtained elsewhere: the bundle may hold no other
    --checkpoint  checkpoints (C2SP signed notes) somebody kept, one after the other; `-` reads standard input. The bundle's log must
                  continue each of them: a log that was rolled back, shortened or written anew is found out
    --since       an older bundle, whose checkpoints are taken as kept ones

The file: JSON Lines (gzip if the name ends in .gz), each line the canonical JSON (RFC 8785) of an object, in this order:

    {"checkpoints":1,"complete":true,"entries":4,"first":0,"format":"bankos-log-bundle/3","keys":1,"origin":"…","since":0,"size":4}
    {"jwk":{"alg":"Ed25519","crv":"Ed25519","kid":"…","kty":"OKP","use":"sig","x":"…"}}          ascending by kid
    {"checkpoint":"<signed note>"}                                                               ascending by size
    {"entry":"<token>","index":0,"kind":"decision","leaf_hash":"…"}                              ascending by index
    {"entry":"{…\"type\":\"consumption\"}","index":1,"kind":"consumption","leaf_hash":"…"}
    {"entry":"{\"index\":2,\"type\":\"void\"}","index":2,"kind":"void","leaf_hash":"…"}
    {"entry":"{\"index\":3,\"sha256\":\"…\",\"type\":\"quarantined\"}","index":3,"kind":"quarantined","leaf_hash":"…"}

`size` is that of the last checkpoint; every checkpoint of `since` entries or more is there. A complete bundle holds every entry; the
tree (RFC 9162) is rebuilt from them. In any other, checkpoints carry "consistency" with the one before (the first with the log of
`since` entries) and entries "proof" of being under the last. A decision may come with "context", the canonical text its token holds the
hash of, or, where that was erased, with {"erased_by":"<id of the decision>"}: a used permit in this log to erase the customer the erased
one is about. Where that customer had been joined with the one the permit names, "members" says so beside it, signed by the bank. Format 2
says null instead and names no decision; format 1 has no `since`, either, and one checkpoint a day.

A permit that rests on a second person's word names the decision by which that person answered; it must be in the log before, signed,
used, a yes, to exactly this question, by somebody else, and serve one permit only.

What this cannot see: whether the keys are the bank's (compare them: --jwks), whether others were shown another log (compare
checkpoints with others: --checkpoint), what a bundle that is not complete leaves out, and entries after the last checkpoint. Whoever
makes a bundle may leave contexts out; how many were is printed.

This repeats the hash functions of the bank's own code on purpose: an auditor reads one file, and a mistake there is not believed here.
"""

import argparse
import gzip
import json
import re
import sys
import zlib
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMATS = ("bankos-log-bundle/1", "bankos-log-bundle/2", "bankos-log-bundle/3")
# A decision of the bank, or its advice to other systems that asked through AuthZEN: by the token's type, who issues it and whom it is for.
BANK_TYPE, ADVICE_TYPE = "decision+jwt", "authzen-decision+jwt"
ISSUERS = {BANK_TYPE: "urn:bankos:sentinel", ADVICE_TYPE: "urn:bankos:sentinel:authzen"}
AUDIENCE, ADVICE_AUDIENCE = "urn:bankos:bank", "urn:bankos:store:"
OUTCOMES = frozenset({"permit", "needs_approval", "deny"})
LARGEST_NUMBER = 2**53 - 1
LONGEST_LINE = 8_000_000  # bytes
BATCH = 1000  # lines whose signatures are checked at one go
MOST_FAULTS = 1000  # that are listed; all are counted
MOST_KEPT = 1_000_000  # checkpoints that are compared with those of the bundle
ANSWER = "approval.answer"  # the action by which a second person answers
ERASING = frozenset({"customer.erase", "customer.erase_due"})  # the actions by which a customer is erased
MEMBERS_TYPE = "erased-members+jwt"  # of the token that says whom an erasing reached

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOTE = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n\n— ([^\n ]+) ([^\n]+)\n")
# As others keep them: a witness may have signed below the log.
_KEPT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n\n((?:— [^\n ]+ [^\n]+\n){1,16})\n*")

_HEADER = {"checkpoints", "complete", "entries", "first", "format", "keys", "origin", "size"}
_JWK = {"alg", "crv", "kid", "kty", "use", "x"}
_ENTRY = {"entry", "index", "kind", "leaf_hash"}
_CONSUMPTION = {"consumed_at", "decision", "id", "type"}
_TOKEN_HEADER = {"alg", "kid", "typ"}


class Wrong(Exception):
    """Something in the bundle that is not as it must be; the message goes on after "line 12, entry 3: "."""

    index: int | None = None  # of the entry it is about, where the line says so
    decision: str | None = None  # the decision it is about, where that can be read


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault: the line of the file, counted from 1 (None if it is about no line), and the log's index if it is about an entry."""

    line: int | None
    index: int | None
    sentence: str

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}"
        entry = "" if self.index is None else f"entry {self.index}"
        where = ", ".join(part for part in (place, entry) if part)
        return f"{where}{': ' if where else ''}{self.sentence}."


@dataclass(slots=True)
class Report:
    """The faults in the order of their lines, the first `MOST_FAULTS` of `faults_total`; and how much was checked."""

    faults: list[Problem] = field(default_factory=list)
    faults_total: int = 0
    unchecked: list[str] = field(default_factory=list)  # what could not be looked at because of a fault
    origin: str = ""
    complete: bool = False
    size: int = 0
    root: bytes = b""
    keys: list[str] = field(default_factory=list)
    keys_compared: bool = False
    checkpoints: int = 0
    kept: int = 0  # checkpoints kept elsewhere, which this log continues
    decisions: int = 0
    consumptions: int = 0
    consumptions_outside: int = 0  # of decisions that this bundle does not hold
    voids: int = 0
    quarantined: int = 0  # a warning: somebody wrote records that the bank did not make
    contexts: int = 0
    erased: int = 0
    erased_unnamed: int = 0  # from the time before bundles named by which decision
    erased_outside: int = 0  # answers to requests that this bundle does not hold: whose they are cannot be told
    approved: int = 0  # answers of a second person, followed to the request
    approved_unsigned: int = 0  # from the time before answers were signed
    approved_outside: int = 0  # whose answer, its use or its request this bundle does not hold

    @property
    def problem(self) -> Problem | None:
        """The first fault."""
        return self.faults[0] if self.faults else None


@dataclass(frozen=True, slots=True)
class Header:
    format: str
    origin: str
    complete: bool
    since: int
    size: int
    keys: int
    checkpoints: int
    entries: int


@dataclass(frozen=True, slots=True)
class Key:
    kid: str
    public: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`text` is what was signed; `consistency` is None on a line without it."""

    origin: str
    size: int
    root: bytes
    name: str
    key_id: bytes
    signature: bytes
    text: bytes
    consistency: tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint somebody kept outside the bundle; `source` says where it was read. A witness may have signed it too."""

    source: str
    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]  # name, key id, signature


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and by whom: two are equal if one agreement can be about both. `asker` is a kind and an id."""

    asker: tuple[str, str]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A second person's answer to a request, which is about the decision `asked`. `by` is a kind and an id."""

    by: tuple[str, str]
    request: object
    asked: str
    agreed: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a permit says of the word it rests on; `decision` is None for one from before those were decisions."""

    decision: str | None
    request: object
    by: object


@dataclass(frozen=True, slots=True)
class Erasure:
    """By which decision a context was erased; `members` is a token that says whom else that reached."""

    by: str
    members: str


@dataclass(frozen=True, slots=True)
class Decision:
    """`exp` and `iat` in seconds since 1970. `party` is the customer it is about, `answers` the decision whose request it answers, `erases`
    the customer it permits to erase.
    """

    id: str
    outcome: str
    iat: int
    exp: int
    kid: str
    token: str
    context_hash: str
    question: Question | None
    answer: Answer | None
    agreements: tuple[Agreement, ...]
    party: str | None
    answers: str | None
    erases: str | None


@dataclass(frozen=True, slots=True)
class Consumption:
    """`consumed_at` in whole seconds since 1970."""

    id: str
    decision: str
    consumed_at: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record in the bank's database that the bank did not make: its text is not in the log, only its hash."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry that is not what it must be; the decision it is or uses, where that can be read."""

    decision: str | None = None
    used: str | None = None


Content = Decision | Consumption | Quarantined | Unread | None


@dataclass(frozen=True, slots=True)
class Entry:
    """`content` is None for an index whose transaction never came to be; `proof` is None on a line without one.

    `context` is True if it came along (and fits its hash), False if it was erased, by `erasure`. `faults` are what looking at the line
    alone shows.
    """

    index: int
    leaf: bytes | None
    content: Content
    proof: tuple[bytes, ...] | None
    context: bool | None
    faults: tuple[str, ...]
    erasure: Erasure | None = None


Line = Header | Key | Checkpoint | Entry
Numbered = Sequence[tuple[int, bytes]]
Parse = Callable[[bytes], Line]
Holds = Callable[[bytes, bytes, bytes], bool]
Read = TypeVar("Read")


# One line


def parse(line: bytes) -> Line:
    """What a line says, with all that can be checked by looking at it alone; depends on nothing but its bytes.

    Raises:
        Wrong: nothing can be made of it. What is wrong with an entry that can be read stands in its `faults`.
    """
    if not line.endswith(b"\n"):
        raise Wrong("the line is too long" if len(line) > LONGEST_LINE else "the file ends in the middle of this line")
    try:
        text = line[:-1].decode()
    except UnicodeDecodeError as error:
        raise Wrong("the line is not UTF-8") from error
    said = _canonical(text, "the line")
    if "index" in said:
        return _entry(said)
    if "checkpoint" in said:
        return _checkpoint(said)
    if "jwk" in said:
        return _key(said)
    return _header(said)


def _header(said: dict[str, Any]) -> Header:
    if "format" in said and said["format"] not in FORMATS:
        raise Wrong(f"this is not a bundle of the format {' or '.join(FORMATS)}")
    if said.keys() != (_HEADER if said.get("format") == FORMATS[0] else _HEADER | {"since"}):
        raise Wrong("the line has other members than any line of a bundle")
    if said["first"] != 0 or type(said["first"]) is not int or type(said["complete"]) is not bool:
        raise Wrong("this is not a bundle of the format from entry 0 on")
    since = said.get("since", 0)
    numbers = (said[name] for name in ("size", "keys", "checkpoints", "entries"))
    if not isinstance(said["origin"], str) or not all(_is_count(number) for number in (since, *numbers)):
        raise Wrong("the header's origin or one of its numbers is not one")
    header = Header(
        str(said.get("format", FORMATS[-1])),
        said["origin"],
        said["complete"],
        since,
        said["size"],
        said["keys"],
        said["checkpoints"],
        said["entries"],
    )
    if not header.keys or not header.checkpoints:
        raise Wrong("the header speaks of no key or no checkpoint, so nothing would be signed")
    if header.entries > header.size or (header.complete and header.entries != header.size):
        raise Wrong("the header speaks of a number of entries that does not fit the log's size")
    return header


def _key(said: dict[str, Any]) -> Key:
    jwk = said["jwk"]
    if (
        said.keys() != {"jwk"}
        or not isinstance(jwk, dict)
        or jwk.keys() != _JWK
        or not all(isinstance(value, str) for value in jwk.values())
    ):
        raise Wrong("the line has other members than that of a key")
    if (jwk["alg"], jwk["crv"], jwk["kty"], jwk["use"]) != ("Ed25519", "Ed25519", "OKP", "sig"):
        raise Wrong("the key is not an Ed25519 key for signatures")
    public = _base64url(jwk["x"], "the key")
    if len(public) != 32:
        raise Wrong("the key does not have 32 bytes")
    if jwk["kid"] != _thumbprint(jwk["x"]):
        raise Wrong("the key's id is not its thumbprint")
    return Key(jwk["kid"], public)


def _checkpoint(said: dict[str, Any]) -> Checkpoint:
    if said.keys() - {"consistency"} != {"checkpoint"} or not isinstance(said["checkpoint"], str):
        raise Wrong("the line has other members than that of a checkpoint")
    note = _NOTE.fullmatch(said["checkpoint"])
    if note is None:
        raise Wrong("the checkpoint is not a note of an origin, a size, a root and one signature")
    origin, size, root, name, signed = note.groups()
    signature = _base64(signed, "the checkpoint's signature")
    if len(signature) != 4 + 64:
        raise Wrong("the checkpoint's signature is not a key id of 4 bytes and 64 bytes")
    text = said["checkpoint"].partition("\n\n")[0] + "\n"
    consistency = _hashes(said["consistency"], "the checkpoint's consistency") if "consistency" in said else None
    return Checkpoint(
        origin, int(size), _hash(root, "the checkpoint's root"), name, signature[:4], signature[4:], text.encode(), consistency
    )


def _entry(said: dict[str, Any]) -> Entry:
    index, kind, text = said["index"], said.get("kind"), said.get("entry")
    if not _is_count(index):
        raise Wrong("the line has other members than that of an entry")
    faults: list[str] = []
    leaf = _attempt(faults, _hash, said.get("leaf_hash"), "the entry's hash")
    hashed = _leaf_hash(text.encode()) if isinstance(text, str) else None
    if leaf is not None and hashed is not None and leaf != hashed:
        faults.append("its hash is not the one the log holds")
    content: Content = Unread()
    if isinstance(text, str):
        try:
            content = _content(kind, text, index)
        except Wrong as wrong:
            faults.append(str(wrong))
            content = Unread(wrong.decision if kind == "decision" else None, wrong.decision if kind == "consumption" else None)
    context, erasure = None, None
    if isinstance(said.get("context"), dict):
        erasure = _attempt(faults, _erasure, said["context"])
        context = False if erasure else None
    elif "context" in said and isinstance(content, Decision):
        context = _attempt(faults, _context, said["context"], content.context_hash)
    proof = _attempt(faults, _hashes, said["proof"], "the entry's proof") if "proof" in said else None
    allowed = {"proof", "context"} if kind == "decision" else {"proof"}
    if said.keys() - allowed != _ENTRY or not isinstance(text, str):
        # What else is wrong follows from it, or can wait until this is repaired.
        faults = ["the line has other members than that of an entry"]
    return Entry(index, leaf or hashed, content, proof, context, tuple(faults), erasure)


def _attempt(faults: list[str], read: Callable[..., Read], *given: Any) -> Read | None:
    """What `read` makes of it; None, and a fault, if it refuses."""
    try:
        return read(*given)
    except Wrong as wrong:
        faults.append(str(wrong))
        return None


def _content(kind: object, text: str, index: int) -> Content:
    if kind == "decision":
        return _decision(text, index)
    if kind == "consumption":
        return _consumption(text)
    if kind == "void":
        if text != f'{{"index":{index},"type":"void"}}':
            raise Wrong("as a void entry it does not say its own index")
        return None
    if kind == "quarantined":
        return _quarantined(text, index)
    raise Wrong("it is neither a decision, a consumption, void nor quarantined")


def _decision(token: str, index: int) -> Decision:
    parts = token.split(".")
    if len(parts) != 3:
        raise Wrong("its token is not three parts with dots between")
    header = _members(_base64url(parts[0], "its token's header"), "its token's header")
    claims = _members(_base64url(parts[1], "its token's content"), "its token's content")
    try:
        return _claimed(token, parts, header, claims, index)
    except Wrong as wrong:
        wrong.decision = claims["jti"] if _is_uuid(claims.get("jti")) else None
        raise


def _claimed(token: str, parts: list[str], header: dict[str, Any], claims: dict[str, Any], index: int) -> Decision:
    if len(_base64url(parts[2], "its token's signature")) != 64:
        raise Wrong("its token's signature does not have 64 bytes")
    if header.keys() != _TOKEN_HEADER or header["alg"] != "Ed25519" or not isinstance(header["kid"], str):
        raise Wrong("its token's header is not that of a decision")
    if not isinstance(header["typ"], str) or header["typ"] not in ISSUERS:
        raise Wrong("its token's header is not that of a decision")
    if claims.get("iss") != ISSUERS[header["typ"]]:
        raise Wrong("its token was not issued as a decision")
    if not _is_uuid(claims.get("jti")):
        raise Wrong("its token has no id")
    if not isinstance(claims.get("outcome"), str) or claims["outcome"] not in OUTCOMES:
        raise Wrong("its token's outcome is none that a decision can have")
    if not _is_count(claims.get("iat")) or not _is_count(claims.get("exp")) or claims["iat"] > claims["exp"]:
        raise Wrong("its token does not say from when until when it holds")
    _for_whom(header["typ"] == ADVICE_TYPE, claims)
    details = claims.get("authorization_details")
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], dict):
        raise Wrong("its token does not say what was asked")
    asked = details[0]
    if not isinstance(asked.get("parameters"), dict):
        raise Wrong("its token does not say what was asked")
    if not isinstance(claims.get("context_hash"), str) or not _SHA256.fullmatch(claims["context_hash"]):
        raise Wrong("its token has no hash of its context")
    place = claims.get("log")
    if not isinstance(place, dict) or place.keys() != {"index"} or type(place["index"]) is not int or place["index"] != index:
        raise Wrong("its token was made for another place in the log")
    outcome = claims["outcome"] if claims["iat"] < claims["exp"] else "advice"  # what never lived permits nothing at the bank
    agreements = _agreements(claims.get("approvals"))
    return Decision(
        claims["jti"],
        outcome,
        claims["iat"],
        claims["exp"],
        header["kid"],
        token,
        claims["context_hash"],
        _question(claims, asked) if outcome == "needs_approval" or agreements else None,
        _answer(claims, asked) if outcome == "permit" and asked.get("type") == ANSWER else None,
        agreements,
        party := _party(asked),
        _answered(asked),
        party if outcome == "permit" and asked.get("type") in ERASING else None,
    )


def _party(asked: dict[str, Any]) -> str | None:
    resource = asked.get("resource")
    if not isinstance(resource, dict) or resource.get("type") != "Party" or not isinstance(resource.get("id"), str):
        return None
    return str(resource["id"])


def _answered(asked: dict[str, Any]) -> str | None:
    """The decision to whose request this is an answer, or was tried as one; empty if it does not say."""
    if asked.get("type") != ANSWER:
        return None
    decision = asked["parameters"].get("decision")
    return str(decision) if _is_uuid(decision) else ""


def _for_whom(advice: bool, claims: dict[str, Any]) -> None:
    """The bank's tokens named no audience once; advice always did, and never lives as a permit."""
    if not advice:
        if claims.get("aud", AUDIENCE) != AUDIENCE:
            raise Wrong("its token is a decision of the bank, but not for the bank")
        return
    policy = claims.get("policy")
    store = policy.get("store") if isinstance(policy, dict) else None
    if not isinstance(store, str) or claims.get("aud") != f"{ADVICE_AUDIENCE}{store}":
        raise Wrong("its token is advice, but not for those who ask its store")
    if claims["exp"] > claims["iat"]:
        raise Wrong("its token is advice, but holds as long as a permit")


def _agreements(approvals: object) -> tuple[Agreement, ...]:
    if not isinstance(approvals, list) or not all(isinstance(one, dict) for one in approvals):
        raise Wrong("its token does not say whose agreement it rests on")
    found = tuple(Agreement(one.get("decision"), one.get("id"), one.get("by")) for one in approvals)
    if not all(one.decision is None or _is_uuid(one.decision) for one in found):
        raise Wrong("its token names an agreement that is no decision")
    return found


def _question(claims: dict[str, Any], asked: dict[str, Any]) -> Question:
    try:
        said = _WRITER.encode([asked.get("type"), asked.get("resource"), asked.get("parameters_hash")])
    except (ValueError, RecursionError) as error:
        raise Wrong("its token does not say what was asked") from error
    return Question(_actor(claims), sha256(said.encode("utf-8", "surrogatepass")).digest())


def _answer(claims: dict[str, Any], asked: dict[str, Any]) -> Answer:
    parameters, resource = asked["parameters"], asked.get("resource")
    if not _is_uuid(parameters.get("decision")) or not isinstance(resource, dict):
        raise Wrong("its token answers for a second person, and does not say which request")
    return Answer(_actor(claims), resource.get("id"), parameters["decision"], parameters.get("answer") == "approve")


def _actor(claims: dict[str, Any]) -> tuple[str, str]:
    actor = claims.get("act")
    if not isinstance(actor, dict) or not isinstance(actor.get("kind"), str) or not isinstance(actor.get("sub"), str):
        raise Wrong("its token does not say who acts")
    return actor["kind"], actor["sub"]


def _context(context: object, expected: str) -> bool:
    if context is None:
        return False
    if not isinstance(context, str):
        raise Wrong("its context is not a text")
    if sha256(context.encode()).hexdigest() != expected:
        raise Wrong("its context is not the one its token holds the hash of")
    return True


def _erasure(said: dict[str, Any]) -> Erasure:
    if said.keys() - {"members"} != {"erased_by"} or not _is_uuid(said["erased_by"]) or not isinstance(said.get("members", ""), str):
        raise Wrong("its context does not say by which decision it was erased")
    return Erasure(said["erased_by"], said.get("members", ""))


def _consumption(text: str) -> Consumption:
    said = _canonical(text, "its entry")
    try:
        return _used(said)
    except Wrong as wrong:
        wrong.decision = said["decision"] if _is_uuid(said.get("decision")) else None
        raise


def _used(said: dict[str, Any]) -> Consumption:
    if said.keys() != _CONSUMPTION or said["type"] != "consumption" or not _is_uuid(said["id"]) or not _is_uuid(said["decision"]):
        raise Wrong("it is not the use of a decision")
    moment = said["consumed_at"]
    try:
        if not isinstance(moment, str) or not _MOMENT.fullmatch(moment):
            raise ValueError(moment)
        seconds = int(datetime.fromisoformat(moment[:19] + "+00:00").timestamp())
    except ValueError as error:
        raise Wrong("it does not say when the decision was used") from error
    return Consumption(said["id"], said["decision"], seconds)


def _quarantined(text: str, index: int) -> Quarantined:
    said = _canonical(text, "its entry")
    if said.keys() != {"index", "sha256", "type"} or said["type"] != "quarantined" or said["index"] is True or said["index"] != index:
        raise Wrong("as a quarantined entry it does not say its own index")
    if not isinstance(said["sha256"], str) or not _SHA256.fullmatch(said["sha256"]):
        raise Wrong("as a quarantined entry it does not hold the hash of a record")
    return Quarantined()


# One spelling of each value


def _refuse(number: str) -> NoReturn:
    raise ValueError(f"no number of a bundle: {number}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


# Numbers in a bundle's own lines are whole; sorted ASCII names and json's escapes are then exactly the spelling of RFC 8785.
_READER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_CLAIMS = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse)


def _canonical(text: str, what: str) -> dict[str, Any]:
    try:
        said = _READER.decode(text)
        respelled = _WRITER.encode(said)
    except (ValueError, RecursionError) as error:
        raise Wrong(f"{what} is not JSON of a bundle") from error
    if not isinstance(said, dict):
        raise Wrong(f"{what} is not a JSON object")
    if respelled != text:
        raise Wrong(f"{what} is not spelled the one canonical way")
    return said


def _members(content: bytes, what: str) -> dict[str, Any]:
    try:
        said = _CLAIMS.decode(content.decode())
    except (ValueError, RecursionError) as error:
        raise Wrong(f"{what} is not JSON with each member once") from error
    if not isinstance(said, dict):
        raise Wrong(f"{what} is not a JSON object")
    return said


def _base64(text: str, what: str) -> bytes:
    try:
        content = b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong(f"{what} is not base64") from error
    if b64encode(content).decode() != text:
        raise Wrong(f"{what} is not spelled the one way of its base64")
    return content


def _base64url(text: str, what: str) -> bytes:
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise Wrong(f"{what} is not base64url") from error
    if urlsafe_b64encode(content).rstrip(b"=").decode() != text:
        raise Wrong(f"{what} is not spelled the one way of its base64url")
    return content


def _hash(text: object, what: str) -> bytes:
    content = _base64(text, what) if isinstance(text, str) else b""
    if len(content) != 32:
        raise Wrong(f"{what} is not a hash of 32 bytes")
    return content


def _hashes(said: object, what: str) -> tuple[bytes, ...]:
    if not isinstance(said, list):
        raise Wrong(f"{what} is not a list")
    return tuple(_hash(step, what) for step in said)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_NUMBER


def _is_uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


# The tree (RFC 9162) and its signatures


def _leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """The root over leaves as they come: keeps one hash for each complete subtree of the right edge."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        completed = self.size
        while completed & 1:
            leaf = _node_hash(self._edge.pop(), leaf)
            completed >>= 1
        self._edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self._edge:
            return sha256(b"").digest()
        folded = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            folded = _node_hash(left, folded)
        return folded


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if index >= size:
        return False
    place, last, grown = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            grown = _node_hash(step, grown)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            grown = _node_hash(grown, step)
        place, last = place >> 1, last >> 1
    return last == 0 and grown == root


def consistency_holds(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2, for first < second; every tree continues the empty one."""
    if first == 0:
        return not proof
    steps = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not steps or not proof:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = _node_hash(step, before), _node_hash(step, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = _node_hash(after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == first_root and after == second_root


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether this Ed25519 key (32 bytes) signed exactly this."""
    try:
        _public_key(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def _key_id(name: str, public: bytes) -> bytes:
    """How a signed note (C2SP) names its key."""
    return sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def _thumbprint(x: str) -> str:
    """RFC 7638."""
    return urlsafe_b64encode(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()).rstrip(b"=").decode()


# The whole bundle

_KEYS, _CHECKPOINTS, _ENTRIES = 1, 2, 3  # the parts of a file behind its header, in their order
_NAMES = {_KEYS: "a key", _CHECKPOINTS: "a checkpoint", _ENTRIES: "an entry"}
_LONGEST_GAP = 100_000  # missing entries that are still expected further down


class _Faults:
    """Every fault counts, the first `MOST_FAULTS` are kept; those of one cause are one fault."""

    def __init__(self) -> None:
        self.total = 0
        self._kept: list[Problem] = []
        self._causes: dict[str, list[int]] = {}  # where it is kept, and how many more there are

    def add(self, line: int | None, index: int | None, sentence: str) -> None:
        self.total += 1
        if len(self._kept) < MOST_FAULTS:
            self._kept.append(Problem(line, index, sentence))

    def add_once(self, cause: str, line: int | None, index: int | None, sentence: str) -> None:
        """Many lines may suffer from one cause: the first is named, the others are counted with it."""
        if cause in self._causes:
            self._causes[cause][1] += 1
        else:
            self._causes[cause] = [len(self._kept), 0]
            self.add(line, index, sentence)

    def listed(self) -> list[Problem]:
        """In the order of their lines; those that are about no line at the end."""
        found = self._kept.copy()
        for place, more in self._causes.values():
            if more and place < len(found):
                one = found[place]
                found[place] = Problem(one.line, one.index, f"{one.sentence} (and {more:,} more for the same reason)")
        return sorted(found, key=lambda one: (one.line is None, one.line or 0))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What later entries are compared with, of a decision."""

    outcome: str
    iat: int
    exp: int
    question: Question | None
    answer: Answer | None
    party: str | None  # where a second person was asked for
    erases: str | None


class _Reading:
    """What the lines read so far add up to; each is checked against those before. Signatures of tokens come later.

    Whatever is wrong, the next line is looked at as if it were not, as far as that can be done.
    """

    def __init__(self, origin: str | None, trusted: frozenset[bytes] | None, kept: Sequence[KeptCheckpoint], holds: Holds) -> None:
        self.report = Report(keys_compared=trusted is not None)
        self.faults = _Faults()
        self.keys: dict[str, bytes] = {}
        self.lines = 0
        self.first_entry: int | None = None  # the line
        self.content = sha256()  # of the lines from there on
        self._origin = origin
        self._trusted = trusted
        self._kept = kept
        self._holds = holds
        self._header: Header | None = None
        self._complete: bool | None = None
        self._began: dict[int, int] = {}  # the first line of each part
        self._counts = {_KEYS: 0, _CHECKPOINTS: 0, _ENTRIES: 0}  # lines, readable or not
        self._readable = 0
        # Checkpoints
        self._before: Checkpoint | None = None  # in the order of the file, signed or not
        self._last: Checkpoint | None = None  # the one of the log's size, or the last so far
        self._is_last_signed = False
        self._broken_chain = False  # an unreadable checkpoint stands between
        self._roots: dict[int, bytes] = {}  # of the signed ones, by size
        self._first_proof: tuple[Checkpoint, tuple[bytes, ...]] | None = None  # the first's consistency with the log of `since` entries
        # The tree
        self._tree = Tree()
        self._awaited: dict[int, list[tuple[int, bytes]]] = defaultdict(list)  # by size, the line and root of checkpoints
        self._computed = {one.size: b"" for one in kept}  # by size, the root of the rebuilt tree
        self._compared = 0  # the size up to which the tree is what a checkpoint signs
        self._other_roots: list[tuple[int, int]] = []  # the size and line of checkpoints that sign something else
        # The sequence of entries
        self._next = 0
        self._open = 0  # lines since the last entry at which something else stands
        self._early: tuple[int, Entry] | None = None  # an entry too far on: a gap, or a line that was moved
        self._ahead: dict[int, tuple[int, Entry]] = {}  # moved lines, by index
        self._missing: set[int] = set()
        self._pending: dict[int, bytes] = {}  # leaves behind one that is unknown
        self._incomplete = False
        self._last_index = -1
        # What the entries say
        self._decisions: dict[str, _Facts | None] = {}  # None for one that cannot be read
        self._consumed: set[str] = set()
        self._consumptions: set[str] = set()
        self._agreements: set[str] = set()
        self._erased: list[tuple[int, int, str | None, str | None, Erasure]] = []  # line, index, party and answered decision
        self._members: dict[str, frozenset[str]] = {}  # by the token that says so

    def take(self, raw: bytes, parse: Parse) -> bool:
        """Check the next line against all before it. False: this is no bundle, there is no use in reading on."""
        self.lines += 1
        number = self.lines
        if self.first_entry is not None:
            self.content.update(raw)
        try:
            line = parse(raw)
        except Wrong as wrong:
            self._take_unread(number, raw, str(wrong))
            return bool(self._readable) or number < 100
        self._readable += 1
        if isinstance(line, Header):
            self._take_header(number, line)
            return True
        if number == 1:
            self.faults.add(1, None, "here should be the bundle's header")
        if isinstance(line, Key):
            self._enter(_KEYS, number, raw)
            self._take_key(number, line)
        elif isinstance(line, Checkpoint):
            self._enter(_CHECKPOINTS, number, raw)
            self._take_checkpoint(number, line)
        else:
            self._enter(_ENTRIES, number, raw)
            self._take_entry(number, line)
        return True

    def finish(self) -> None:
        """Check that the file did not end too early, and what can be said only now."""
        if not self.lines:
            self.faults.add(1, None, "the file is empty")
            return
        self._settle_early(None)
        self._count()
        self._compare_erased()
        self._compare_roots()
        self._compare_last()
        self._compare_kept()

    def known_keys(self) -> dict[str, bytes]:
        """By their ids, those of the bundle and those known from elsewhere."""
        return {_thumbprint(urlsafe_b64encode(public).rstrip(b"=").decode()): public for public in self._trusted or ()} | self.keys

    # The order of the file

    def _enter(self, part: int, number: int, raw: bytes) -> None:
        if any(later > part for later in self._began):
            self.faults.add_once(f"order {part}", number, None, f"here stands {_NAMES[part]}, behind the lines that come after its kind")
        self._began.setdefault(part, number)
        self._counts[part] += 1
        if part == _ENTRIES and self.first_entry is None:
            self.first_entry = number
            self.content.update(raw)

    def _take_unread(self, number: int, raw: bytes, sentence: str) -> None:
        """Count it where it stands: so that what is missing is not missed twice."""
        if number == 1:
            self.faults.add(1, None, sentence)
            return
        part = self._part_of(raw)
        self._enter(part, number, raw)
        index = None
        if part == _CHECKPOINTS:
            self._broken_chain = True
        elif part == _ENTRIES:
            self._settle_early(None)
            self._incomplete = True
            index = self._next + self._open if self._complete else None
            self._open += 1
        self.faults.add(number, index, sentence)

    def _part_of(self, raw: bytes) -> int:
        """The part of the file a line belongs to that cannot be read."""
        part = max(self._began, default=_KEYS)
        if part == _ENTRIES or self._header is None:
            return part
        if part == _KEYS and self._counts[_KEYS] >= self._header.keys:
            part = _CHECKPOINTS
        if part == _CHECKPOINTS and self._counts[_CHECKPOINTS] >= self._header.checkpoints:
            part = _ENTRIES
        return part

    def _count(self) -> None:
        header = self._header
        if header is None:
            return
        for part, expected in ((_KEYS, header.keys), (_CHECKPOINTS, header.checkpoints)):
            found = self._counts[part]
            if found != expected:
                behind = min((line for later, line in self._began.items() if later > part), default=self.lines)
                what = f"the header speaks of {expected:,}, and {found:,} are there"
                self.faults.add(behind, None, f"here should {'be' if found < expected else 'not be'} {_NAMES[part]}: {what}")
        if header.complete:
            there = self._next + self._open
            if there < header.size:
                last = (
                    f" and {header.size - 1}" if header.size - there == 2 else f" to {header.size - 1}" if header.size - there > 2 else ""
                )
                entries = f"the entries {there}{last} are" if last else f"entry {there} is"
                sentence = f"the file ends here, before the last line its header speaks of: {entries} missing"
                self.faults.add(self.lines, there - 1 if there else None, sentence)
                self._incomplete = True
        elif self._counts[_ENTRIES] < header.entries:
            self.faults.add(self.lines, None, "the file ends here, before the last line its header speaks of")
        elif self._counts[_ENTRIES] > header.entries:
            self.faults.add(self.lines, None, "the file goes on after the last line its header speaks of")

    # Header, keys, checkpoints

    def _take_header(self, number: int, header: Header) -> None:
        if number > 1:
            self.faults.add(number, None, "here stands a header, which is the first line and no other")
            return
        if self._origin is not None and header.origin != self._origin:
            self.faults.add(number, None, f"this bundle is of the log {header.origin!r}, not of {self._origin!r}")
        self._header = header
        self._complete = header.complete
        self.report.origin, self.report.complete, self.report.size = header.origin, header.complete, header.size

    def _take_key(self, number: int, key: Key) -> None:
        if self.keys and key.kid <= next(reversed(self.keys)):
            self.faults.add(number, None, "the keys are not in the order of their ids, each once")
        if self._trusted is not None and key.public not in self._trusted:
            self.faults.add(number, None, f"the key {key.kid} is not among those of the key file")
        self.keys[key.kid] = key.public
        if key.kid not in self.report.keys:
            self.report.keys.append(key.kid)

    def _take_checkpoint(self, number: int, checkpoint: Checkpoint) -> None:
        if self._header is None and self._last is None:
            self.report.origin = checkpoint.origin
        if self._complete is None:
            self._complete = self.report.complete = checkpoint.consistency is None
        if checkpoint.origin != self.report.origin or checkpoint.name != checkpoint.origin:
            sentence = "the checkpoint is of another log than the header says, or signed in another name"
            self.faults.add_once(f"origin {checkpoint.origin} {checkpoint.name}", number, None, sentence)
        before, self._before = self._before, checkpoint
        if before is not None and checkpoint.size <= before.size:
            self.faults.add(number, None, "the checkpoints are not in the order of their sizes, each once")
        is_signed = self._is_signed(checkpoint.name, checkpoint.key_id, checkpoint.signature, checkpoint.text)
        if not is_signed:
            sentence = f"the checkpoint of size {checkpoint.size} is not signed by a key of the bundle"
            if any(_key_id(checkpoint.name, public) == checkpoint.key_id for public in self.keys.values()):
                self.faults.add(number, None, sentence)
            else:
                self.faults.add_once(f"key {checkpoint.name} {checkpoint.key_id.hex()}", number, None, sentence)
        if (checkpoint.consistency is None) is not self._complete:
            sentence = "the checkpoint shows its consistency in a complete bundle, or does not in another"
            self.faults.add_once("consistency", number, None, sentence)
        elif checkpoint.consistency is not None:
            self._chain(number, before, checkpoint, checkpoint.consistency)
        if is_signed:
            if self._roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
                self.faults.add(number, None, f"another checkpoint of size {checkpoint.size} signs another root: the log was forked")
            self.report.checkpoints += 1
            if self._complete:
                self._awaited[checkpoint.size].append((number, checkpoint.root))
                self._match(checkpoint.size)
        if not (self._header and self._last and self._last.size == self._header.size):
            self._last, self._is_last_signed = checkpoint, is_signed
            self.report.root = checkpoint.root
        self._broken_chain = False

    def _chain(self, number: int, before: Checkpoint | None, after: Checkpoint, proof: tuple[bytes, ...]) -> None:
        """That a checkpoint continues the one before; or a log that only who kept its checkpoint knows."""
        if self._broken_chain:
            self._unchecked(f"whether the checkpoint of size {after.size} continues the one before, which cannot be read")
            return
        if before is None:
            since = self._header.since if self._header else 0
            self._first_proof = (after, proof)
            holds = bool(proof) if 0 < since < after.size else not proof
        else:
            holds = before.size < after.size and consistency_holds(before.size, after.size, before.root, after.root, proof)
        if not holds and (before is None or before.size < after.size):
            self.faults.add(number, None, f"the checkpoint of size {after.size} is not shown to continue the one before")

    def _is_signed(self, name: str, key_id: bytes, signature: bytes, text: bytes) -> bool:
        known = {*self.keys.values(), *(self._trusted or ())}
        return any(self._holds(public, signature, text) for public in known if _key_id(name, public) == key_id)

    # Entries: their order, and what they say

    def _take_entry(self, number: int, entry: Entry) -> None:
        for sentence in entry.faults:
            self.faults.add(number, entry.index, sentence)
        if self._complete is None:
            self._complete = self.report.complete = entry.proof is None
        if not self._complete:
            self._take_proved(number, entry)
            return
        if entry.proof is not None and not entry.faults:
            self.faults.add_once("proof", number, entry.index, "it carries a proof in a bundle that is complete")
        self._settle_early(entry.index)
        self._take_in_order(number, entry)

    def _take_in_order(self, number: int, entry: Entry) -> None:
        index, size = entry.index, self._header.size if self._header else LARGEST_NUMBER
        gap = index - self._next
        if gap < 0 and index in self._missing:
            self.faults.add(number, index, f"here stands entry {index}, behind entries that follow it")
            self._accept(number, entry)
        elif self._next >= size:
            self.faults.add_once("more", number, self._next, "the file goes on after the last line its header speaks of")
        elif gap < 0:
            self.faults.add(number, self._next, f"here stands entry {index} again")
        elif gap <= self._open:
            self._skip_to(index)
            self._accept(number, entry)
        else:
            self._early = (number, entry)

    def _settle_early(self, following: int | None) -> None:
        """Whether an entry that came too early has a gap before it or was moved, is told by the one that follows it."""
        if self._early is None:
            return
        (number, entry), self._early = self._early, None
        first, last = self._next + self._open, entry.index - 1
        if following is not None and following != entry.index + 1 and self._next <= following <= first + 1:
            self.faults.add(number, first, f"here stands entry {entry.index}")
            self._ahead[entry.index] = (number, entry)
            self._open += 1
            self._incomplete = True
            return
        if entry.index >= (self._header.size if self._header else LARGEST_NUMBER):
            self.faults.add(number, first, f"here stands entry {entry.index}, which the log does not have")
            self._open += 1
            self._incomplete = True
            return
        missing = f"the entries {first} to {last} are" if last > first else f"entry {first} is"
        self.faults.add(number, first, f"here stands entry {entry.index}, and {missing} missing")
        self._skip_to(entry.index)
        self._accept(number, entry)

    def _skip_to(self, index: int) -> None:
        """The entries before this one are not known."""
        if index > self._next:
            self._incomplete = True
            if index - self._next + len(self._missing) <= _LONGEST_GAP:
                self._missing.update(range(self._next, index))
        self._next, self._open = index, 0

    def _accept(self, number: int, entry: Entry) -> None:
        self._missing.discard(entry.index)
        self._ahead.pop(entry.index, None)
        self._next = max(self._next, entry.index + 1)
        self._open = 0 if entry.index + 1 == self._next else self._open
        self._take_content(number, entry)
        if entry.leaf is None:
            self._incomplete = True
        elif entry.index == self._tree.size:
            self._grow(entry.leaf)
        else:
            self._pending[entry.index] = entry.leaf
        if self._next in self._ahead:
            self._accept(*self._ahead[self._next])

    def _take_proved(self, number: int, entry: Entry) -> None:
        if not self._last_index < entry.index:
            self.faults.add(number, entry.index, "the entries are not in the order of their indices, each once")
        self._last_index = entry.index
        last = self._last
        if last is None or not self._is_last_signed or (self._header and last.size != self._header.size):
            self._unchecked("whether the entries are in the log: its last checkpoint cannot be relied on")
        elif entry.leaf is not None and not _is_included(entry, entry.leaf, last):
            self.faults.add(number, entry.index, "it is not shown to be in the log")
        self._take_content(number, entry)

    def _take_content(self, number: int, entry: Entry) -> None:
        content = entry.content
        if isinstance(content, Decision):
            self._take_decision(number, entry.index, content)
            if entry.context is not None:
                self.report.contexts += entry.context
                self.report.erased += not entry.context
            if entry.erasure is not None and self._header and self._header.format != FORMATS[-1]:
                self.faults.add_once("erased", number, entry.index, "its context names who erased it, which this format does not")
            elif entry.erasure is not None:
                self._erased.append((number, entry.index, content.party, content.answers, entry.erasure))
            elif entry.context is False and self._header and self._header.format == FORMATS[-1]:
                self.faults.add(number, entry.index, "its context is called erased, and no decision is named that did it")
            elif entry.context is False:
                self.report.erased_unnamed += 1
        elif isinstance(content, Consumption):
            self._take_consumption(number, entry.index, content)
        elif isinstance(content, Quarantined):
            self.report.quarantined += 1
        elif isinstance(content, Unread):
            if content.decision is not None:
                self._decisions.setdefault(content.decision, None)
            if content.used is not None:
                self._consumed.add(content.used)
        else:
            self.report.voids += 1

    def _take_decision(self, number: int, index: int, decision: Decision) -> None:
        if decision.id in self._decisions:
            self.faults.add(number, index, f"there is a decision {decision.id} before")
        elif decision.id in self._consumed and not self._complete:  # in a complete one the use was named
            self.faults.add(number, index, "the decision was used before it was made")
        if decision.kid not in self.keys:
            self.faults.add_once(f"kid {decision.kid}", number, index, "its token names a key that is not in the bundle")
        party = decision.party if decision.outcome == "needs_approval" else None
        facts = _Facts(decision.outcome, decision.iat, decision.exp, decision.question, decision.answer, party, decision.erases)
        self._decisions.setdefault(decision.id, facts)
        self.report.decisions += 1
        if decision.outcome == "permit":
            for agreement in decision.agreements:
                if agreement.decision is None:
                    self.report.approved_unsigned += 1
                elif (wrong := self._follow(decision.question, agreement, agreement.decision)) is not None:
                    self.faults.add(number, index, wrong)

    def _take_consumption(self, number: int, index: int, consumption: Consumption) -> None:
        def refuse(sentence: str) -> None:
            self.faults.add(number, index, sentence)

        used = consumption.decision
        if consumption.id in self._consumptions:
            refuse(f"there is a consumption {consumption.id} before")
        if used in self._consumed:
            refuse(f"it uses the decision {used} a second time")
        elif used not in self._decisions:
            if self._complete:
                refuse(f"it uses the decision {used}, which is not in the log before it{self._perhaps()}")
            else:
                self.report.consumptions_outside += 1
        elif (known := self._decisions[used]) is not None:
            if known.outcome != "permit":
                refuse(f"it uses the decision {used}, which was no permit")
            elif not known.iat <= consumption.consumed_at <= known.exp:
                refuse(f"it uses the decision {used} outside the time for which that held")
        self._consumptions.add(consumption.id)
        self._consumed.add(used)
        self.report.consumptions += 1

    def _follow(self, question: Question | None, agreement: Agreement, answered: str) -> str | None:
        """What is wrong with the second person's word, given by the decision `answered`, that a permit to this question rests on."""
        rests = f"it rests on the agreement {answered}"
        if answered in self._agreements:
            return f"{rests}, on which another permit rests already"
        self._agreements.add(answered)
        if answered not in self._decisions:
            return self._outside(f"{rests}, which is not in the log before it")
        given = self._decisions[answered]
        if given is None:
            return None  # it cannot be read, and is named for that
        if (answer := given.answer) is None:
            return f"{rests}, which is not a second person's answer"
        if not answer.agreed:
            return f"{rests}, in which the second person did not agree"
        if (answer.request, answer.by[1]) != (agreement.request, agreement.by):
            return f"{rests}, which was given by somebody else, or to another request, than it says"
        if question is None or answer.by == question.asker:
            return f"{rests}, which the one who asked gave themselves"
        if answer.asked not in self._decisions:
            return self._outside(f"{rests} to the decision {answer.asked}, which is not in the log before it")
        asked = self._decisions[answer.asked]
        if asked is None:
            return None
        if asked.outcome != "needs_approval":
            return f"{rests} to the decision {answer.asked}, which did not ask for one"
        if asked.question != question:
            return f"{rests} to the decision {answer.asked}, in which somebody else asked, or for something else"
        if answered not in self._consumed:
            return self._outside(f"{rests}, which was not used before it")
        self.report.approved += 1
        return None

    def _compare_erased(self) -> None:
        """That each context that is gone was erased by a decision to erase just this customer."""
        for number, index, party, answers, erasure in self._erased:
            if (wrong := self._wrongly_erased(party, answers, erasure)) is not None:
                self.faults.add(number, index, f"its context is called erased by the decision {erasure.by}, which {wrong}")

    def _wrongly_erased(self, party: str | None, answers: str | None, erasure: Erasure) -> str | None:
        if erasure.by not in self._decisions:
            return f"is not in the log{self._perhaps()}" if self._complete else "is not in this bundle"
        by = self._decisions[erasure.by]
        if by is None:
            return None  # it cannot be read, and is named for that
        if by.erases is None:
            return "permits no erasing"
        if erasure.by not in self._consumed:
            return "was not used"
        if answers is not None:
            asked = self._decisions.get(answers)
            if asked is None:  # what was answered is not here, or cannot be read
                self.report.erased_outside += 1
                return None
            party = asked.party
        if party is None:
            return "erases a customer, and this is about none"
        if party != by.erases and party not in self._reached(erasure):
            return "is about another customer"
        return None

    def _reached(self, erasure: Erasure) -> frozenset[str]:
        """Whom the erasing reached, as the bank signed it; nobody if it did not."""
        if erasure.members not in self._members:
            self._members[erasure.members] = self._signed_members(erasure) if erasure.members else frozenset()
        return self._members[erasure.members]

    def _signed_members(self, erasure: Erasure) -> frozenset[str]:
        try:
            signed, _, signature = erasure.members.rpartition(".")
            head, _, body = signed.partition(".")
            header = _members(_base64url(head, "a token's header"), "a token's header")
            said = _members(_base64url(body, "a token's content"), "a token's content")
            public = self.known_keys().get(str(header.get("kid")))
            if public is None or header.get("typ") != MEMBERS_TYPE or said.get("decision") != erasure.by:
                return frozenset()
            if not self._holds(public, _base64url(signature, "a token's signature"), signed.encode()):
                return frozenset()
        except Wrong:
            return frozenset()
        members = said.get("members")
        return frozenset(one for one in members if isinstance(one, str)) if isinstance(members, list) else frozenset()

    def _outside(self, sentence: str) -> str | None:
        """What a complete bundle must hold; in another it may have been left out."""
        if self._complete:
            return sentence + self._perhaps()
        self.report.approved_outside += 1
        return None

    def _perhaps(self) -> str:
        return " (entries before it are missing or cannot be read: it may have been one of them)" if self._incomplete else ""

    # Trees and roots

    def _grow(self, leaf: bytes) -> None:
        self._tree.append(leaf)
        self._match(self._tree.size)
        while (known := self._pending.pop(self._tree.size, None)) is not None:
            self._tree.append(known)
            self._match(self._tree.size)

    def _match(self, size: int) -> None:
        """Compare the rebuilt tree, once it has this size, with the checkpoints of that size."""
        if size != self._tree.size or not (size in self._awaited or size in self._computed):
            return
        root = self._tree.root()
        if size in self._computed:
            self._computed[size] = root
        for line, signed in self._awaited.pop(size, ()):
            if signed == root:
                self._compared = max(self._compared, size)
            else:
                self._other_roots.append((size, line))

    def _compare_roots(self) -> None:
        for size, line in self._other_roots:
            if size < self._compared:
                sentence = f"this checkpoint of size {size} signs another log than the checkpoint of size {self._compared} continues"
                self.faults.add(line, None, sentence)
        behind = sorted(one for one in self._other_roots if one[0] >= self._compared)
        if behind:
            size, line = behind[0]
            first = self._compared
            if size > first:
                entries = f"the entries {first} to {size - 1} do" if size - first > 1 else f"entry {first} does"
                sentence = f"{entries} not give the root this checkpoint signs, so what the log holds there is something else"
            else:
                sentence = "this checkpoint does not sign the root of the entries before it"
            more = f" (nor what the {len(behind) - 1:,} checkpoints behind it sign)" if len(behind) > 1 else ""
            self.faults.add(line, None, sentence + more)
        if self._awaited and self._complete:
            count = sum(map(len, self._awaited.values()))
            self._unchecked(f"the roots of {count:,} checkpoints: entry {self._tree.size} is not known, so their trees cannot be rebuilt")
            if not self.faults.total:
                self.faults.add(None, None, "the entries do not reach the last checkpoint")

    def _compare_last(self) -> None:
        if self._last is None or self._header is None or self._last.size == self._header.size:
            return
        line = min((line for part, line in self._began.items() if part > _CHECKPOINTS), default=self.lines + 1) - 1
        self.faults.add(line, None, f"the last checkpoint is of size {self._last.size}, the header speaks of {self._header.size}")

    def _compare_kept(self) -> None:
        for kept in self._kept:
            wrong = self._continues(kept)
            if wrong is None:
                self.report.kept += 1
            else:
                self.faults.add(None, None, f"the kept checkpoint of size {kept.size} ({kept.source}) {wrong}")

    def _continues(self, kept: KeptCheckpoint) -> str | None:
        """What is wrong with this log, seen from a checkpoint somebody kept."""
        size = kept.size
        if kept.origin != self.report.origin:
            return f"is of the log {kept.origin!r}, and this bundle of {self.report.origin!r}"
        here = self._roots.get(size)
        if here == kept.root:
            return None
        if not any(self._is_signed(name, key_id, signature, kept.text) for name, key_id, signature in kept.signatures):
            return "is not signed by a key of the bundle"
        if here is not None:
            return "signs another root than the checkpoint of this size in the bundle: the log was rolled back, or there are two"
        largest = max(self._roots, default=0)
        if size > largest:
            return f"counts more entries than this log has, {largest}: the log was shortened, or this bundle is older than the checkpoint"
        root = sha256(b"").digest() if size == 0 else self._computed.get(size)
        if self._complete:
            if not root:
                return "cannot be compared, because entries before it are missing or cannot be read"
            return (
                None
                if root == kept.root
                else "is not continued: the first entries here are others, so the log was rolled back or rewritten"
            )
        if size == 0:
            return None if root == kept.root else "does not sign the root of an empty log"
        return self._continues_by_proof(kept)

    def _continues_by_proof(self, kept: KeptCheckpoint) -> str | None:
        since = self._header.since if self._header else 0
        if self._first_proof is not None and 0 < since == kept.size < self._first_proof[0].size:
            first, proof = self._first_proof
            if consistency_holds(kept.size, first.size, kept.root, first.root, proof):
                return None
            return (
                f"is not continued: the proof to the checkpoint of size {first.size} does not hold, so the log was rolled back or rewritten"
            )
        if kept.size >= since > 0:
            return f"is not in the bundle, which says that it holds every checkpoint from size {since} on"
        return f"cannot be compared: this bundle is not complete and has no proof from there; ask for one since {kept.size}"

    def _unchecked(self, sentence: str) -> None:
        if sentence not in self.report.unchecked and len(self.report.unchecked) < MOST_FAULTS:
            self.report.unchecked.append(sentence)


def _is_included(entry: Entry, leaf: bytes, last: Checkpoint) -> bool:
    """Of a proof that cannot be read is said just that."""
    if entry.proof is None:
        return any("proof" in fault for fault in entry.faults)
    return inclusion_holds(leaf, entry.index, last.size, entry.proof, last.root)


def verify(
    lines: Iterable[bytes],
    *,
    origin: str | None = None,
    trusted: frozenset[bytes] | None = None,
    kept: Sequence[KeptCheckpoint] = (),
    processes: int = 1,
    parse: Parse = parse,
    holds: Holds = signature_holds,
) -> Report:
    """Check a bundle and name everything that is wrong: first line by line, then the signatures of the tokens.

    Args:
        lines: with their newlines; read twice, so a file (`BundleFile`) or a list, not a generator.
        origin: the log it must be of.
        trusted: the public keys known from elsewhere, 32 bytes each; the bundle may hold no other.
        kept: checkpoints from elsewhere, each of which the log must continue.
        processes: how many check signatures at the same time.
        parse, holds: functions that give the same answers, such as cached ones, for many bundles that are nearly alike.
    Memory: some 600 bytes an entry, and the lines of a few batches.
    """
    reading = _Reading(origin, trusted, kept, holds)
    for line in lines:
        if not reading.take(line, parse):
            break
    else:
        reading.finish()
        _check_all_signatures(lines, reading, processes, parse, holds)
    report = reading.report
    report.faults, report.faults_total = reading.faults.listed(), reading.faults.total
    return report


def check_signatures(batch: Numbered, keys: Mapping[str, bytes], parse: Parse, holds: Holds) -> list[Problem]:
    """The decisions of these lines that are not signed by the key their token names."""
    found = []
    for number, line in batch:
        try:
            entry = parse(line)
        except Wrong:
            continue  # named before
        if isinstance(entry, Entry) and isinstance(entry.content, Decision) and entry.content.kid in keys:
            message, _, signature = entry.content.token.rpartition(".")
            if not holds(keys[entry.content.kid], _base64url(signature, "its token's signature"), message.encode()):
                found.append(Problem(number, entry.index, "its token is not signed by the key it names"))
    return found


def _check_all_signatures(lines: Iterable[bytes], reading: _Reading, processes: int, parse: Parse, holds: Holds) -> None:
    """Check the signatures of all tokens, of exactly the entries that were read before."""
    if reading.first_entry is None:
        return
    content = sha256()
    for found in _checked(_batches(lines, reading.first_entry, content.update), reading.known_keys(), processes, parse, holds):
        for problem in found:
            reading.faults.add(problem.line, problem.index, problem.sentence)
    if content.digest() != reading.content.digest():
        reading.faults.add(reading.first_entry, None, "the entries changed while the file was read")


def _checked(batches: Iterator[Numbered], keys: Mapping[str, bytes], processes: int, parse: Parse, holds: Holds) -> Iterator[list[Problem]]:
    """The results of `check_signatures`, in order; only a few batches are in memory at a time."""
    if processes == 1:
        for batch in batches:
            yield check_signatures(batch, keys, parse, holds)
        return
    # Not forked: what another library left open in this process would be inherited, and waited for, by each child.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running: deque[Future[list[Problem]]] = deque()
        for batch in batches:
            running.append(pool.submit(check_signatures, batch, keys, parse, holds))
            if len(running) > 2 * processes:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _batches(lines: Iterable[bytes], first: int, seen: Callable[[bytes], None]) -> Iterator[Numbered]:
    """The lines from number `first` on, with their numbers; each is also shown to `seen`."""
    numbered = islice(enumerate(lines, 1), first - 1, None)
    while batch := list(islice(numbered, BATCH)):
        for _, line in batch:
            seen(line)
        yield batch


# The command


class BundleFile:
    """The lines of a bundle's file, each time from the start; of a line that is too long only the beginning."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with gzip.open(self._path) if self._path.suffix == ".gz" else self._path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 1):
                yield line


def trusted_keys(jwks: Path) -> frozenset[bytes]:
    """The Ed25519 public keys of a JWK set (RFC 7517).

    Raises:
        OSError, ValueError
    """
    try:
        entries = json.loads(jwks.read_bytes())["keys"]
        return frozenset(_base64url(entry["x"], "a key") for entry in entries if (entry["kty"], entry["crv"]) == ("OKP", "Ed25519"))
    except (KeyError, TypeError, AttributeError, RecursionError, Wrong) as error:
        raise ValueError("it is not a JWK set") from error


def kept_checkpoints(text: str, source: str) -> list[KeptCheckpoint]:
    """The signed notes in a text, one after the other; empty lines may stand between.

    Raises:
        ValueError: there is anything else in it, or nothing.
    """
    found: list[KeptCheckpoint] = []
    place = len(text) - len(text.lstrip("\n"))
    while place < len(text):
        number = len(found) + 1
        note = _KEPT.match(text, place)
        if note is None or number > MOST_KEPT:
            raise ValueError(f"note {number} in it is not an origin, a size, a root and signatures, each on a line")
        try:
            found.append(_kept_checkpoint(note, f"{source}, note {number}"))
        except Wrong as wrong:
            raise ValueError(f"note {number} in it: {wrong}") from wrong
        place = note.end()
    if not found:
        raise ValueError("there is no checkpoint in it")
    return found


def _kept_checkpoint(note: re.Match[str], source: str) -> KeptCheckpoint:
    origin, size, root, signed = note.groups()
    signatures = []
    for line in signed.splitlines():
        _, name, encoded = line.split(" ", 2)
        signature = _base64(encoded, "the checkpoint's signature")
        signatures.append((name, signature[:4], signature[4:]))
    text = f"{origin}\n{size}\n{root}\n".encode()
    # Who else signed it, and how, is not looked at: other keys have signatures of other lengths.
    own = tuple(one for one in signatures if one[0] == origin and len(one[2]) == 64)
    return KeptCheckpoint(source, origin, int(size), _hash(root, "the checkpoint's root"), text, own)


def checkpoints_of_bundle(path: Path) -> list[KeptCheckpoint]:
    """The checkpoints of an older bundle, to be compared with a newer one.

    Raises:
        OSError, EOFError, zlib.error, ValueError
    """
    found: list[KeptCheckpoint] = []
    for number, line in enumerate(BundleFile(path), 1):
        try:
            said = parse(line)
        except Wrong as wrong:
            raise ValueError(f"line {number}: {wrong}") from wrong
        if isinstance(said, Header) is not (number == 1):
            raise ValueError(f"line {number}: the header of a bundle is its first line")
        if isinstance(said, Entry) or len(found) == MOST_KEPT:
            break
        if isinstance(said, Checkpoint):
            signatures = ((said.name, said.key_id, said.signature),)
            found.append(KeptCheckpoint(f"{path}, line {number}", said.origin, said.size, said.root, said.text, signatures))
    if not found:
        raise ValueError("there is no checkpoint in it")
    return found


def warnings(report: Report) -> list[str]:
    """What is no fault, and should be known."""
    found = []
    if report.quarantined:
        found.append(f"{report.quarantined:,} quarantined: records in the bank's database that the bank did not make; none is a decision")
    if report.approved_unsigned:
        found.append(f"{report.approved_unsigned:,} agreements are from before answers were signed: only the bank's word stands for them")
    if report.approved_outside:
        found.append(
            f"{report.approved_outside:,} agreements cannot be followed: their answer, its use or the request is not in this bundle"
        )
    if report.erased_unnamed:
        found.append(f"{report.erased_unnamed:,} contexts are called erased, and this format does not say by which decision")
    if report.erased_outside:
        found.append(
            f"{report.erased_outside:,} erased contexts are of answers to requests that are not in this bundle: whose is not shown"
        )
    if report.consumptions_outside:
        found.append(f"{report.consumptions_outside:,} uses are of decisions that are not in this bundle")
    return found


def summary(report: Report) -> str:
    """What was checked, of a bundle in which nothing is wrong."""
    known = "each is in the key file" if report.keys_compared else "NOT compared with any obtained elsewhere: see --jwks"
    tree = "rebuilt from all entries" if report.complete else "shown by proofs; entries are missing here by design"
    kept = f"{report.kept:,}, all continued by this log" if report.kept else "NONE compared: see --checkpoint and --since"
    return "\n".join(
        (
            "Everything in this bundle holds.",
            f"log          {report.origin}, {report.size:,} entries, {tree}",
            f"root         {b64encode(report.root).decode()}",
            f"keys         {len(report.keys)}, {known}",
            *(f"             {kid}" for kid in report.keys),
            f"checkpoints  {report.checkpoints:,}, all signed, each continuing the one before",
            f"kept ones    {kept}",
            f"decisions    {report.decisions:,}, all signed, each once",
            f"agreements   {report.approved:,}, each signed, used, by somebody else, to exactly this request",
            f"contexts     {report.contexts:,} as their decisions say, {report.erased:,} erased by decisions about their customers,"
            f" {report.decisions - report.contexts - report.erased:,} not included",
            f"uses         {report.consumptions:,}, each of a permit, in time, once",
            f"void         {report.voids:,}",
            *(f"WARNING      {warning}" for warning in warnings(report)),
        )
    )


def refusal(report: Report) -> str:
    """What is wrong with a bundle, each fault on a line."""
    more = report.faults_total - len(report.faults)
    count = f"{report.faults_total:,} faults" if report.faults_total > 1 else "1 fault"
    return "\n".join(
        (
            *(f"WRONG: {fault}" for fault in report.faults),
            *((f"... and {more:,} faults more",) if more else ()),
            *(f"NOT CHECKED: {sentence}." for sentence in report.unchecked),
            *(f"WARNING: {warning}." for warning in warnings(report)),
            f"{count} in {report.decisions:,} decisions, {report.consumptions:,} uses, {report.checkpoints:,} signed checkpoints"
            f"{f', {report.kept:,} kept checkpoints continued' if report.kept else ''}.",
        )
    )


def as_json(report: Report) -> str:
    """The report for machines."""
    numbers = ("size", "checkpoints", "kept", "decisions", "consumptions", "consumptions_outside", "voids", "quarantined", "contexts")
    more = ("erased", "erased_unnamed", "erased_outside", "approved", "approved_unsigned", "approved_outside", "faults_total")
    return json.dumps(
        {
            "holds": report.problem is None,
            "faults": [{"line": fault.line, "entry": fault.index, "sentence": fault.sentence} for fault in report.faults],
            "not_checked": report.unchecked,
            "warnings": warnings(report),
            "origin": report.origin,
            "complete": report.complete,
            "root": b64encode(report.root).decode(),
            "keys": report.keys,
            "keys_compared": report.keys_compared,
            **{name: getattr(report, name) for name in numbers + more},
        },
        ensure_ascii=False,
        indent=1,
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Verify a bundle of decisions.")
    parser.add_argument("bundle", type=Path, help="the bundle, gzip if its name ends in .gz")
    parser.add_argument("--jwks", type=Path, metavar="FILE", help="a JWK set obtained elsewhere; the bundle may hold no other keys")
    parser.add_argument("--origin", metavar="NAME", help="the log the bundle must be of")
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help="kept checkpoints, which the log must continue; - reads them here"
    )
    parser.add_argument("--since", action="append", default=[], type=Path, metavar="BUNDLE", help="an older bundle the log must continue")
    parser.add_argument("--processes", type=_processes, default=1, metavar="N", help="how many check signatures at a time (1)")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    asked = parser.parse_args(arguments)
    reading: object = asked.jwks
    try:
        trusted = trusted_keys(asked.jwks) if asked.jwks else None
        kept: list[KeptCheckpoint] = []
        for name in asked.checkpoint:
            reading = name if name != "-" else "standard input"
            kept += kept_checkpoints((sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()).decode(), str(reading))
        for older in asked.since:
            reading = older
            kept += checkpoints_of_bundle(older)
        reading = asked.bundle
        report = verify(BundleFile(asked.bundle), origin=asked.origin, trusted=trusted, kept=kept, processes=asked.processes)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        print(f"Cannot read {reading}: {error}", file=sys.stderr)
        return 2
    if asked.json:
        print(as_json(report))
    else:
        print(refusal(report) if report.problem is not None else summary(report))
    return 1 if report.problem is not None else 0


def _processes(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
