"""One counter for every door that takes a secret: passwords, codes, recovery codes, keys of programs, links of one use.

A try is counted as a failure before the secret is looked at, in the database, and given back when the secret was right: however many
processes and requests try at once, none gets a try more. Four counts of one try decide:

- a device that this account signed in from before (a signed cookie names it) has a count of its own, and no other count holds it back:
  whatever strangers do to an account, its owner signs in at the usual desk;
- everybody else is counted by account and address, by account, by address, and altogether.

Each count lets some failures pass freely; every further one doubles the wait before the next try, up to a quarter of an hour. Nothing is
locked for good, and a wait is answered alike whether the secret was right or not. See docs/decisions for the figures and their grounds.
"""

import ipaddress
import math
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from django.db import connection, transaction

from .models import AttemptCount

log = structlog.get_logger("bankos.attempts")


class TooMany(Exception):
    """No further try now. `wait` is how long; whether the secret was right nobody has looked."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many tries.")
        self.seconds = max(1, math.ceil(wait.total_seconds()))


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` failures cost nothing; then each doubles the wait, from `first_wait` to `longest_wait`. One is forgotten every `forget`."""

    free: int
    first_wait: timedelta
    longest_wait: timedelta
    forget: timedelta


SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

LIMITS: Mapping[str, Limit] = {
    # In the order they are locked, so that no two tries wait for each other.
    "device": Limit(8, 30 * SECOND, 15 * MINUTE, HOUR),
    "pair": Limit(8, 30 * SECOND, 15 * MINUTE, HOUR),
    "account": Limit(20, 30 * SECOND, 15 * MINUTE, HOUR),
    # A branch signs in from one address; whoever mistypes at the usual device does not count here.
    "address": Limit(20, 15 * SECOND, 10 * MINUTE, 3 * MINUTE),
    "everywhere": Limit(100, 2 * SECOND, 2 * MINUTE, 6 * SECOND),
    # Keys of programs are random: nobody finds one by trying. This bounds the noise, and tells of it.
    "secrets": Limit(50, SECOND, 5 * MINUTE, 30 * SECOND),
    # What may be used once: a code of an authenticator app, which stays the same for half a minute.
    "once": Limit(1, 5 * MINUTE, 5 * MINUTE, 5 * MINUTE),
}
CLEARED_AT_ONCE = 20  # forgotten counts that a try takes away: more than it can add, so the table stays small

# `failures` goes down by itself; what is left of it is reckoned when somebody tries. `n` are the failures with this try, `w` the seconds
# to wait for the next one.
_COUNT = """
INSERT INTO platform_attemptcount AS c (key, account, failures, counted_at, open_at, forgotten_at)
SELECT %(key)s, %(account)s, n, %(at)s, %(at)s + nullif(w, 0) * interval '1 second', %(at)s + (n * %(forget)s + w) * interval '1 second'
  FROM (SELECT 1.0 AS n, CASE WHEN %(free)s <= 1 THEN %(first)s ELSE 0.0 END AS w) fresh
ON CONFLICT (key) DO UPDATE
   SET (failures, counted_at, open_at, forgotten_at) = (
       SELECT n, %(at)s, %(at)s + nullif(w, 0) * interval '1 second', %(at)s + (n * %(forget)s + w) * interval '1 second'
         FROM (SELECT n, CASE WHEN ceil(n) < %(free)s THEN 0.0
                              ELSE least(%(first)s * power(2.0, least(ceil(n) - %(free)s, 20)), %(longest)s) END AS w
                 FROM (SELECT extract(epoch FROM %(at)s - c.counted_at)::float8 AS passed) p
                CROSS JOIN LATERAL (SELECT greatest(c.failures - greatest(passed, 0) / %(forget)s, 0) + 1 AS n) s
              ) t)
 WHERE c.open_at IS NULL OR c.open_at <= %(at)s
RETURNING failures
"""
_FORGET = """
DELETE FROM platform_attemptcount WHERE key IN (
    SELECT key FROM platform_attemptcount WHERE forgotten_at < %s ORDER BY forgotten_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_GIVE_BACK = """
UPDATE platform_attemptcount SET failures = greatest(failures - 1, 0), open_at = NULL
 WHERE key IN (SELECT key FROM platform_attemptcount WHERE key = ANY(%(keys)s) ORDER BY array_position(%(keys)s, key::text) FOR UPDATE)
