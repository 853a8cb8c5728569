"""What the policies may know of a person of the bank, and who the person is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from bankos.platform.actors import OVERSEEING, Role
from bankos.platform.models import RoleMembership, User

from ..action_types import STAFF
from ..actions import NotPossible
from ..catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier
from ..decision import Resource

NO_ROLE = "none"
REASON = {"reason": ParameterKind.TEXT}


def of_person(name: str, title: str, parameters: Mapping[str, ParameterKind], risk: RiskTier) -> ActionType:
    """What is done to a person of the bank, as an action. What gives powers waits a week for a second person."""
    waits: dict[str, timedelta] = {"approval_lifetime": ANSWERED_WITHIN} if risk is RiskTier.HIGH else {}
    return ActionType(name=name, title=title, resource_type=STAFF, parameters=parameters, risk=risk, **waits)


def person(id: str) -> User:
    """Somebody who works here. Raises NotPossible."""
    try:
        return User.objects.get(pk=UUID(id), is_active=True)
    except (User.DoesNotExist, ValueError) as error:
        raise NotPossible("There is no such person at the bank.") from error


def resource_of(user: User, *, loses: frozenset[str] = frozenset()) -> Resource:
    """A person of the bank. `loses` are the roles the act would take away. Queries: 2, and 1 for each of them that oversees."""
    roles = roles_of(user)
    return Resource(
        STAFF,
        str(user.pk),
        {
            "person": str(user.pk),
            "roles": sorted(roles),
            "compliance_officers": settled(Role.COMPLIANCE),
            "leaves_none": any(_is_last(user, role) for role in sorted(loses & roles & OVERSEEING)),
        },
    )


def newcomer(id: str) -> Resource:
    """Somebody who does not work here yet. Queries: 2."""
    return Resource(
        STAFF,
        id,
        {
            "person": id,
            "roles": [],
            "compliance_officers": settled(Role.COMPLIANCE),
            "administrators": _holders(Role.ADMINISTRATOR).count(),
            "leaves_none": False,
        },
    )


def who_it_is_done_to(resource_id: str, parameters: Mapping[str, Any]) -> tuple[str]:
    """Whom an act that gives something concerns besides who asks for it."""
    return (resource_id,)


def roles_of(user: User) -> frozenset[str]:
    """Queries: 1."""
    return frozenset(user.memberships.filter(withdrawn_at=None).values_list("role", flat=True))


def settled(role: Role) -> int:
    """How many people hold a role and have signed in at least once: who never did can agree to nothing."""
    return _holders(role).filter(user__activated_at__isnull=False).count()


def one_at_a_time() -> None:
    """Let acts that take roles away wait for each other, to the end of the transaction: two at once could leave nobody. Queries: 1."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sentinel.people.roles'))")


def refuse_to_leave_none(user: User, roles: frozenset[str]) -> None:
    """Asked again inside the transaction that takes the roles away. Raises NotPossible."""
    for role in sorted(roles & OVERSEEING):
        if _is_last(user, role):
            raise NotPossible(f"This is the bank’s last {Role(role).label.lower()}. Give the role to somebody else first.")


def _is_last(user: User, role: str) -> bool:
    others = _holders(role).exclude(user=user)
    return not others.filter(user__activated_at__isnull=False).exists()


def _holders(role: str):  # type: ignore[no-untyped-def]
    return RoleMembership.objects.filter(role=role, withdrawn_at=None, user__is_active=True)
