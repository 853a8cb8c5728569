"""Signatures as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, moment and body, one for each secret that is good."""

import hmac
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from bankos.platform import vault

MARK = "whsec_"


def new_secret() -> tuple[str, bytes]:
    """As a receiver writes it down, and as it is kept: wrapped."""
    key = vault.new_data_key()
    return MARK + b64encode(key).decode(), vault.wrap(key)


def headers(message: UUID, body: bytes, *, secrets: Iterable[bytes], at: datetime) -> dict[str, str]:
    """`secrets` as they are kept, the newest first."""
    moment = str(int(at.timestamp()))
    content = f"msg_{message.hex}.{moment}.".encode() + body
    signatures = [b64encode(hmac.digest(vault.unwrap(bytes(wrapped)), content, sha256)).decode() for wrapped in secrets]
    return {
        "webhook-id": f"msg_{message.hex}",
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
        "Content-Type": "application/json",
        "User-Agent": "bankos-webhooks/1",
    }
