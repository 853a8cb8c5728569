"""Secrets by which programs are known: random, shown once, kept as hashes only, sent as bearer tokens (RFC 6750)."""

import secrets
from hashlib import sha256

LONGEST = 200


def new_secret(mark: str) -> str:
    """`mark` is a prefix by which a secret that leaked is recognised."""
    return mark + secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What is kept, and what is looked up: how long that takes tells nothing of the secrets there are."""
    return sha256(secret.encode()).hexdigest()


def plausible(secret: str) -> bool:
    return secret.isascii() and len(secret) <= LONGEST


def sent_in(authorization: str) -> str | None:
    """The secret in an Authorization header, exactly as it stands there, or None if it carries none."""
    scheme, _, secret = authorization.partition(" ")
    return secret if scheme.lower() == "bearer" else None
