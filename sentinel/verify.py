#!/usr/bin/env python3
# ruff: noqa: T201
"""Verify a bundle of decisions without this bank: needs this one file, Python 3.11 and the `cryptography` package.

    python verify.py BUNDLE [--jwks FILE] [--origin NAME] [--processes N]

Exit 0: everything holds, and what was checked is printed. Exit 1: the first thing that is wrong, with its line and entry.
Exit 2: not asked properly, or not readable.

The file: JSON Lines (gzip if the name ends in .gz), each line the canonical JSON (RFC 8785) of an object, in this order:

    {"checkpoints":1,"complete":true,"entries":4,"first":0,"format":"bankos-log-bundle/1","keys":1,"origin":"…","size":4}
    {"jwk":{"alg":"Ed25519","crv":"Ed25519","kid":"…","kty":"OKP","use":"sig","x":"…"}}          ascending by kid
    {"checkpoint":"<signed note>"}                                                               ascending by size
    {"entry":"<token>","index":0,"kind":"decision","leaf_hash":"…"}                              ascending by index
    {"entry":"{…\"type\":\"consumption\"}","index":1,"kind":"consumption","leaf_hash":"…"}
    {"entry":"{\"index\":2,\"type\":\"void\"}","index":2,"kind":"void","leaf_hash":"…"}
    {"entry":"{\"index\":3,\"sha256\":\"…\",\"type\":\"quarantined\"}","index":3,"kind":"quarantined","leaf_hash":"…"}

`size` is that of the last checkpoint. A complete bundle holds every entry; the tree (RFC 9162) is rebuilt from them. In any other,
checkpoints carry "consistency" with the one before and entries "proof" of being under the last. A decision may come with "context",
the canonical text its token holds the hash of, or with null where that was erased.

What this cannot see: whether the keys are the bank's (compare them: --jwks), whether others were shown another log (compare
checkpoints with others), what a bundle that is not complete leaves out, and entries after the last checkpoint. Whoever makes a bundle
may leave contexts out or call them erased; how many were is printed.

This repeats the hash functions of the bank's own code on purpose: an auditor reads one file, and a mistake there is not believed here.
"""

import argparse
import gzip
import json
import re
import sys
import zlib
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
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

FORMAT = "bankos-log-bundle/1"
# A decision of the bank, or its advice to other systems that asked through AuthZEN: by the token's type, who issues it and whom it is for.
BANK_TYPE, ADVICE_TYPE = "decision+jwt", "authzen-decision+jwt"
ISSUERS = {BANK_TYPE: "urn:bankos:sentinel", ADVICE_TYPE: "urn:bankos:sentinel:authzen"}
AUDIENCE, ADVICE_AUDIENCE = "urn:bankos:bank", "urn:bankos:store:"
OUTCOMES = frozenset({"permit", "needs_approval", "deny"})
LARGEST_NUMBER = 2**53 - 1
LONGEST_LINE = 8_000_000  # bytes
BATCH = 1000  # lines whose signatures are checked at one go

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOTE = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n\n— ([^\n ]+) ([^\n]+)\n")

_HEADER = {"checkpoints", "complete", "entries", "first", "format", "keys", "origin", "size"}
_JWK = {"alg", "crv", "kid", "kty", "use", "x"}
_ENTRY = {"entry", "index", "kind", "leaf_hash"}
_CONSUMPTION = {"consumed_at", "decision", "id", "type"}
_TOKEN_HEADER = {"alg", "kid", "typ"}


class Wrong(Exception):
    """Something in the bundle that is not as it must be; the message goes on after "line 12, entry 3: "."""

    index: int | None = None  # of the entry it is about, where the line says so


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: the line of the file, counted from 1, and the log's index if it is about an entry."""

    line: int
    index: int | None
    sentence: str

    def __str__(self) -> str:
        return f"line {self.line}{'' if self.index is None else f', entry {self.index}'}: {self.sentence}."


