"""Encrypting what must be forgettable: data keys, one for each subject, wrapped by the bank's master key (envelope encryption).

AES-256-GCM (NIST SP 800-38D) for both. Two homes of the master keys: a folder with one key a file (`MASTER_KEYS_DIR`), or the
environment (`MASTER_KEYS`: base64, separated by commas), which wins. The first of the environment, or the newest file, wraps; all unwrap.
"""

import os
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .keys import KeysAreInTheEnvironment, Kind, check_may_be_made

KEY_BYTES = 32
NONCE_BYTES = 12
NAME_BYTES = 4


class Unreadable(Exception):
    """Not encrypted with this key, or changed since."""


def new_data_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def encrypt(key: bytes, content: bytes, *, bound_to: bytes) -> bytes:
    """Nonce and ciphertext. It can only be read again together with `bound_to`, so that it cannot be moved elsewhere."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to)


def decrypt(key: bytes, cipher: bytes, *, bound_to: bytes) -> bytes:
    """Raises Unreadable."""
    try:
        return AESGCM(key).decrypt(cipher[:NONCE_BYTES], cipher[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error


def wrap(data_key: bytes) -> bytes:
    """The data key encrypted with the master key in force, whose name goes before it."""
    master = _masters()[0]
    return _name(master) + encrypt(master, data_key, bound_to=b"data key")


@lru_cache(maxsize=20_000)
def unwrap(wrapped: bytes) -> bytes:
    """The data key again. Kept in memory by its wrapped form, so that a key whose wrapped form is erased is not found any more.

    Raises:
        Unreadable: no master key of this name, or not wrapped by it.
    """
    name, cipher = wrapped[:NAME_BYTES], wrapped[NAME_BYTES:]
    for master in _masters():
        if _name(master) == name:
            return decrypt(master, cipher, bound_to=b"data key")
    raise Unreadable(f"no master key {name.hex()}")


def is_current(wrapped: bytes) -> bool:
    """Whether it is wrapped by the master key in force."""
    return wrapped[:NAME_BYTES] == _name(_masters()[0])


def rotate() -> None:
    """Wrap with a new master key from now on; the old ones still unwrap. Running processes notice by themselves.

    Raises:
        KeysAreInTheEnvironment
    """
    if settings.MASTER_KEYS:
        raise KeysAreInTheEnvironment
    folder = _folder()
    newest = max((int(file.stem) for file in folder.glob("*.key")), default=0)
    _write(folder, newest + 1)


def new_master_key() -> str:
    """For `MASTER_KEYS`: 32 random bytes in base64."""
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _name(master: bytes) -> bytes:
    return sha256(b"bankos master key" + master).digest()[:NAME_BYTES]


def _masters() -> tuple[bytes, ...]:
    if settings.MASTER_KEYS:
        return _from_environment(settings.MASTER_KEYS)
    folder = _folder()
    if settings.GENERATE_SIGNING_KEY and not any(folder.glob("*.key")):
        check_may_be_made(Kind.MASTER, folder)
        _write(folder)
    return _from_folder(folder, folder.stat().st_mtime_ns if folder.is_dir() else 0)


def _folder() -> Path:
    if not settings.MASTER_KEYS_DIR:
        raise ImproperlyConfigured("Set MASTER_KEYS (base64 of 32 bytes, see docs/operations.md) or MASTER_KEYS_DIR.")
    return Path(settings.MASTER_KEYS_DIR)


@lru_cache(maxsize=1)
def _from_environment(text: str) -> tuple[bytes, ...]:
    try:
        keys = tuple(b64decode(part, validate=True) for part in text.split(","))
    except NotBase64:
        keys = ()
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ImproperlyConfigured("MASTER_KEYS is not a list of 32-byte keys in base64.")
    return keys


@lru_cache(maxsize=1)
def _from_folder(folder: Path, changed_at: int) -> tuple[bytes, ...]:
    files = sorted(folder.glob("*.key"), reverse=True)
    if not files:
        raise ImproperlyConfigured(f"There is no master key in {folder}.")
    return tuple(b64decode(file.read_text()) for file in files)


def _write(folder: Path, number: int = 1) -> None:
    """Of two processes that do this at the same moment one finds the other's key in place and uses it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = folder / f".{secrets.token_hex(8)}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as target:
        target.write(new_master_key())
        target.flush()
        os.fsync(target.fileno())
    try:
        os.link(unfinished, folder / f"{number:04}.key")
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
