"""What a decision rested on, in full, encrypted for the customer it is about: erasing the customer's key (GDPR Art. 17) removes the
content of all their decisions at once, while signatures and log stay verifiable.

The context carries a random salt, so that its hash, which stays, tells nothing of a content that is gone.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from bankos.platform import vault

from .canonical import canonical
from .models import ContextKey, Decision

Subject = tuple[str, str]


class ContentErased(Exception):
    """The customer's key was erased: what this decision rested on cannot be read any more."""


class ContentDamaged(Exception):
    """What is stored is not what was encrypted for this decision."""


@dataclass(frozen=True, slots=True)
class Key:
    """A data key as it is stored: wrapped by the master key."""

    id: UUID
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted context and the hash the token bears."""

    cipher: bytes
    sha256: str


def new_salt() -> str:
    return secrets.token_hex(16)


def salted_hash(salt: str, text: str) -> str:
    """What stands for a free text where it may not stand itself."""
    return sha256(f"{salt}{text}".encode()).hexdigest()


def text_of(content: Mapping[str, Any], salt: str) -> str:
    """The canonical text that is hashed and encrypted.

    Raises:
        ValueError: not plain JSON.
    """
    return canonical({"salt": salt, **content})


def text_of_request(request: str, salt: str, *, details: Mapping[str, Any]) -> str:
    """`text_of` for a request whose canonical text is known already: it is the largest part by far."""
    more = f'"details":{canonical(details)},' if details else ""
    return f'{{{more}"request":{request},"salt":"{salt}"}}'


def seal(content: str, *, key: Key, decision_id: UUID) -> Sealed:
    """Encrypt a content's canonical text."""
    text = content.encode()
    return Sealed(vault.encrypt(vault.unwrap(key.wrapped), text, bound_to=decision_id.bytes), sha256(text).hexdigest())


def content_text(row: Decision) -> str:
    """The canonical text, read again. Needs `context_key` at hand.

    Raises:
        ContentErased, ContentDamaged
    """
    wrapped = row.context_key.wrapped
    if wrapped is None:
        raise ContentErased(str(row.pk))
    try:
        return vault.decrypt(vault.unwrap(bytes(wrapped)), bytes(row.context_cipher), bound_to=row.pk.bytes).decode()
    except vault.Unreadable as error:
        raise ContentDamaged(str(row.pk)) from error


def content_of(row: Decision) -> dict[str, Any]:
    """What the decision rested on: `request`, and what else was kept. Raises as `content_text`."""
    content: dict[str, Any] = json.loads(content_text(row))
    del content["salt"]
    return content


def keys_for(subjects: Collection[Subject], *, at: datetime) -> dict[Subject, Key]:
    """A key in use for each subject; of two that make one at the same moment the second takes the first one's.

    Queries: 2, none for no subject.
    """
    if not subjects:
        return {}
    wanted = sorted(set(subjects))
    ContextKey.objects.bulk_create(
        [ContextKey(subject_type=type, subject_id=id, wrapped=vault.wrap(vault.new_data_key()), made_at=at) for type, id in wanted],
        ignore_conflicts=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k.subject_type, k.subject_id, k.id, k.wrapped FROM sentinel_contextkey k"
            " JOIN unnest(%s::text[], %s::text[]) AS q (type, id) ON k.subject_type = q.type AND k.subject_id = q.id"
            " WHERE k.erased_at IS NULL",
            [[type for type, _ in wanted], [id for _, id in wanted]],
        )
        return {(type, id): Key(key_id, bytes(wrapped)) for type, id, key_id, wrapped in cursor.fetchall()}


def rewrap(*, at_once: int = 1000) -> int:
    """Wrap every key that an older master key wraps with the one in force, so that the older one can be thrown away. Returns how many.

    May be stopped and run again at any time; decisions go on meanwhile. As the database's owner: nobody else may write over a key.
    """
    done, after = 0, UUID(int=0)
    while rows := list(ContextKey.objects.filter(erased_at=None, pk__gt=after).order_by("pk")[:at_once]):
        for row in rows:
            wrapped = bytes(row.wrapped or b"")
            if not vault.is_current(wrapped):
                # Not if it was erased since it was read.
                unerased = ContextKey.objects.filter(pk=row.pk, erased_at=None)
                done += unerased.update(wrapped=vault.wrap(vault.unwrap(wrapped)))
        after = rows[-1].pk
    return done
