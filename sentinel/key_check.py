"""Do the keys this process has open what the database holds? A key that is merely there may be another bank's.

Asked before the first act: by `manage.py check_keys` and `start`, by web and workers as they begin, and by `/readyz` each time. While the
answer is no, nothing is decided: with another signing key the log would go on under a name nobody knows, and without the master
key what decisions rest on can be neither read nor written.
"""

from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from bankos.platform import health, keys, roles, vault

from . import tokens
from .errors import KeysMissing
from .models import Checkpoint, ContextKey, Decision
from .transparency import checkpoints

# So many of the newest are looked at, and one that fits is enough: a single damaged row is damage, not a lost key.
NEWEST = 5

_missing: list[str] = []


def problems() -> list[str]:
    """What does not fit, each a sentence that says what to restore; also kept for `require`. Queries: 3."""
    global _missing
    _missing = [*_signing(), *_master()]
    return _missing


def require() -> None:
    """Asks nothing: what the last look found counts.

    Raises:
        KeysMissing
    """
    if _missing:
        raise KeysMissing(" ".join(_missing))


def look_as_this_process_begins() -> None:
    """A database that does not answer is no reason: readiness tells of it, and the next look finds out."""

    def look() -> None:
        try:
            problems()
        except DatabaseError:
            return
        finally:
            roles.close_connection()  # a process that forks later must not hand it on

    with ThreadPoolExecutor(max_workers=1) as apart:  # Django asks no database in the thread of an event loop
        apart.submit(look).result()


def _signing() -> list[str]:
    signed = list(Decision.objects.order_by("-leaf_index").values_list("token", flat=True)[:NEWEST])
    roots = list(Checkpoint.objects.order_by("-size")[:NEWEST])
    try:
        if not signed and not roots:
            return []
        keys.signing_key()
        if signed and not any(map(_verifies, signed)):
            return [f"No signing key here made the newest decisions (they name the key {_key_id(signed[0])}): {_restore_signing()}"]
        if roots and not any(checkpoints.of(root).holds for root in roots):
            return [f"No signing key here made the newest checkpoints of the log: {_restore_signing()}"]
    except ImproperlyConfigured as error:
        return [f"{error}".rstrip(".") + f": {_restore_signing()}"]
    return []


def _master() -> list[str]:
    wrapped = ContextKey.objects.filter(wrapped__isnull=False).order_by("-pk").values_list("wrapped", flat=True)[:NEWEST]
    newest = [bytes(one) for one in wrapped if one is not None]
    try:
        if not newest or any(map(_unwraps, newest)):
            return []
    except ImproperlyConfigured as error:
        return [f"{error}".rstrip(".") + f": {_restore_master()}"]
    return [f"No master key here opens the customers' keys: {_restore_master()}"]


def _restore_signing() -> str:
    return f"restore {'SIGNING_KEYS' if settings.SIGNING_KEYS else settings.SIGNING_KEYS_DIR} from the backup."


def _restore_master() -> str:
    return f"restore {'MASTER_KEYS' if settings.MASTER_KEYS else settings.MASTER_KEYS_DIR} from the backup."


def _verifies(token: str) -> bool:
    try:
        tokens.read_any(token)
    except tokens.TokenInvalid:
        return False
    return True


def _key_id(token: str) -> str:
    try:
        return tokens.key_id(token)
    except Exception:
        return "?"


def _unwraps(wrapped: bytes) -> bool:
    try:
        vault.unwrap.__wrapped__(wrapped)  # not from memory: the key may be gone since
    except vault.Unreadable:
        return False
    return True


def _exists(table: str, condition: str = "true") -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        if not cursor.fetchone()[0]:
            return False  # a database that is being made
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table} WHERE {condition})")  # noqa: S608 - our own words
        return bool(cursor.fetchone()[0])


def _ready() -> None:
    if found := problems():
        raise health.NotReady(" ".join(found))


def register() -> None:
    """Called once, as the apps are ready."""
    keys.made_only_unless(keys.Kind.SIGNING, lambda: _exists("sentinel_decision") or _exists("sentinel_checkpoint"))
    keys.made_only_unless(keys.Kind.MASTER, lambda: _exists("sentinel_contextkey", "wrapped IS NOT NULL"))
    health.also_check("keys", _ready)
