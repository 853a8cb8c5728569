"""One-time links: how somebody without a password chooses one. No mail is sent; people hand a link over themselves.

Where a second person agreed, whoever holds the link alone is not let in: the second person has a code, and the newcomer needs both. So an
administrator cannot take an account over by resetting it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from django.db import transaction

from bankos.platform.actors import Actor
from bankos.platform.models import OneTimeLink, User

GOOD_FOR = timedelta(hours=72)
MOST_WRONG_CODES = 5
_CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that look alike
_CODE_LENGTH = 10


class LinkNotGood(Exception):
    """The link or its code is wrong, used, expired or replaced; which, nobody is told."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A link that is not used yet, as somebody looks at it: what this person may make of it."""

    id: UUID
    expires_at: datetime
    makes_link: bool
    makes_code: bool
    link_made: bool
    code_made: bool
    needs_code: bool


def open_for(user: User, *, decision_id: UUID, asked_by: str, agreed_by: str, at: datetime) -> None:
    """Let a link be made for this person, by who asked; earlier ones are good no more."""
    close_for(user, at=at)
    OneTimeLink.objects.create(
        user=user, decision_id=decision_id, asked_by=asked_by, agreed_by=agreed_by, made_at=at, expires_at=at + GOOD_FOR
    )


def renew(user: User, *, asked_by: str, at: datetime) -> bool:
    """Let the link that was opened by `asked_by` and never used be made again. Returns whether there is one."""
    return bool(user.links.filter(asked_by=asked_by, used_at=None).update(expires_at=at + GOOD_FOR))


def close_for(user: User, *, at: datetime) -> None:
    """No link lets this person in."""
    user.links.filter(used_at=None, expires_at__gt=at).update(expires_at=at)


def waiting_for(user_id: UUID, *, viewer: Actor, at: datetime) -> Waiting | None:
    """The link that waits to be used by this person, if one does. Queries: 1."""
    row = OneTimeLink.objects.filter(user_id=user_id, used_at=None, expires_at__gt=at).order_by("-made_at").first()
    if row is None:
        return None
    return Waiting(
        row.pk,
        row.expires_at,
        viewer.id == row.asked_by,
        viewer.id == row.agreed_by,
        bool(row.link_sha256),
        bool(row.code_sha256),
        bool(row.agreed_by),
    )


def make_link(user_id: UUID, *, by: str, at: datetime) -> str:
    """The secret part of the link, told this once; one made before is good no more. Raises LinkNotGood: there is none for `by` to make."""
    secret = secrets.token_urlsafe(32)
    if not _rows(user_id, at).filter(asked_by=by).update(link_sha256=_hash(secret)):
        raise LinkNotGood
    return secret


def make_code(user_id: UUID, *, by: str, at: datetime) -> str:
    """The code, told this once to who agreed. Raises LinkNotGood."""
    code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
    if not _rows(user_id, at).filter(agreed_by=by).exclude(agreed_by="").update(code_sha256=_hash(code), wrong_codes=0):
        raise LinkNotGood
    return code


def needs_code(secret: str, *, at: datetime) -> bool:
    """Whether a code goes with this link. Raises LinkNotGood."""
    return bool(_of(secret, at).agreed_by)


def owner_of(secret: str, *, at: datetime) -> User:
    """Whose link it is. Raises LinkNotGood."""
    return _of(secret, at).user


def use(secret: str, *, code: str, password: str, at: datetime) -> User:
    """Choose a password with the link, and the code if one goes with it. Both are good no more. A wrong code counts.

    Raises:
        LinkNotGood
    """
    with transaction.atomic():
        row = _of(secret, at, lock=True)
        if _code_is_right(row, code):
            user = row.user
            row.used_at = at
            row.save(update_fields=["used_at"])
            user.set_password(password)
            user.activated_at = user.activated_at or at
            user.save(update_fields=["password", "activated_at"])
            return user
        row.wrong_codes += 1
        row.save(update_fields=["wrong_codes"])
    raise LinkNotGood


def _code_is_right(row: OneTimeLink, code: str) -> bool:
    if not row.agreed_by:
        return True
    typed = _hash(code.replace(" ", "").replace("-", "").upper())
    return bool(row.code_sha256) and row.wrong_codes < MOST_WRONG_CODES and compare_digest(typed, row.code_sha256)


def _of(secret: str, at: datetime, *, lock: bool = False) -> OneTimeLink:
    rows = OneTimeLink.objects.select_for_update(of=("self",)) if lock else OneTimeLink.objects
    row = rows.select_related("user").filter(link_sha256=_hash(secret), used_at=None, expires_at__gt=at, user__is_active=True).first()
    if row is None or row.wrong_codes >= MOST_WRONG_CODES:
        raise LinkNotGood
    return row


def _rows(user_id: UUID, at: datetime):  # type: ignore[no-untyped-def]
    return OneTimeLink.objects.filter(user_id=user_id, user__is_active=True, used_at=None, expires_at__gt=at)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