"""


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was counted; a failure unless `succeeded` is called."""

    keys: tuple[str, ...]

    def succeeded(self) -> None:
        """The secret was right: take the failure back. What failed before still counts. Queries: 1."""
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, {"keys": list(self.keys)})


def begin(account: str, *, address: str | None, device: str | None, at: datetime) -> Try:
    """Count a try at an account, before its secret is looked at.

    Args:
        account: the name as it is authenticated, not as somebody spelled it (see `normal`).
        address: where the request comes from (see `bankos.platform.proxies`).
        device: of a device this account signed in from before; None for every other.
    Raises:
        TooMany
    Queries: 2 for a known device, 5 for others.
    """
    who = account_key(account)
    if device is not None:
        keys = {"device": _key("device", who, device)}
    else:
        where = network_of(address)
        keys = {
            "pair": _key("pair", who, where),
            "account": _key("account", who),
            "address": _key("address", where),
            "everywhere": "everywhere",
        }
    with _counted(keys, who, at) as counted:
        return counted


def wrong_secret(*, address: str | None, at: datetime) -> None:
    """Count a secret nobody has: a key, a token or a link. One that is right is let in uncounted.

    Raises:
        TooMany: answer that instead of what is wrong with it.
    """
    with _counted({"secrets": _key("secrets", network_of(address))}, "", at):
        return


def use_once(account: str, what: str, *, at: datetime) -> bool:
    """Whether this is the first use of a code that may be used once. Its own count, for five minutes."""
    who = account_key(account)
    try:
        with _counted({"once": _key("once", who, what)}, "", at):
            return True
    except TooMany:
        return False


def signed_in(account: str, *, address: str | None, device: str | None, at: datetime) -> None:
    """All steps are done: what this account failed at before, on this device or from this address, is forgotten. Queries: 1."""
    who = account_key(account)
    keys = [_key("pair", who, network_of(address)), *([_key("device", who, device)] if device else [])]
    AttemptCount.objects.filter(pk__in=keys).delete()


def waits_until(account: str, *, at: datetime) -> datetime | None:
    """Until when some who try this account have to wait; None if nobody has to. Queries: 1."""
    held = AttemptCount.objects.filter(account=account_key(account), open_at__gt=at).order_by("-open_at")
    return held.values_list("open_at", flat=True).first()


def clear(account: str) -> None:
    """Forget every failure at this account, wherever it came from (see `bankos.console.accounts.unlock`)."""
    AttemptCount.objects.filter(account=account_key(account)).delete()


def normal(name: str) -> str:
    """A name as it is compared: no spelling of it has a count of its own."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def account_key(account: str) -> str:
    """How an account stands in the table: what people type there by mistake is nowhere to be read."""
    return sha256(normal(account).encode("utf-8", "surrogatepass")).hexdigest()


def network_of(address: str | None) -> str:
    """What is counted as one address: of IPv6 the /64 that one household or server has to itself."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))
    return str(found)


def _key(kind: str, *parts: str) -> str:
    return f"{kind}:{sha256(chr(0).join(parts).encode('utf-8', 'surrogatepass')).hexdigest()}"


@contextmanager
def _counted(keys: Mapping[str, str], account: str, at: datetime) -> Iterator[Try]:
    """Count in all of them, or, if one of them has to wait, in none. Raises TooMany."""
    with transaction.atomic(), connection.cursor() as cursor:
        for kind, limit in LIMITS.items():
            if kind not in keys:
                continue
            cursor.execute(
                _COUNT,
                {
                    "key": keys[kind],
                    "account": account if kind in ("device", "pair", "account") else "",
                    "at": at,
                    "free": limit.free,
                    "first": limit.first_wait.total_seconds(),
                    "longest": limit.longest_wait.total_seconds(),
                    "forget": limit.forget.total_seconds(),
                },
            )
            counted = cursor.fetchone()
            if counted is None:
                log.warning("attempts.too_many", kind=kind)
                open_at = AttemptCount.objects.values_list("open_at", flat=True).get(pk=keys[kind])
                raise TooMany((open_at or at) - at)
            if math.ceil(counted[0]) == limit.free and kind != "once":
                log.warning("attempts.limit_reached", kind=kind)
        cursor.execute(_FORGET, [at, CLEARED_AT_ONCE])
    yield Try(tuple(keys.values()))
