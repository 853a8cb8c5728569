"""The public keys the database's own guards know: `platform_signed(token, type)` believes only tokens that one of them signed.

The owner adds them, at every `migrate` and before a new key signs; whoever else writes to the database cannot add one.
"""

from collections.abc import Mapping
from datetime import datetime

from joserfc.jwk import OKPKey

from .keys import public_bytes
from .models import PublishedKey


def publish(keys: Mapping[str, OKPKey], *, at: datetime) -> None:
    """Let the guards believe what these keys signed, by key id. As the owner; idempotent. Queries: 1."""
    rows = [PublishedKey(kid=kid, public=public_bytes(key), published_at=at) for kid, key in keys.items()]
    PublishedKey.objects.bulk_create(rows, ignore_conflicts=True)


def is_published(kid: str) -> bool:
    """Whether the guards believe this key. Queries: 1."""
    return PublishedKey.objects.filter(pk=kid).exists()
