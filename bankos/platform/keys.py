"""The keys that sign decisions: Ed25519, named by their thumbprint (RFC 7638), rotated without forgetting old public parts.

Two homes: a folder with one private JWK a file (`SIGNING_KEYS_DIR`), or a private JWK set in the environment (`SIGNING_KEYS`),
which wins. The newest private key (by `iat`) signs; every other key only verifies.
"""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from joserfc.jwk import OKPKey

from . import clock

ALGORITHM = "Ed25519"  # RFC 9864


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`kid` is the key's thumbprint, `private` signs with `ALGORITHM`."""

    kid: str
    private: OKPKey

    def sign(self, message: bytes) -> bytes:
        return cast(Ed25519PrivateKey, self.private.private_key).sign(message)


class KeysAreInTheEnvironment(Exception):
    """The keys come from `SIGNING_KEYS`, which a process cannot change for others."""


class NoPrivateKey(ImproperlyConfigured):
    """There are no keys, or only public ones."""


class KeysLost(ImproperlyConfigured):
    """There is no key, and none may be made up: what the lost one signed or wrapped is in the database."""


class Kind(StrEnum):
    SIGNING = "signing"
    MASTER = "master"


_used: dict[Kind, Callable[[], bool]] = {}


def made_only_unless(kind: Kind, used: Callable[[], bool]) -> None:
    """Let no key of this kind be made up where `used` says that one was in use before."""
    _used[kind] = used


def check_may_be_made(kind: Kind, folder: Path) -> None:
    """Raises KeysLost."""
    if kind in _used and _used[kind]():
        raise KeysLost(f"There is no {kind} key in {folder}, but the database holds what one made")


@dataclass(frozen=True, slots=True)
class _KeySet:
    signing: SigningKey
    public: dict[str, OKPKey]


def signing_key() -> SigningKey:
    """The key that signs now.

    Raises:
        ImproperlyConfigured: there is none, and `GENERATE_SIGNING_KEY` does not allow to make one.
    """
    return _current().signing


def public_keys() -> dict[str, OKPKey]:
    """Every key that ever signed, by key id, public parts only."""
    return dict(_current().public)


def jwks() -> dict[str, list[dict[str, Any]]]:
    """The public keys as a JWK set (RFC 7517), fit to be published.

    Without `alg`, which is optional: libraries that don't know RFC 9864 yet pass a key over whose algorithm they cannot name, and each
    token names it anyway.
    """
    published = (key.as_dict(private=False) for key in _current().public.values())
    return {"keys": [{name: value for name, value in key.items() if name != "alg"} for key in published]}


def rotate(key: dict[str, Any] | None = None) -> SigningKey:
    """Sign with a new key from now on; of the old ones only the public parts are kept.

    Running processes notice by themselves.

    Args:
        key: a private JWK of `new_private_key`, whose public half the database's guards know already.
    Raises:
        KeysAreInTheEnvironment
    """
    if settings.SIGNING_KEYS:
        raise KeysAreInTheEnvironment
    before = _files()
    _write(key or new_private_key())
    # Only now: a process killed in between leaves two private keys, of which the newer signs.
    for file in before:
        _replace(file, {name: value for name, value in json.loads(file.read_text()).items() if name != "d"})
    return signing_key()


def rotated_set() -> dict[str, list[dict[str, Any]]]:
    """A private JWK set for `SIGNING_KEYS`: a new key that signs, and the public parts of those before. Changes nothing."""
    before = [key.as_dict(private=False) for key in _current().public.values()] if settings.SIGNING_KEYS or _files() else []
    return {"keys": [new_private_key(), *before]}


def public_bytes(key: OKPKey) -> bytes:
    """The 32 bytes of an Ed25519 key's public half."""
    return cast(Ed25519PublicKey, key.public_key).public_bytes_raw()


def new_private_key() -> dict[str, Any]:
    """A new private JWK with its `kid`, `alg`, `use` and the moment it was made (`iat`, milliseconds since 1970)."""
    key = OKPKey.generate_key("Ed25519", private=True)
    made = int(clock.now().timestamp() * 1000)
    return {**key.as_dict(private=True), "kid": key.thumbprint(), "alg": ALGORITHM, "use": "sig", "iat": made}


def _current() -> _KeySet:
    if settings.SIGNING_KEYS:
        return _from_environment(settings.SIGNING_KEYS)
    # Asked at every signature: one look at the folder tells whether anything changed.
    try:
        changed_at = os.stat(settings.SIGNING_KEYS_DIR).st_mtime_ns if settings.SIGNING_KEYS_DIR else 0
    except FileNotFoundError:
        changed_at = 0
    try:
        return _from_folder(settings.SIGNING_KEYS_DIR, changed_at)
    except NoPrivateKey:
        if not settings.GENERATE_SIGNING_KEY or _files():
            raise
    check_may_be_made(Kind.SIGNING, Path(settings.SIGNING_KEYS_DIR or "."))
    # Two processes may do this at the same moment: then there are two keys, the newer signs and both verify.
    _write(new_private_key())
    return _current()


@lru_cache(maxsize=1)
def _from_environment(text: str) -> _KeySet:
    try:
        return _key_set(json.loads(text)["keys"])
    except (ValueError, KeyError, TypeError):
        # The text is a secret: neither it nor the parser's message, which quotes it, may reach a log.
        raise ImproperlyConfigured("SIGNING_KEYS is not a JWK set of Ed25519 keys.") from None


@lru_cache(maxsize=1)
def _from_folder(folder: Path | str | None, changed_at: int) -> _KeySet:
    """`changed_at` is part of the cache's key: a rotation renames files in the folder, which moves its time."""
    return _key_set([json.loads(file.read_text()) for file in _files()])


def _key_set(entries: list[dict[str, Any]]) -> _KeySet:
    private = [entry for entry in entries if "d" in entry]
    if not private:
        raise NoPrivateKey("There is no private key to sign decisions with: set SIGNING_KEYS (manage.py rotate_signing_key --print).")
    newest = max(private, key=lambda entry: entry.get("iat", 0))
    public = {}
    for entry in sorted(entries, key=lambda entry: entry.get("iat", 0)):
        key = OKPKey.import_key({name: value for name, value in entry.items() if name != "d"})
        public[entry.get("kid") or key.thumbprint()] = key
    signing = OKPKey.import_key(newest)
    return _KeySet(SigningKey(newest.get("kid") or signing.thumbprint(), signing), public)


def _folder() -> Path | None:
    return Path(settings.SIGNING_KEYS_DIR) if settings.SIGNING_KEYS_DIR else None


def _files() -> list[Path]:
    folder = _folder()
    return sorted(folder.glob("*.json")) if folder and folder.is_dir() else []


def _write(entry: dict[str, Any]) -> None:
    folder = _folder()
    if folder is None:
        raise ImproperlyConfigured("SIGNING_KEYS_DIR names no folder to keep signing keys in.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _replace(folder / f"{entry['kid']}.json", entry)


def _replace(file: Path, entry: dict[str, Any]) -> None:
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as target:
        json.dump(entry, target)
        target.flush()
        os.fsync(target.fileno())
    unfinished.replace(file)