@dataclass(slots=True)
class Report:
    """The first problem, or None; how much was checked until then."""

    problem: Problem | None = None
    origin: str = ""
    complete: bool = False
    size: int = 0
    root: bytes = b""
    keys: list[str] = field(default_factory=list)
    keys_compared: bool = False
    checkpoints: int = 0
    decisions: int = 0
    consumptions: int = 0
    voids: int = 0
    quarantined: int = 0  # a warning: somebody wrote records that the bank did not make
    contexts: int = 0
    erased: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    origin: str
    complete: bool
    size: int
    keys: int
    checkpoints: int
    entries: int

    @property
    def first_entry(self) -> int:
        """The line of the first entry."""
        return 2 + self.keys + self.checkpoints


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
class Decision:
    """`exp` and `iat` in seconds since 1970; `context` is True if it came along (and fits its hash), False if erased."""

    id: str
    outcome: str
    iat: int
    exp: int
    kid: str
    token: str
    context: bool | None


@dataclass(frozen=True, slots=True)
class Consumption:
    """`consumed_at` in whole seconds since 1970."""

    id: str
    decision: str
    consumed_at: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record in the bank's database that the bank did not make: its text is not in the log, only its hash."""


Content = Decision | Consumption | Quarantined | None


@dataclass(frozen=True, slots=True)
class Entry:
    """`content` is None for an index whose transaction never came to be; `proof` is None on a line without one."""

    index: int
    leaf: bytes
    content: Content
    proof: tuple[bytes, ...] | None


Line = Header | Key | Checkpoint | Entry
Kind = TypeVar("Kind", Header, Key, Checkpoint, Entry)
Numbered = Sequence[tuple[int, bytes]]
Parse = Callable[[bytes], Line]
Holds = Callable[[bytes, bytes, bytes], bool]


# One line


def parse(line: bytes) -> Line:
    """What a line says, with all that can be checked by looking at it alone; depends on nothing but its bytes.

    Raises:
        Wrong
    """
    if not line.endswith(b"\n"):
        raise Wrong("the line is too long" if len(line) > LONGEST_LINE else "the file ends in the middle of this line")
    try:
        text = line[:-1].decode()
    except UnicodeDecodeError as error:
        raise Wrong("the line is not UTF-8") from error
    said = _canonical(text, "the line")
    if "index" in said:
        with _about(said["index"] if _is_count(said["index"]) else None):
            return _entry(said)
    if "checkpoint" in said:
        return _checkpoint(said)
    if "jwk" in said:
        return _key(said)
    return _header(said)


def _header(said: dict[str, Any]) -> Header:
    if said.keys() != _HEADER:
        raise Wrong("the line has other members than any line of a bundle")
    if said["format"] != FORMAT or said["first"] != 0 or type(said["first"]) is not int or type(said["complete"]) is not bool:
        raise Wrong(f"this is not a bundle of the format {FORMAT} from entry 0 on")
    if not isinstance(said["origin"], str) or any(not _is_count(said[name]) for name in ("size", "keys", "checkpoints", "entries")):
        raise Wrong("the header's origin or one of its numbers is not one")
    header = Header(said["origin"], said["complete"], said["size"], said["keys"], said["checkpoints"], said["entries"])
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
    kind, text = said.get("kind"), said.get("entry")
    allowed = {"proof", "context"} if kind == "decision" else {"proof"}
    if said.keys() - allowed != _ENTRY or not isinstance(text, str) or not _is_count(said["index"]):
        raise Wrong("the line has other members than that of an entry")
    leaf = _hash(said["leaf_hash"], "the entry's hash")
    if _leaf_hash(text.encode()) != leaf:
        raise Wrong("its hash is not the one the log holds")
    content: Content
    if kind == "decision":
        content = _decision(text, said["index"], said)
    elif kind == "consumption":
        content = _consumption(text)
    elif kind == "void":
        content = None
        if text != f'{{"index":{said["index"]},"type":"void"}}':
            raise Wrong("as a void entry it does not say its own index")
    elif kind == "quarantined":
        content = _quarantined(text, said["index"])
    else:
        raise Wrong("it is neither a decision, a consumption, void nor quarantined")
    return Entry(said["index"], leaf, content, _hashes(said["proof"], "the entry's proof") if "proof" in said else None)


