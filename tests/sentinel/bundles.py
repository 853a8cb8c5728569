"""Logs of made-up decisions, signed with real keys, and the bundles of them."""

import json
import random
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice, pairwise
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sentinel import merkle, notes
from sentinel.bundle import Checkpoints, Entry, Kind, complete, consumption_text, partial, quarantined_text, void_text
from sentinel.canonical import canonical

ORIGIN = "bank.example/decisions"
BEGAN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HOLDS_FOR = timedelta(minutes=15)


def base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


class Signer:
    """An Ed25519 key with the name (RFC 7638) that tokens call it by."""

    def __init__(self, seed: str) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest())
        self.public = self._private.public_key().public_bytes_raw()
        self.kid = base64url(sha256(canonical({"crv": "Ed25519", "kty": "OKP", "x": base64url(self.public)}).encode()).digest())

    def token(self, claims: dict[str, Any], **header: str) -> str:
        """A decision token; `header` says otherwise than such a token does."""
        said = {"alg": "Ed25519", "kid": self.kid, "typ": "decision+jwt", **header}
        parts = [base64url(json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode()) for part in (said, claims)]
        signed = ".".join(parts)
        return f"{signed}.{base64url(self.sign(signed.encode()))}"

    def sign(self, content: bytes) -> bytes:
        return self._private.sign(content)

    def note(self, size: int, root: bytes, origin: str = ORIGIN) -> str:
        return notes.sign_note(notes.checkpoint_text(origin, size, root), origin, self.sign, self.public)


OLD_KEY, KEY, STRANGER = Signer("the bank's first key"), Signer("the bank's second key"), Signer("somebody else's key")


