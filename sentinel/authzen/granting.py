"""Who answers for a store, and which programs may ask or change it: acts like any other, decided by the bank's policies and kept.

To make somebody answer for a store, or let a program change one, takes two people. A secret is made once, and shown to who asked for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bankos.platform import bearer
from bankos.platform.actors import Actor
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from sentinel import actions, approvals
from sentinel.action_types import STORE
from sentinel.actions import Ask, NotPossible, Permitted, Ran
from sentinel.catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier
from sentinel.decision import Resource
from sentinel.models import PolicyStore, StoreClient
from sentinel.policy import BANK

from .access import MARK, MOST_PER_MINUTE, PER_MINUTE, UnknownClient

TO_MAKE_A_SECRET = timedelta(days=1)
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a program that was to ask: `carried` says whether it may."""

    client_id: UUID
    carried: Ran


def assign(store: str, *, title: str, owner: UUID | None, reason: str, actor: Actor, at: datetime) -> Ran:
    """Say what a store is called and who answers for it; makes it if there is none. Without policies it refuses every evaluation.

    Raises:
        NotPossible, sentinel.authority.AuthorityError
    """
    given = {
        "title": _said(title, "what the store is called", 120),
        "owner": str(owner or ""),
        "reason": _said(reason, "why", LONGEST_REASON),
    }
    return actions.run(ASSIGN_STORE, actor=actor, resource_id=store, parameters=given, at=at, note=given["reason"])


def let_ask(store: str, *, name: str, manages: bool, reason: str, actor: Actor, at: datetime, per_minute: int = PER_MINUTE) -> Asked:
    """Let a program ask a store, or also change it (`manages`). Its secret is made by `make_secret`.

    Args:
        per_minute: evaluations; a search counts as ten, each item of a batch as one.
    Raises:
        NotPossible, sentinel.authority.AuthorityError
    """
    client_id = uuid7()
    given = {
        "client": str(client_id),
        "name": _said(name, "what the program is called", 120),
        "manages": "yes" if manages else "no",
        "per_minute": per_minute,
        "reason": _said(reason, "why", LONGEST_REASON),
    }
    carried = actions.run(LET_ASK, actor=actor, resource_id=store, parameters=given, at=at, note=str(given["reason"]))
    return Asked(client_id, carried)


def make_secret(store: str, client_id: UUID, *, actor: Actor, at: datetime) -> tuple[StoreClient, str]:
    """The secret of a program that was let in, which nobody can read again: once, by who asked for it, within a day. Queries: 2.

    Raises:
        UnknownClient: also when it is not this person's to make, or not any more.
    """
    secret = bearer.new_secret(MARK)
    waiting = to_make(store, actor=actor, at=at).filter(pk=client_id)
    if not waiting.update(secret_sha256=bearer.hash_of(secret)):
        raise UnknownClient(client_id)
    return StoreClient.objects.get(pk=client_id), secret


def to_make(store: str, *, actor: Actor, at: datetime) -> Any:
    """The clients whose secret this person may make now."""
    return StoreClient.objects.filter(store__name=store, asked_by=actor.user_id, secret_sha256=None, secret_until__gt=at, revoked_at=None)


def revoke(store: str, client_id: UUID, *, actor: Actor, at: datetime) -> Ran:
    """Take the right to ask from a client; the next request with its secret is refused.

    Raises:
        UnknownClient, sentinel.authority.AuthorityError
    """
    if not _living(store).filter(pk=client_id).exists():
        raise UnknownClient(client_id)
    given = {"client": str(client_id)}
    return actions.run(REVOKE_CLIENT, actor=actor, resource_id=store, parameters=given, at=at)


def waiting(store: str, *, at: datetime) -> list[approvals.Waiting]:
    """What was asked of a store and waits for a second person, the oldest first. Queries: 2."""
    return approvals.waiting_about(STORE, [store], at=at)


def _said(text: str, what: str, longest: int) -> str:
    said = text.strip()
    if not said or len(said) > longest:
        raise NotPossible(f"Say {what}, in up to {longest} characters.")
    return said


def _living(store: str) -> Any:
    return StoreClient.objects.filter(store__name=store, revoked_at=None)


