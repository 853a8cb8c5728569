"""Signed checkpoints: what the bank commits to, and publishes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.utils.text import slugify
from joserfc.jwk import OKPKey

from bankos.platform import keys
from bankos.platform.ids import uuid7
from bankos.platform.keys import public_bytes

from .. import models, notes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root over the log's first `size` entries; `note` is what was signed (C2SP tlog-checkpoint)."""

    size: int
    root: bytes
    note: str
    created_at: datetime

    @property
    def holds(self) -> bool:
        """Whether a key of the bank signed exactly this size and root."""
        try:
            note = notes.parse_note(self.note)
            said = notes.parse_checkpoint(note.text)
        except notes.NoteInvalid:
            return False
        return (said.size, said.root) == (self.size, self.root) and any(_signed(note, signature) for signature in note.signatures)


def latest() -> Checkpoint | None:
    """The largest. Queries: 1."""
    return _of(models.Checkpoint.objects.order_by("-size").first())


def checkpoint(at: datetime) -> Checkpoint | None:
    """The one that was the latest at this moment. Queries: 1."""
    return _of(models.Checkpoint.objects.filter(created_at__lte=at).order_by("-created_at", "-size").first())


def first_with(index: int) -> Checkpoint | None:
    """The first that counted this entry. Queries: 1."""
    return _of(models.Checkpoint.objects.filter(size__gt=index).order_by("size").first())


def count(since: int, until: int) -> int:
    """How many there are of these sizes, `until` included. Queries: 1."""
    return models.Checkpoint.objects.filter(size__range=(since, until)).count()


def pages(since: int, until: int, at_once: int) -> Iterator[list[tuple[int, str]]]:
    """Size and note of those of these sizes, `until` included, ascending. Queries: 1 a page."""
    while page := list(models.Checkpoint.objects.filter(size__range=(since, until)).order_by("size").values_list("size", "note")[:at_once]):
        yield page
        since = page[-1][0] + 1


def sign(size: int, root: bytes, *, after: Checkpoint | None, at: datetime) -> Checkpoint:
    """Sign and keep the root of a log that has grown.

    Args:
        after: the checkpoint before: a log keeps the name it began with.
    Queries: 1.
    """
    name = origin() if after is None else notes.parse_checkpoint(notes.parse_note(after.note).text).origin
    key = keys.signing_key().private
    private = cast("Ed25519PrivateKey", key.private_key)  # the bank has no other keys (bankos.platform.keys)
    note = notes.sign_note(notes.checkpoint_text(name, size, root), name, private.sign, public_bytes(key))
    models.Checkpoint.objects.create(id=uuid7(), size=size, root=root, note=note, created_at=at)
    return Checkpoint(size, root, note, at)


def origin() -> str:
    """The name of this bank's log."""
    return f"bankos.sentinel/{slugify(settings.BANK_NAME, allow_unicode=True) or 'bank'}"


def of(row: models.Checkpoint) -> Checkpoint:
    return Checkpoint(row.size, bytes(row.root), row.note, row.created_at)


def _of(row: models.Checkpoint | None) -> Checkpoint | None:
    return None if row is None else of(row)


def _signed(note: notes.Note, signature: notes.Signature) -> bool:
    for key in keys.public_keys().values():
        if notes.key_id(signature.name, public_bytes(key)) == signature.key_id:
            try:
                _public(key).verify(signature.signature, note.text.encode())
            except InvalidSignature:
                continue
            return True
    return False


def _public(key: OKPKey) -> Ed25519PublicKey:
    return cast("Ed25519PublicKey", key.public_key)
