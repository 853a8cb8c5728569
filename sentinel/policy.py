"""Policy versions: drafted, activated, retired; read parsed.

A version's text never changes. Going back means drafting an older text again: it gets a new number and the old hash.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from bankos.platform.actors import Actor, system

from .action_types import ACTIVATE_POLICY, POLICY
from .canonical import content_hash
from .cedar import Outcome, PolicyInvalid, PolicyText
from .claims import signed_claims
from .decision import Resource
from .models import Decision, PolicyStore, PolicyVersion
from .models.stores import BANK
from .rules import FIRST_POLICIES, Rule
from .tokens import TokenInvalid

__all__ = ["BANK", "ActivePolicy", "NoActivePolicy", "NotADraft", "NotDecided", "PolicyInvalid", "TextChanged"]

State = PolicyVersion.State
STARTING_SET = Path(__file__).parent / "policies"


class NoActivePolicy(LookupError):
    """The store has no active version: nothing can be decided."""


class TextChanged(RuntimeError):
    """A stored text does not have the hash it was published with."""


class NotADraft(ValueError):
    """Only a draft, or a version that waits for its moment, can become active."""


class NotDecided(ValueError):
    """No signed decision lets this version come into force."""


@dataclass(frozen=True, slots=True)
class ActivePolicy:
    """The version that decides now."""

    id: UUID
    store: str
    number: int
    sha256: str
    text: PolicyText


@dataclass(frozen=True, slots=True)
class Head:
    """A version without its texts."""

    id: UUID
    store: str
    number: int
    sha256: str
    note: str
    state: str


def active(store: str = BANK) -> ActivePolicy:
    """The version in force.

    Raises:
        NoActivePolicy, TextChanged
    Queries: 1, and 1 more the first time this process meets the version.
    """
    found = PolicyVersion.objects.filter(store__name=store, state=State.ACTIVE)
    row = found.values_list("id", "store__name", "number", "sha256").first()
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
    policies, schema, examples = PolicyVersion.objects.values_list("policies", "schema", "examples").get(pk=version_id)
    if text_hash(policies, schema, examples) != sha256:
        raise TextChanged(f"policy version {version_id} no longer has the text it was published with")
    return PolicyText.parse(policies, schema)


def head_of(version_id: UUID) -> Head:
    """A version without its texts. Queries: 1.

    Raises:
        PolicyVersion.DoesNotExist
    """
    return Head(*PolicyVersion.objects.values_list("id", "store__name", "number", "sha256", "note", "state").get(pk=version_id))


def newest_in_force(store: str, *, before: datetime) -> int | None:
    """The number of the version that was in force at a moment. Queries: 1."""
    came = PolicyVersion.objects.filter(store__name=store, activated_at__lte=before).order_by("-activated_at")
    return came.values_list("number", flat=True).first()


def text_hash(policies: str, schema: str, examples: str) -> str:
    """What a version is published as: hex sha256 over the canonical JSON of its three texts."""
    return content_hash({"policies": policies, "schema": schema, "examples": examples})


def draft(
    *, policies: str, schema: str, note: str, at: datetime, examples: str = "", store: str = BANK, drafted_by: str = ""
) -> PolicyVersion:
    """Keep a new text, checked, under the store's next number.

    Raises:
        PolicyInvalid
    """
    PolicyText.parse(policies, schema)
    with transaction.atomic():
        lock(store)
        newest = PolicyVersion.objects.filter(store__name=store).aggregate(newest=Max("number"))["newest"] or 0
        return PolicyVersion.objects.create(
            store_id=store,
            number=newest + 1,
            policies=policies,
            schema=schema,
            examples=examples,
            sha256=text_hash(policies, schema, examples),
            note=note,
            drafted_by=drafted_by,
            created_at=at,
        )


def activate(version_id: UUID, *, at: datetime, decision_id: UUID | None) -> PolicyVersion:
    """Put a version in force for every decision from now on; the version in force until now is retired.

    Who may do that, and when, is not asked here: see `sentinel.policy_changes`. That somebody was asked is made sure of.

    Args:
        decision_id: the permit to put exactly this text in force, signed by the bank and used up.
    Raises:
        NotADraft: it is in force, was, or was refused.
        NotDecided
    """
    with transaction.atomic():
        chosen = PolicyVersion.objects.select_related("store").get(pk=version_id)
        lock(chosen.store.name)
        chosen.refresh_from_db()
        if chosen.state not in (State.DRAFT, State.SCHEDULED):
            raise NotADraft(f"version {chosen.number} is {chosen.state}")
        _must_be_decided(chosen, decision_id, at)
        for before in PolicyVersion.objects.filter(store=chosen.store, state=State.ACTIVE):
            before.state, before.retired_at = State.RETIRED, at
            before.save()
        chosen.state, chosen.activated_at, chosen.activation_decision_id = State.ACTIVE, at, decision_id
        chosen.save()
    return chosen


def _must_be_decided(version: PolicyVersion, decision_id: UUID | None, at: datetime) -> None:
    """Raises NotDecided: what a row says of itself is no decision."""
    texts = [f"policy_version__{text}" for text in ("policies", "schema", "examples")]
    rows = Decision.objects.select_related("policy_version", "consumption").defer(*texts)
    row = rows.filter(pk=decision_id).first() if decision_id else None
    if row is None or not hasattr(row, "consumption"):
        raise NotDecided(f"nobody was permitted to put version {version.number} in force")
    try:
        claims = signed_claims(row)
    except TokenInvalid as error:
        raise NotDecided(f"what permits version {version.number} does not hold: {error}") from error
    [asked] = claims["authorization_details"]
    begins = asked["parameters"].get("from")
    if (
        (claims["outcome"], claims["policy"]["store"], asked["type"]) != (Outcome.PERMIT, BANK, ACTIVATE_POLICY.name)
        or asked["resource"] != {"type": POLICY, "id": str(version.pk)}
        or asked["parameters"] != {"version": str(version.pk), "sha256": version.sha256, "from": begins}
        or (begins and datetime.fromisoformat(begins) > at)
    ):
        raise NotDecided(f"what was permitted is not to put version {version.number} in force")


def load_starting_set(*, at: datetime) -> PolicyVersion | None:
    """Draft the policies that come with bankos, unless this text has been a version before; the bank's first version is put in force too.

    Once the bank has policies a new set from bankos is a draft like any other: people of the bank look at it and agree, or do not.

    Returns:
        The new version, in force or as a draft, or None if there was nothing to do.
    """
    texts = starting_set()
    with transaction.atomic():
        lock(BANK)
        PolicyStore.objects.get_or_create(name=BANK, defaults={"title": "The bank", "created_at": at})
        if PolicyVersion.objects.filter(store__name=BANK, sha256=text_hash(*texts)).exists():
            return None
        drafted = draft(policies=texts.policies, schema=texts.schema, examples=texts.examples, note="Starting set of bankos", at=at)
        if drafted.number > 1:
            return drafted
        decision_id = permit_by_itself(drafted, FIRST_POLICIES, actor=system("bankos"), at=at)
        return activate(drafted.pk, at=at, decision_id=decision_id)


def permit_by_itself(version: PolicyVersion, rule: Rule, *, actor: Actor, at: datetime) -> UUID:
    """The decision that lets a version come into force where no policy can be asked: the bank's first ones, and those of other stores."""
    from . import authority  # which asks this module what is in force

    decision = authority.permit_beyond_policies(
        rule,
        actor=actor,
        action=ACTIVATE_POLICY.name,
        resource=Resource(POLICY, str(version.pk), {"store": version.store_id, "examples_hold": True, "impact_seen": False}),
        parameters={"version": str(version.pk), "sha256": version.sha256, "from": ""},
        at=at,
    )
    return decision.id


class Texts(NamedTuple):
    """What a version is made of."""

    policies: str
    schema: str
    examples: str


def starting_set() -> Texts:
    """The policies, their schema and their examples as they lie in `sentinel/policies/`."""
    return Texts(
        "\n".join(path.read_text(encoding="utf-8") for path in sorted(STARTING_SET.glob("*.cedar"))),
        (STARTING_SET / "bank.cedarschema").read_text(encoding="utf-8"),
        (STARTING_SET / "examples.json").read_text(encoding="utf-8"),
    )


def lock(store: str) -> None:
    """Writers of one store's versions take turns until their transaction ends, also while it has no version yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"sentinel.policy.{store}"])