def _store(name: str) -> PolicyStore:
    """Raises NotPossible."""
    found = PolicyStore.objects.filter(name=name).first()
    if found is None:
        raise NotPossible("There is no such policy store.")
    return found


def _resource(name: str, owner: UUID | None, *, gives: bool) -> Resource:
    return Resource(STORE, name, {"gives": gives, **({"owner": str(owner)} if owner else {})})


def _to_assign(asked: Ask) -> Resource:
    if asked.resource_id == BANK:
        raise NotPossible("For the bank’s own policies compliance answers, and two people put each version in force.")
    found = PolicyStore.objects.filter(name=asked.resource_id).first()
    before, owner = found.owner_id if found else None, asked.parameters["owner"]
    if owner and not User.objects.filter(pk=owner, is_active=True).exists():
        raise NotPossible("Who answers for a policy store works at the bank.")
    return _resource(asked.resource_id, before, gives=owner not in ("", str(before)))


def _assign(permitted: Permitted) -> None:
    said = {
        "title": permitted.parameters["title"],
        "owner_id": permitted.parameters["owner"] or None,
        "decision_id": permitted.decision.id,
    }
    PolicyStore.objects.update_or_create(name=permitted.resource_id, defaults=said, create_defaults={**said, "created_at": permitted.at})


def _to_let_ask(asked: Ask) -> Resource:
    if not 1 <= asked.parameters["per_minute"] <= MOST_PER_MINUTE:
        raise NotPossible(f"A program asks between once and {MOST_PER_MINUTE:,} times a minute.")
    return _resource(asked.resource_id, _store(asked.resource_id).owner_id, gives=asked.parameters["manages"] != "no")


def _let_ask(permitted: Permitted) -> None:
    given = permitted.parameters
    StoreClient.objects.create(
        id=UUID(str(given["client"])),
        store_id=permitted.resource_id,
        name=given["name"],
        may_manage=given["manages"] == "yes",
        per_minute=given["per_minute"],
        created_at=permitted.at,
        asked_by_id=permitted.actor.user_id,
        secret_until=permitted.at + TO_MAKE_A_SECRET,
        decision_id=permitted.decision.id,
    )


def _to_revoke(asked: Ask) -> Resource:
    return _resource(asked.resource_id, _store(asked.resource_id).owner_id, gives=False)


def _revoke(permitted: Permitted) -> None:
    if not _living(permitted.resource_id).filter(pk=str(permitted.parameters["client"])).update(revoked_at=permitted.at):
        raise NotPossible("The program may not ask any more already.")


def _new_owner(name: str, parameters: Mapping[str, Any]) -> list[str]:
    """Who gets a store, and who hands it on."""
    before = PolicyStore.objects.filter(name=name).values_list("owner_id", flat=True).first()
    return sorted({str(one) for one in (before, parameters["owner"]) if one})


def _owner(name: str, parameters: Mapping[str, Any]) -> list[str]:
    return [str(owner) for owner in PolicyStore.objects.filter(name=name).values_list("owner_id", flat=True) if owner]


ASSIGN_STORE = actions.declare(
    ActionType(
        name="store.assign",
        title="Say who answers for a policy store",
        resource_type=STORE,
        parameters={"title": ParameterKind.TEXT, "owner": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_to_assign,
    effect=_assign,
    concerned=_new_owner,
)
LET_ASK = actions.declare(
    ActionType(
        name="store.client",
        title="Let a program ask a policy store",
        resource_type=STORE,
        parameters={
            "client": ParameterKind.UUID,
            "name": ParameterKind.TEXT,
            "manages": ParameterKind.CODE,
            "per_minute": ParameterKind.INTEGER,
            "reason": ParameterKind.TEXT,
        },
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_to_let_ask,
    effect=_let_ask,
    concerned=_owner,
)
REVOKE_CLIENT = actions.declare(
    ActionType(
        name="store.revoke",
        title="Take the secret of a program that asks a policy store",
        resource_type=STORE,
        parameters={"client": ParameterKind.UUID},
        risk=RiskTier.MEDIUM,
    ),
    facts=_to_revoke,
    effect=_revoke,
)