def _decision(token: str, index: int, said: dict[str, Any]) -> Decision:
    parts = token.split(".")
    if len(parts) != 3:
        raise Wrong("its token is not three parts with dots between")
    header = _members(_base64url(parts[0], "its token's header"), "its token's header")
    claims = _members(_base64url(parts[1], "its token's content"), "its token's content")
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
    asked = claims.get("authorization_details")
    if not isinstance(asked, list) or len(asked) != 1 or not isinstance(asked[0], dict) or not isinstance(asked[0].get("parameters"), dict):
        raise Wrong("its token does not say what was asked")
    if not isinstance(claims.get("context_hash"), str) or not _SHA256.fullmatch(claims["context_hash"]):
        raise Wrong("its token has no hash of its context")
    place = claims.get("log")
    if not isinstance(place, dict) or place.keys() != {"index"} or type(place["index"]) is not int or place["index"] != index:
        raise Wrong("its token was made for another place in the log")
    return Decision(
        claims["jti"],
        claims["outcome"] if claims["iat"] < claims["exp"] else "advice",  # what never lived permits nothing at the bank
        claims["iat"],
        claims["exp"],
        header["kid"],
        token,
        _context(said["context"], claims["context_hash"]) if "context" in said else None,
    )


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


def _context(context: object, expected: str) -> bool:
    if context is None:
        return False
    if not isinstance(context, str):
        raise Wrong("its context is not a text")
    if sha256(context.encode()).hexdigest() != expected:
        raise Wrong("its context is not the one its token holds the hash of")
    return True


def _consumption(text: str) -> Consumption:
    said = _canonical(text, "its entry")
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


@contextmanager
def _about(index: int | None) -> Iterator[None]:
    try:
        yield
    except Wrong as wrong:
        wrong.index = index
        raise


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
    except (ValueError, RecursionError) as error:
        raise Wrong(f"{what} is not JSON of a bundle") from error
    if not isinstance(said, dict):
        raise Wrong(f"{what} is not a JSON object")
    if _WRITER.encode(said) != text:
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


class RootWrong(Wrong):
    """The entries from `matched` to before the checkpoint's size do not give the root it signs; `line` is the checkpoint's."""

    def __init__(self, line: int, matched: int, size: int) -> None:
        self.line = line
        self.matched = matched
        self.size = size
        entries = f"the entries {matched} to {size - 1} do" if size - matched > 1 else f"entry {matched} does"
        super().__init__(
            f"{entries} not give the root this checkpoint signs, so what the log holds there is something else"
            if size
            else "this checkpoint does not sign the root of an empty log"
        )