@dataclass
class Log:
    """A log in memory: what a bank has, and whoever makes a bundle reads. Appending takes any entry, also one no bank would write."""

    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    nodes: dict[merkle.Node, bytes] = field(default_factory=dict)

    def append(self, kind: Kind, text: str, context: str | None = None, erased_by: str = "", members: str = "") -> None:
        leaf = merkle.leaf_hash(text.encode())
        self.nodes.update(merkle.new_nodes(len(self.entries), [leaf], self.nodes.__getitem__))
        self.entries.append(Entry(len(self.entries), kind, text, leaf, context, erased_by, members))

    def decide(
        self, claims: dict[str, Any], *, context: str | None = None, key: Signer = KEY, erased_by: str = "", members: str = ""
    ) -> None:
        self.append(Kind.DECISION, key.token({**claims, "log": {"index": len(self.entries)}}), context, erased_by, members)

    def use(self, *, id: str, decision: str, at: datetime) -> None:
        self.append(Kind.CONSUMPTION, consumption_text(id=id, decision=decision, consumed_at=f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"))

    def void(self) -> None:
        self.append(Kind.VOID, void_text(len(self.entries)))

    def quarantine(self, record: str) -> None:
        self.append(Kind.QUARANTINED, quarantined_text(len(self.entries), sha256(record.encode()).hexdigest()))

    def checkpoint(self, key: Signer = KEY) -> None:
        self.notes.append(key.note(len(self.entries), self.root(len(self.entries))))

    def root(self, size: int) -> bytes:
        return merkle.fold([self.nodes[node] for node in merkle.root_nodes(size)])

    def complete(self, keys: Sequence[Signer] = (OLD_KEY, KEY), *, since: int = 0) -> list[bytes]:
        """The lines of the bundle of all of it, up to the last checkpoint."""
        entries = islice(self.entries, self._sizes()[-1])
        return list(complete(keys=[key.public for key in keys], checkpoints=self.checkpoints(since), entries=entries))

    def partial(self, indices: Iterable[int], keys: Sequence[Signer] = (OLD_KEY, KEY), *, since: int = 0) -> list[bytes]:
        """The lines of the bundle of these entries."""
        last, chosen = self._sizes()[-1], list(indices)
        entries = ((self.entries[index], merkle.inclusion_proof(index, last, self.nodes.__getitem__)) for index in chosen)
        given = [key.public for key in keys]
        return list(partial(keys=given, checkpoints=self.checkpoints(since), entries=entries, count=len(chosen)))

    def checkpoints(self, since: int = 0) -> Checkpoints:
        """All of this size or more."""
        chosen = [(size, note) for size, note in zip(self._sizes(), self.notes, strict=True) if size >= since]
        sizes = [since, *(size for size, _ in chosen)]
        proofs = [merkle.consistency_proof(first, max(first, second), self.nodes.__getitem__) for first, second in pairwise(sizes)]
        return Checkpoints(list(zip((note for _, note in chosen), proofs, strict=True)), self.notes[-1], len(chosen), since)

    def _sizes(self) -> list[int]:
        return [notes.parse_checkpoint(notes.parse_note(note).text).size for note in self.notes]


def claims(number: int, *, outcome: str = "permit", context: str = "{}", at: datetime = BEGAN) -> dict[str, Any]:
    """What the token of a decision says, but for its place in the log. Its id comes from `number`."""
    parameters = {"amount": f"{number % 900}.50", "currency": "EUR", "creditor": f"Zoë Müller {number}"}
    return {
        "jti": id_of("decision", number),
        "iss": "urn:bankos:sentinel",
        "aud": "urn:bankos:bank",
        "iat": int(at.timestamp()),
        "exp": int((at + HOLDS_FOR).timestamp()),
        "act": {"kind": "employee", "sub": id_of("employee", number % 40), "roles": ["branch_staff"]},
        "authorization_details": [
            {
                "type": "payments.transfer",
                "resource": {"type": "Party", "id": id_of("party", number % 5000)},
                "parameters": parameters,
                "parameters_hash": sha256(canonical(parameters).encode()).hexdigest(),
            }
        ],
        "outcome": outcome,
        "obligations": [],
        "policy": {"store": "bank", "version": 3, "sha256": sha256(b"policies").hexdigest(), "determining": ["staff-may-transfer"]},
        "autonomy_level": None,
        "model": None,
        "purposes": ["service"],
        "consents": [id_of("consent", number % 5000)],
        "approvals": [],
        "context_hash": sha256(context.encode()).hexdigest(),
    }


def asked_for(said: dict[str, Any], action: str, resource: dict[str, str], parameters: dict[str, Any]) -> dict[str, Any]:
    """These claims, about something else."""
    hashed = sha256(canonical(parameters).encode()).hexdigest()
    details = {"type": action, "resource": resource, "parameters": parameters, "parameters_hash": hashed}
    return {**said, "authorization_details": [details]}


def erasing(number: int, *, of: int, action: str = "customer.erase") -> dict[str, Any]:
    """What the token of a decision says by which the customer of the decision `of` is erased."""
    resource = claims(of)["authorization_details"][0]["resource"]
    return asked_for(claims(number), action, resource, {"reason": {"sha256": ""}})


def answer(number: int, *, to: int, by: int = 77, word: str = "approve") -> dict[str, Any]:
    """What the token of a second person's answer says: to the request about the decision `to`."""
    said = asked_for(
        claims(number),
        "approval.answer",
        {"type": "ApprovalRequest", "id": id_of("request", to)},
        {"answer": word, "decision": id_of("decision", to), "parameters_hash": "", "note": {"sha256": ""}},
    )
    return {**said, "act": {"kind": "employee", "sub": id_of("employee", by), "roles": ["team_lead"]}}


def agreement(number: int, *, to: int, by: int = 77) -> dict[str, Any]:
    """How a permit names the answer with this number."""
    return {"id": id_of("request", to), "decision": id_of("decision", number), "by": id_of("employee", by), "roles": ["team_lead"]}


def id_of(kind: str, number: int) -> str:
    return str(UUID(bytes=sha256(f"{kind} {number}".encode()).digest()[:16], version=4))


def sample_log(decisions: int, *, checkpoints: int = 7, seed: int = 1) -> Log:
    """Decisions of each outcome, most permits used a little later, some places void, some contexts erased, the key changed half-way."""
    chance, log, waiting, made = random.Random(seed), Log(), list[tuple[int, datetime]](), 0
    for number in range(decisions):
        at = BEGAN + timedelta(seconds=number)
        key = OLD_KEY if number < decisions // 2 else KEY
        context = canonical({"principal": {"id": id_of("employee", number % 40)}, "hour": at.hour, "note": f"“{number}” \\ \n"})
        outcome = chance.choice(("permit", "permit", "permit", "needs_approval", "deny"))
        fate = chance.random()
        said = claims(number, outcome=outcome, context=context, at=at)
        gone = fate > 0.95
        erased_by = id_of("decision", decisions + number) if gone else ""
        log.decide(said, context=context if fate < 0.6 else None, erased_by=erased_by, key=key)
        if gone:
            log.decide(erasing(decisions + number, of=number), key=key)
            log.use(id=id_of("consumption", decisions + number), decision=erased_by, at=BEGAN)
        if outcome == "permit" and fate < 0.8:
            waiting.append((number, at + HOLDS_FOR * chance.random()))
        if len(waiting) > 5:
            used, when = waiting.pop(chance.randrange(len(waiting)))
            log.use(id=id_of("consumption", used), decision=id_of("decision", used), at=when)
        if fate < 0.02:
            log.void()
        if number * checkpoints // decisions >= made:
            log.checkpoint(key)
            made += 1
    log.void()
    log.checkpoint()
    return log
