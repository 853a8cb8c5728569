"""Giving a role and taking one away: acts like any other, decided by the policies. Giving needs two people, taking away one."""

from datetime import datetime
from uuid import UUID

from bankos.platform.actors import Actor, Role
from bankos.platform.models import RoleMembership, User

from .. import actions
from ..actions import Ask, NotPossible, Permitted, Ran
from ..catalogue import ParameterKind, RiskTier
from ..decision import Resource
from . import facts


def grant(*, person_id: UUID, role: Role, reason: str, actor: Actor, at: datetime) -> Ran:
    """Give a person a role, once a second person agreed.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    given = {"role": role.value, "reason": reason}
    return actions.run(GRANT_ROLE, actor=actor, resource_id=str(person_id), parameters=given, at=at, note=reason)


def withdraw(*, person_id: UUID, role: Role, reason: str, actor: Actor, at: datetime) -> Ran:
    """Take a role away, at once. The person's next request is judged without it.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    given = {"role": role.value, "reason": reason}
    return actions.run(WITHDRAW_ROLE, actor=actor, resource_id=str(person_id), parameters=given, at=at)


def give(user: User, role: str, *, decision_id: UUID, at: datetime) -> None:
    """Write down that a person holds a role, by this decision; the database checks that it says so."""
    RoleMembership.objects.create(user=user, role=role, granted_at=at, granted_by=decision_id)


def take(user: User, roles: frozenset[str], *, decision_id: UUID, at: datetime) -> None:
    """End these roles of a person, by this decision. Raises NotPossible: nobody else holds one that somebody must hold."""
    facts.one_at_a_time()
    facts.refuse_to_leave_none(user, roles & facts.roles_of(user))
    user.memberships.filter(role__in=roles, withdrawn_at=None).update(withdrawn_at=at, withdrawn_by=decision_id)


def known(role: str) -> Role:
    """Raises NotPossible."""
    try:
        return Role(role)
    except ValueError as error:
        raise NotPossible("The bank has no such role.") from error


def _to_grant(asked: Ask) -> Resource:
    user, role = facts.person(asked.resource_id), known(asked.parameters["role"])
    resource = facts.resource_of(user)
    if role in resource.attributes["roles"]:
        raise NotPossible(f"{user.name} holds this role already.")
    return resource


def _grant(permitted: Permitted) -> None:
    user = facts.person(permitted.resource_id)
    give(user, str(permitted.parameters["role"]), decision_id=permitted.decision.id, at=permitted.at)


def _to_withdraw(asked: Ask) -> Resource:
    user, role = facts.person(asked.resource_id), known(asked.parameters["role"])
    resource = facts.resource_of(user, loses=frozenset({role}))
    if role not in resource.attributes["roles"]:
        raise NotPossible(f"{user.name} does not hold this role.")
    return resource


def _withdraw(permitted: Permitted) -> None:
    user = facts.person(permitted.resource_id)
    take(user, frozenset({str(permitted.parameters["role"])}), decision_id=permitted.decision.id, at=permitted.at)


GRANT_ROLE = actions.declare(
    facts.of_person("role.grant", "Give a colleague a role", {"role": ParameterKind.CODE, **facts.REASON}, RiskTier.HIGH),
    facts=_to_grant,
    effect=_grant,
    concerned=facts.who_it_is_done_to,
)
WITHDRAW_ROLE = actions.declare(
    facts.of_person("role.withdraw", "Take a role from a colleague", {"role": ParameterKind.CODE, **facts.REASON}, RiskTier.MEDIUM),
    facts=_to_withdraw,
    effect=_withdraw,
)