class _Reading:
    """What the lines read so far add up to; each is checked against those before. Signatures of tokens come later."""

    def __init__(self, origin: str | None, trusted: frozenset[bytes] | None, holds: Holds) -> None:
        self.report = Report(keys_compared=trusted is not None)
        self.header: Header | None = None
        self.keys: dict[str, bytes] = {}
        self.entries = 0
        self.leaves = sha256()
        self._origin = origin
        self._trusted = trusted
        self._holds = holds
        self._tree = Tree()
        self._checkpoints: list[tuple[int, Checkpoint]] = []  # with their lines
        self._matched = 0  # how many of the checkpoints the rebuilt tree has confirmed
        self._last_index = -1
        self._decisions: dict[str, tuple[str, int, int]] = {}  # outcome, iat, exp
        self._consumed: set[str] = set()
        self._consumptions: set[str] = set()

    def index_of(self, line: int) -> int | None:
        """The entry that must be on this line, if that is certain."""
        return line - self.header.first_entry if self.header and self.header.complete and line >= self.header.first_entry else None

    def take(self, number: int, line: Line) -> None:
        """Check the line with this number against all before it.

        Raises:
            Wrong
        """
        header = self.header
        if header is None:
            self._take_header(_expected(line, Header, "the bundle's header"))
        elif number < 2 + header.keys:
            self._take_key(_expected(line, Key, "a key"))
        elif number < header.first_entry:
            self._take_checkpoint(number, _expected(line, Checkpoint, "a checkpoint"), header)
        elif number < header.first_entry + header.entries:
            entry = _expected(line, Entry, "an entry")
            with _about(entry.index):
                self._take_entry(entry, header)
        else:
            raise Wrong("the file goes on after the last line its header speaks of")

    def finish(self, lines: int) -> Header:
        """Check that the file did not end too early.

        Raises:
            Wrong
        """
        if self.header is None:
            raise Wrong("the file is empty")
        if lines != self.header.first_entry + self.header.entries - 1:
            raise Wrong("the file ends here, before the last line its header speaks of")
        return self.header

    def _take_header(self, header: Header) -> None:
        if self._origin is not None and header.origin != self._origin:
            raise Wrong(f"this bundle is of the log {header.origin!r}, not of {self._origin!r}")
        self.header = header
        self.report.origin, self.report.complete, self.report.size = header.origin, header.complete, header.size

    def _take_key(self, key: Key) -> None:
        if self.keys and key.kid <= next(reversed(self.keys)):
            raise Wrong("the keys are not in the order of their ids, each once")
        if self._trusted is not None and key.public not in self._trusted:
            raise Wrong(f"the key {key.kid} is not among those of the key file")
        self.keys[key.kid] = key.public
        self.report.keys.append(key.kid)

    def _take_checkpoint(self, number: int, checkpoint: Checkpoint, header: Header) -> None:
        if checkpoint.origin != header.origin or checkpoint.name != header.origin:
            raise Wrong("the checkpoint is of another log than the header says, or signed in another name")
        before = self._checkpoints[-1][1] if self._checkpoints else None
        if before is not None and checkpoint.size <= before.size:
            raise Wrong("the checkpoints are not in the order of their sizes, each once")
        signers = [public for public in self.keys.values() if _key_id(checkpoint.name, public) == checkpoint.key_id]
        if not any(self._holds(public, checkpoint.signature, checkpoint.text) for public in signers):
            raise Wrong(f"the checkpoint of size {checkpoint.size} is not signed by a key of the bundle")
        if (checkpoint.consistency is None) is not header.complete:
            raise Wrong("the checkpoint shows its consistency in a complete bundle, or does not in another")
        if checkpoint.consistency is not None and not _continues(before, checkpoint, checkpoint.consistency):
            raise Wrong(f"the checkpoint of size {checkpoint.size} is not shown to continue the one before")
        self._checkpoints.append((number, checkpoint))
        self.report.checkpoints += 1
        if len(self._checkpoints) == header.checkpoints:
            if checkpoint.size != header.size:
                raise Wrong(f"the last checkpoint is of size {checkpoint.size}, the header speaks of {header.size}")
            self.report.root = checkpoint.root
            if header.complete:
                self._match()

    def _take_entry(self, entry: Entry, header: Header) -> None:
        if header.complete:
            if entry.index != self._tree.size:
                raise Wrong(f"here stands entry {entry.index}")
            if entry.proof is not None:
                raise Wrong("it carries a proof in a bundle that is complete")
        else:
            if not self._last_index < entry.index:
                raise Wrong("the entries are not in the order of their indices, each once")
            last = self._checkpoints[-1][1]
            if entry.proof is None or not inclusion_holds(entry.leaf, entry.index, last.size, entry.proof, last.root):
                raise Wrong("it is not shown to be in the log")
            self._last_index = entry.index
        self.entries += 1
        self.leaves.update(entry.leaf)
        if isinstance(entry.content, Decision):
            self._take_decision(entry.content)
        elif isinstance(entry.content, Consumption):
            self._take_consumption(entry.content, header)
        elif isinstance(entry.content, Quarantined):
            self.report.quarantined += 1
        else:
            self.report.voids += 1
        if header.complete:
            self._tree.append(entry.leaf)
            self._match()

    def _take_decision(self, decision: Decision) -> None:
        if decision.id in self._decisions:
            raise Wrong(f"there is a decision {decision.id} before")
        if decision.id in self._consumed:
            raise Wrong("the decision was used before it was made")
        if decision.kid not in self.keys:
            raise Wrong("its token names a key that is not in the bundle")
        self._decisions[decision.id] = (decision.outcome, decision.iat, decision.exp)
        self.report.decisions += 1
        if decision.context is not None:
            self.report.contexts += decision.context
            self.report.erased += not decision.context

    def _take_consumption(self, consumption: Consumption, header: Header) -> None:
        if consumption.id in self._consumptions:
            raise Wrong(f"there is a consumption {consumption.id} before")
        if consumption.decision in self._consumed:
            raise Wrong(f"it uses the decision {consumption.decision} a second time")
        known = self._decisions.get(consumption.decision)
        if known is not None:
            outcome, iat, exp = known
            if outcome != "permit":
                raise Wrong(f"it uses the decision {consumption.decision}, which was no permit")
            if not iat <= consumption.consumed_at <= exp:
                raise Wrong(f"it uses the decision {consumption.decision} outside the time for which that held")
        elif header.complete:
            raise Wrong(f"it uses the decision {consumption.decision}, which is not in the log before it")
        self._consumptions.add(consumption.id)
        self._consumed.add(consumption.decision)
        self.report.consumptions += 1

    def _match(self) -> None:
        """Compare the rebuilt tree with the checkpoint of its size, if there is one."""
        if self._matched == len(self._checkpoints):
            return
        number, checkpoint = self._checkpoints[self._matched]
        if checkpoint.size != self._tree.size:
            return
        if checkpoint.root != self._tree.root():
            raise RootWrong(number, self._checkpoints[self._matched - 1][1].size if self._matched else 0, checkpoint.size)
        self._matched += 1


