"""Writing a bundle of the transparency log: one file with which anybody can verify decisions without asking this bank.

A bundle is JSON Lines, each line the canonical JSON (RFC 8785) of an object: a header, the public keys ascending by id, the signed
checkpoints ascending by size, the entries ascending by index. A *complete* bundle holds every entry up to its last checkpoint, and
the tree is rebuilt from them; any other carries a proof with each checkpoint and entry instead. What each line means, and what a
reader must refuse, is in `verify.py`, which reads bundles and shares no code with this module on purpose.
"""

import gzip
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from .canonical import canonical
from .notes import Checkpoint, parse_checkpoint, parse_note

FORMAT = "bankos-log-bundle/3"


class BundleInconsistent(ValueError):
    """What should be written does not make a bundle; nobody could verify it."""


class Kind(StrEnum):
    DECISION = "decision"
    CONSUMPTION = "consumption"
    VOID = "void"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the log holds it.

    `text` is exactly what was hashed into the log: a token, or the text of `consumption_text`, `void_text` or `quarantined_text`;
    `leaf_hash` is the one the log stores, not one made for the occasion. With a decision may go its `context`, a canonical text, or
    the id of the decision that it was `erased_by`, and a token, signed by the bank, that says who all the `members` of that customer were.
    """

    index: int
    kind: Kind
    text: str
    leaf_hash: bytes
    context: str | None = None
    erased_by: str = ""
    members: str = ""


# The hashes of a proof, as `sentinel.merkle` gives them.
Proof = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The signed notes of a bundle, read one at a time: every one of `since` entries or more, ascending by size.

    Each comes with its consistency with the one before; the first with that with the log of `since` entries, empty if that is 0 or its
    own size. A complete bundle does without. `last` is the largest, `count` how many there are.
    """

    notes: Iterable[tuple[str, Proof]]
    last: str
    count: int
    since: int = 0


def consumption_text(*, id: str, decision: str, consumed_at: str) -> str:
    """The entry for the use of a permit. Ids in their lower-case form; the moment as 2026-11-24T10:00:00.000000Z."""
    return canonical({"consumed_at": consumed_at, "decision": decision, "id": id, "type": Kind.CONSUMPTION.value})


def void_text(index: int) -> str:
    """The entry for an index whose transaction never came to be."""
    return canonical({"index": index, "type": Kind.VOID.value})


def quarantined_text(index: int, sha256: str) -> str:
    """The entry for an index at which stands a record that is none of the bank's; of its text only the SHA-256 (hex) is in the log."""
    return canonical({"index": index, "sha256": sha256, "type": Kind.QUARANTINED.value})


def complete(*, keys: Iterable[bytes], checkpoints: Checkpoints, entries: Iterable[Entry]) -> Iterator[bytes]:
    """The lines of a bundle of the whole log up to its last checkpoint.

    Args:
        keys: Ed25519 public keys, 32 bytes each: at least all that signed a token or a checkpoint in here.
        entries: every one, ascending; read one at a time.
    Raises:
        BundleInconsistent: at the latest with the last line, when other entries came than the last checkpoint counts.
    """
    size = _checkpoint(checkpoints.last).size
    yield from _head(True, keys, checkpoints, size)
    awaited = 0
    for entry in entries:
        if entry.index != awaited:
            raise BundleInconsistent(f"after {awaited} entries came entry {entry.index}")
        yield _line(_entry(entry))
        awaited += 1
    if awaited != size:
        raise BundleInconsistent(f"{awaited} entries for a checkpoint of {size}")


def partial(*, keys: Iterable[bytes], checkpoints: Checkpoints, entries: Iterable[tuple[Entry, Proof]], count: int) -> Iterator[bytes]:
    """The lines of a bundle of some entries, each with the proof that the last checkpoint counts it.

    Args:
        keys: as for `complete`.
        entries: ascending by index, read one at a time.
        count: how many entries there will be.
    Raises:
        BundleInconsistent: at the latest with the last line, when another number of entries came.
    """
    size = _checkpoint(checkpoints.last).size
    yield from _head(False, keys, checkpoints, count)
    written, last = 0, -1
    for entry, proof in entries:
        if not last < entry.index < size:
            raise BundleInconsistent(f"entry {entry.index} after entry {last}, in a log of {size}")
        yield _line({**_entry(entry), "proof": _hashes(proof)})
        written, last = written + 1, entry.index
    if written != count:
        raise BundleInconsistent(f"{written} entries where {count} were announced")


def write(target: Path, lines: Iterable[bytes]) -> None:
    """Write a bundle, compressed if its name ends in .gz. The name appears when the bundle is whole; same lines, same bytes."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with unfinished.open("wb") as plain:
            if target.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=plain, mtime=0) as packed:
                    packed.writelines(lines)
            else:
                plain.writelines(lines)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _checkpoint(note: str) -> Checkpoint:
    return parse_checkpoint(parse_note(note).text)


def _head(is_complete: bool, keys: Iterable[bytes], checkpoints: Checkpoints, count: int) -> Iterator[bytes]:
    if not checkpoints.count:
        raise BundleInconsistent("a bundle needs a checkpoint")
    last = _checkpoint(checkpoints.last)
    jwks = sorted((_jwk(public) for public in set(keys)), key=lambda jwk: jwk["kid"])
    yield _line(
        {
            "format": FORMAT,
            "origin": last.origin,
            "complete": is_complete,
            "first": 0,
            "since": checkpoints.since,
            "size": last.size,
            "keys": len(jwks),
            "checkpoints": checkpoints.count,
            "entries": count,
        }
    )
    for jwk in jwks:
        yield _line({"jwk": jwk})
    written, note = 0, ""
    for note, proof in checkpoints.notes:
        yield _line({"checkpoint": note} if is_complete else {"checkpoint": note, "consistency": _hashes(proof)})
        written += 1
    if written != checkpoints.count or note != checkpoints.last:
        raise BundleInconsistent(f"{written} checkpoints where {checkpoints.count} were announced, or not the last at the end")


def _entry(entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {"index": entry.index, "kind": entry.kind.value, "entry": entry.text, "leaf_hash": _hash(entry.leaf_hash)}
    if entry.erased_by:
        line["context"] = {"erased_by": entry.erased_by, **({"members": entry.members} if entry.members else {})}
    elif entry.context is not None:
        line["context"] = entry.context
    return line


def _jwk(public: bytes) -> dict[str, str]:
    """A public key, named by its thumbprint (RFC 7638), which hashes exactly these three members."""
    named = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)}
    return {**named, "alg": "Ed25519", "use": "sig", "kid": _base64url(sha256(canonical(named).encode()).digest())}


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _hash(content: bytes) -> str:
    return b64encode(content).decode()


def _hashes(proof: Proof) -> list[str]:
    return [_hash(step) for step in proof]


def _line(content: dict[str, Any]) -> bytes:
    return canonical(content).encode() + b"\n"
