"""People, parties and questions for the authority's tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bankos.platform import clock
from bankos.platform.actors import Actor, ActorKind, Role, system
from bankos.platform.ids import uuid7
from sentinel.authority import Decision, Resource, authorize
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

FROM, TO = UUID(int=1), UUID(int=2)
CHECKING = UUID(int=3)

TRANSFER = "transfer.between_own_accounts"
MOVE_DATE = "payment.move_date"
CREDIT = "credit.offer"
PRODUCT = "product.offer"
POSTPONE = "recommendation.postpone"
DECLINE = "recommendation.decline"
CONSENT = "consent.change"
WAIVE = "fee.waive"

_KIND = ParameterKind
ACTION_TYPES = {
    name: ActionType(name, name.capitalize(), "Party", parameters, RiskTier.MEDIUM)
    for name, parameters in {
        TRANSFER: {"from_arrangement": _KIND.UUID, "to_arrangement": _KIND.UUID, "amount": _KIND.MONEY, "currency": _KIND.CURRENCY},
        MOVE_DATE: {"arrangement": _KIND.UUID, "from_day": _KIND.INTEGER, "to_day": _KIND.INTEGER},
        CREDIT: {"product": _KIND.CODE, "amount": _KIND.MONEY, "currency": _KIND.CURRENCY},
        PRODUCT: {"product": _KIND.CODE},
        POSTPONE: {"recommendation": _KIND.UUID, "until": _KIND.DATE},
        DECLINE: {"recommendation": _KIND.UUID, "reason": _KIND.CODE},
        CONSENT: {"purpose": _KIND.CODE, "given": _KIND.CODE, "channel": _KIND.CODE, "notice": _KIND.NAME},
        WAIVE: {"arrangement": _KIND.UUID, "amount": _KIND.MONEY, "currency": _KIND.CURRENCY, "reason": _KIND.CODE},
    }.items()
}

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    TRANSFER: {"from_arrangement": str(FROM), "to_arrangement": str(TO), "amount": "120.00", "currency": "EUR"},
    MOVE_DATE: {"arrangement": str(CHECKING), "from_day": 27, "to_day": 3},
    CREDIT: {"product": "overdraft", "amount": "500.00", "currency": "EUR"},
    PRODUCT: {"product": "savings"},
    POSTPONE: {"recommendation": str(CHECKING), "until": "2026-12-01"},
    DECLINE: {"recommendation": str(CHECKING), "reason": "wrong_moment"},
    CONSENT: {"purpose": "payment_insight", "given": "no", "channel": "any", "notice": ""},
    WAIVE: {"arrangement": str(CHECKING), "amount": "20.00", "currency": "EUR", "reason": "goodwill"},
}


def person(*roles: Role, branch: str | None = "B1", id: UUID | None = None) -> Actor:
    return Actor(ActorKind.EMPLOYEE, str(id or uuid7()), "Somebody", frozenset(roles), branch)


def staff(branch: str | None = "B1") -> Actor:
    return person(Role.BRANCH_STAFF, branch=branch)


def lead(branch: str | None = "B1") -> Actor:
    return person(Role.TEAM_LEAD, branch=branch)


def contact_centre() -> Actor:
    return person(Role.CONTACT_CENTRE, branch=None)


def compliance() -> Actor:
    return person(Role.COMPLIANCE, branch=None)


def insights() -> Actor:
    return system("insights.cashflow")


def agent() -> Actor:
    return Actor(ActorKind.AGENT, "agent-7", "Agent 7", frozenset(["assistant"]))


def customer(party_id: str) -> Actor:
    return Actor(ActorKind.CUSTOMER, party_id, "Ines")


KNOWN = {
    "kind": "person",
    "age_years": 41,
    "days_past_due": 0,
    "consents": ["payment_insight"],
    "branch": "B1",
    "products": ["current"],
}


def party(id: str = "party-1", **facts: Any) -> Resource:
    """A grown-up customer of branch B1, never late, who agreed to payment insight; a fact given as None is unknown."""
    return Resource("Party", id, {name: value for name, value in {**KNOWN, **facts}.items() if value is not None})


def parameters(action: str, **changed: Any) -> dict[str, Any]:
    return {**PARAMETERS[action], **changed}


def ask(actor: Actor | None = None, action: str = TRANSFER, resource: Resource | None = None, **given: Any) -> Decision:
    """The authority's answer, now, to a question of which only what matters is said; `amount=…` changes a parameter."""
    known = {name: given.pop(name) for name in list(given) if name in ACTION_TYPES[action].parameters}
    return authorize(
        actor=actor or staff(),
        action=action,
        resource=resource or party(),
        parameters=parameters(action, **known),
        at=given.pop("at", None) or clock.now(),
        **given,
    )


def use_of(decision: Decision, **changed: Any) -> dict[str, Any]:
    """The arguments that use a permit for exactly what it was given for."""
    return {
        "action": decision.action,
        "resource_type": decision.resource.type,
        "resource_id": decision.resource.id,
        "parameters": decision.parameters,
        "at": clock.now(),
    } | changed


SOME_DAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def forget(subject: tuple[str, str], *, decision_id: UUID) -> None:
    """Destroy a subject's context keys past the guards, as if it had been erased."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(
            "UPDATE sentinel_contextkey SET wrapped = NULL, erased_at = now(), erased_by = %s"
            " WHERE (subject_type, subject_id) = (%s, %s) AND erased_at IS NULL",
            [decision_id, *subject],
        )
        cursor.execute("SET LOCAL ROLE bankos_app")