def _expected(line: Line, kind: type[Kind], what: str) -> Kind:
    if not isinstance(line, kind):
        raise Wrong(f"here should be {what}")
    return line


def _continues(before: Checkpoint | None, after: Checkpoint, proof: Sequence[bytes]) -> bool:
    if before is None:
        return not proof
    return consistency_holds(before.size, after.size, before.root, after.root, proof)


def verify(
    lines: Iterable[bytes],
    *,
    origin: str | None = None,
    trusted: frozenset[bytes] | None = None,
    processes: int = 1,
    parse: Parse = parse,
    holds: Holds = signature_holds,
) -> Report:
    """Check a bundle: everything cheap first, line by line, then the signatures of the tokens; stop at the first thing wrong.

    Args:
        lines: with their newlines; read twice, so a file (`BundleFile`) or a list, not a generator.
        origin: the log it must be of.
        trusted: the public keys known from elsewhere, 32 bytes each; the bundle may hold no other.
        processes: how many check signatures at the same time.
        parse, holds: functions that give the same answers, such as cached ones, for many bundles that are nearly alike.
    Memory: some 500 bytes an entry, and the lines of a few batches.
    """
    reading = _Reading(origin, trusted, holds)
    number = 0
    try:
        for line in lines:
            number += 1
            reading.take(number, parse(line))
        header = reading.finish(number)
    except RootWrong as wrong:
        reading.report.problem = _suspect(lines, reading, wrong, parse, holds) or Problem(wrong.line, None, str(wrong))
        return reading.report
    except Wrong as wrong:
        certain = reading.index_of(number)
        reading.report.problem = Problem(max(number, 1), wrong.index if certain is None else certain, str(wrong))
        return reading.report
    reading.report.problem = _unsigned(lines, header, reading, processes, parse, holds)
    return reading.report


def check_signatures(batch: Numbered, keys: Mapping[str, bytes], parse: Parse, holds: Holds) -> tuple[Problem | None, bytes]:
    """The first decision of these lines that is not signed by the key its token names; and the hashes of their entries, in a row."""
    leaves = []
    for number, line in batch:
        try:
            entry = _expected(parse(line), Entry, "an entry")
        except Wrong:
            return Problem(number, None, "the line changed while the file was read"), b""
        leaves.append(entry.leaf)
        if isinstance(entry.content, Decision):
            message, _, signature = entry.content.token.rpartition(".")
            if not holds(keys[entry.content.kid], _base64url(signature, "its token's signature"), message.encode()):
                return Problem(number, entry.index, "its token is not signed by the key it names"), b""
    return None, b"".join(leaves)


def _unsigned(lines: Iterable[bytes], header: Header, reading: _Reading, processes: int, parse: Parse, holds: Holds) -> Problem | None:
    """Check the signatures of all tokens, of exactly the entries that were read before."""
    leaves = sha256()
    batches = _batches(lines, header.first_entry, None)
    for problem, hashes in _checked(batches, reading.keys, processes, parse, holds):
        if problem is not None:
            return problem
        leaves.update(hashes)
    if leaves.digest() != reading.leaves.digest():
        return Problem(header.first_entry, None, "the entries changed while the file was read")
    return None


