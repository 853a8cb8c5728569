"""Policy versions: drafted, activated, retired; read parsed.

A version's text never changes. Going back means drafting an older text again: it gets a new number and the old hash.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from .canonical import content_hash
from .cedar import PolicyInvalid, PolicyText
from .models import PolicyVersion

__all__ = ["ActivePolicy", "NoActivePolicy", "NotADraft", "PolicyInvalid", "TextChanged"]

BANK = "bank"
STARTING_SET = Path(__file__).parent / "policies"


class NoActivePolicy(LookupError):
    """The store has no active version: nothing can be decided."""


class TextChanged(RuntimeError):
    """A stored text does not have the hash it was published with."""


class NotADraft(ValueError):
    """Only a draft can become active."""


@dataclass(frozen=True, slots=True)
class ActivePolicy:
    """The version that decides now."""

    id: UUID
    store: str
    number: int
    sha256: str
    text: PolicyText


def active(store: str = BANK) -> ActivePolicy:
    """The version in force.

    Raises:
        NoActivePolicy, TextChanged
    Queries: 1, and 1 more the first time this process meets the version.
    """
    row = PolicyVersion.objects.filter(store=store, state=PolicyVersion.State.ACTIVE).values_list("id", "store", "number", "sha256").first()
    if row is None:
        raise NoActivePolicy(store)
    return ActivePolicy(*row, text=text_of(row[0], row[3]))


@lru_cache(maxsize=64)
def text_of(version_id: UUID, sha256: str) -> PolicyText:
    """A version's text, parsed; kept for the life of the process, because it never changes.

    Raises:
        PolicyVersion.DoesNotExist, TextChanged
    Queries: 1 the first time, then 0.
    """
    policies, schema = PolicyVersion.objects.values_list("policies", "schema").get(pk=version_id)
    if text_hash(policies, schema) != sha256:
        raise TextChanged(f"policy version {version_id} no longer has the text it was published with")
    return PolicyText.parse(policies, schema)


def text_hash(policies: str, schema: str) -> str:
    """What a version is published as: hex sha256 over the canonical JSON of both texts."""
    return content_hash({"policies": policies, "schema": schema})


def draft(*, policies: str, schema: str, note: str, at: datetime, store: str = BANK) -> PolicyVersion:
    """Keep a new text, checked, under the store's next number.

    Raises:
        PolicyInvalid
    """
    PolicyText.parse(policies, schema)
    with transaction.atomic():
        _lock(store)
        newest = PolicyVersion.objects.filter(store=store).aggregate(newest=Max("number"))["newest"] or 0
        return PolicyVersion.objects.create(
            store=store,
            number=newest + 1,
            policies=policies,
            schema=schema,
            sha256=text_hash(policies, schema),
            note=note,
            created_at=at,
        )


def activate(version_id: UUID, *, at: datetime) -> PolicyVersion:
    """Put a draft in force for every decision from now on; the version in force until now is retired.

    Raises:
        NotADraft
    """
    with transaction.atomic():
        chosen = PolicyVersion.objects.get(pk=version_id)
        _lock(chosen.store)
        chosen.refresh_from_db()
        if chosen.state != PolicyVersion.State.DRAFT:
            raise NotADraft(f"version {chosen.number} is {chosen.state}")
        for before in PolicyVersion.objects.filter(store=chosen.store, state=PolicyVersion.State.ACTIVE):
            before.state, before.retired_at = PolicyVersion.State.RETIRED, at
            before.save()
        chosen.state, chosen.activated_at = PolicyVersion.State.ACTIVE, at
        chosen.save()
    return chosen


def load_starting_set(*, at: datetime) -> PolicyVersion | None:
    """Draft and activate the policies that come with bankos, unless this text has been a version before.

    Returns:
        The new version, or None if there was nothing to do.
    """
    policies, schema = starting_set()
    with transaction.atomic():
        _lock(BANK)
        if PolicyVersion.objects.filter(store=BANK, sha256=text_hash(policies, schema)).exists():
            return None
        return activate(draft(policies=policies, schema=schema, note="Starting set of bankos", at=at).pk, at=at)


def starting_set() -> tuple[str, str]:
    """The policies and the schema as they lie in `sentinel/policies/`."""
    policies = "\n".join(path.read_text(encoding="utf-8") for path in sorted(STARTING_SET.glob("*.cedar")))
    return policies, (STARTING_SET / "bank.cedarschema").read_text(encoding="utf-8")


def _lock(store: str) -> None:
    """Writers of one store take turns, also while it has no version yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"sentinel.policy.{store}"])