def _suspect(lines: Iterable[bytes], reading: _Reading, wrong: RootWrong, parse: Parse, holds: Holds) -> Problem | None:
    """Of entries that together are not what the log holds, the first whose token is not signed, if there is one: most likely it."""
    if reading.header is None:
        return None
    first, end = (reading.header.first_entry + index for index in (wrong.matched, wrong.size))
    results = _checked(_batches(lines, first, end), reading.keys, 1, parse, holds)
    return next((problem for problem, _ in results if problem is not None), None)


def _checked(
    batches: Iterator[Numbered], keys: Mapping[str, bytes], processes: int, parse: Parse, holds: Holds
) -> Iterator[tuple[Problem | None, bytes]]:
    """The results of `check_signatures`, in order; only a few batches are in memory at a time."""
    if processes == 1:
        for batch in batches:
            yield check_signatures(batch, keys, parse, holds)
        return
    # Not forked: what another library left open in this process would be inherited, and waited for, by each child.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running: deque[Future[tuple[Problem | None, bytes]]] = deque()
        for batch in batches:
            running.append(pool.submit(check_signatures, batch, keys, parse, holds))
            if len(running) > 2 * processes:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _batches(lines: Iterable[bytes], first: int, end: int | None) -> Iterator[Numbered]:
    """The lines from number `first` to before `end`, with their numbers."""
    numbered = islice(enumerate(lines, 1), first - 1, None if end is None else end - 1)
    while batch := list(islice(numbered, BATCH)):
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


_QUARANTINED = "WARNING      {:,} quarantined: records in the bank's database that the bank did not sign; none of them counts as a decision"


def summary(report: Report) -> str:
    """What was checked, of a bundle in which nothing is wrong."""
    known = "each is in the key file" if report.keys_compared else "NOT compared with any obtained elsewhere: see --jwks"
    tree = "rebuilt from all entries" if report.complete else "shown by proofs; entries are missing here by design"
    return "\n".join(
        (
            "Everything in this bundle holds.",
            f"log          {report.origin}, {report.size:,} entries, {tree}",
            f"root         {b64encode(report.root).decode()}",
            f"keys         {len(report.keys)}, {known}",
            *(f"             {kid}" for kid in report.keys),
            f"checkpoints  {report.checkpoints:,}, all signed, each continuing the one before",
            f"decisions    {report.decisions:,}, all signed, each once",
            f"contexts     {report.contexts:,} as their decisions say, {report.erased:,} erased,"
            f" {report.decisions - report.contexts - report.erased:,} not included",
            f"uses         {report.consumptions:,}, each of a permit, in time, once",
            f"void         {report.voids:,}",
            *((_QUARANTINED.format(report.quarantined),) if report.quarantined else ()),
        )
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Verify a bundle of decisions.")
    parser.add_argument("bundle", type=Path, help="the bundle, gzip if its name ends in .gz")
    parser.add_argument("--jwks", type=Path, metavar="FILE", help="a JWK set obtained elsewhere; the bundle may hold no other keys")
    parser.add_argument("--origin", metavar="NAME", help="the log the bundle must be of")
    parser.add_argument("--processes", type=_processes, default=1, metavar="N", help="how many check signatures at a time (1)")
    asked = parser.parse_args(arguments)
    try:
        trusted = trusted_keys(asked.jwks) if asked.jwks else None
    except (OSError, ValueError) as error:
        print(f"Cannot read {asked.jwks}: {error}", file=sys.stderr)
        return 2
    try:
        report = verify(BundleFile(asked.bundle), origin=asked.origin, trusted=trusted, processes=asked.processes)
    except (OSError, EOFError, zlib.error) as error:
        print(f"Cannot read {asked.bundle}: {error}", file=sys.stderr)
        return 2
    if report.problem is not None:
        print(f"WRONG: {report.problem}")
        return 1
    print(summary(report))
    return 0


def _processes(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
