"""How people come to the bank, change their place in it, and get in again when a password or a second factor is lost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction

from bankos.platform import actors, sessions
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import User

from .. import governance
from ..decision import Resource
from ..governance import Act, CarriedOut, NotPossible, Permitted
from ..models import Decision
from . import facts, roles, ways_in
from .action_types import FIRST_ADMINISTRATOR, JOIN, MOVE, NO_ROLE, RESET

FIRST_BY = "manage.py first_administrator"
HIGHEST_LINE = 12

_ending: list[Callable[[User, str | None, UUID, datetime], None]] = []


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who is to work here. `role` is None for none yet, `branch` empty for head office, `manager` who they report to."""

    username: str
    name: str
    job_title: str
    role: Role | None
    branch: str = ""
    manager: UUID | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of it: the person's id, once they are let in, and the answer."""

    person_id: UUID
    answer: CarriedOut


def join(newcomer: Newcomer, *, reason: str, actor: Actor, at: datetime) -> Joined:
    """Let a colleague in, once a second person agreed. They cannot sign in before they used their one-time link.

    Raises:
        governance.NotPossible, sentinel.authority.AuthorityError
    """
    person_id = uuid7()
    given = {
        "username": newcomer.username,
        "name": newcomer.name,
        "job_title": newcomer.job_title,
        "role": newcomer.role.value if newcomer.role else NO_ROLE,
        "branch": newcomer.branch,
        "manager": str(newcomer.manager or ""),
        "reason": reason,
    }
    answer = governance.carry_out(actor=actor, action=JOIN.name, resource_id=str(person_id), parameters=given, at=at, note=reason)
    return Joined(person_id, answer)


def move(*, person_id: UUID, branch: str, manager: UUID | None, job_title: str, reason: str, actor: Actor, at: datetime) -> CarriedOut:
    """Change where a person works and whom they report to, once a second person agreed.

    Raises:
        governance.NotPossible, sentinel.authority.AuthorityError
    """
    given = {"branch": branch, "manager": str(manager or ""), "job_title": job_title, "reason": reason}
    return governance.carry_out(actor=actor, action=MOVE.name, resource_id=str(person_id), parameters=given, at=at, note=reason)


def reset_access(*, person_id: UUID, reason: str, actor: Actor, at: datetime) -> CarriedOut:
    """Take password and second factor away and end all sessions, once a second person agreed; a one-time link lets the person in again.

    Raises:
        governance.NotPossible, sentinel.authority.AuthorityError
    """
    return governance.carry_out(
        actor=actor, action=RESET.name, resource_id=str(person_id), parameters={"reason": reason}, at=at, note=reason
    )


def first_administrator(*, username: str, name: str, at: datetime) -> Joined:
    """The first administrator of a bank that has none.

    Raises:
        governance.NotPossible, sentinel.authority.AuthorityError
    """
    person_id = uuid7()
    given = {"username": username, "name": name, "role": Role.ADMINISTRATOR.value}
    answer = governance.carry_out(
        actor=actors.system(FIRST_BY), action=FIRST_ADMINISTRATOR.name, resource_id=str(person_id), parameters=given, at=at
    )
    return Joined(person_id, answer)


def first_administrator_without_a_way_in(username: str, *, at: datetime) -> UUID | None:
    """Whom `first_administrator` made under this name, if their link was never used: it is good again for as long as a new one."""
    user = User.objects.filter(username=username, is_active=True, activated_at=None).first()
    if user is None or facts.settled(Role.ADMINISTRATOR) or not ways_in.renew(user, asked_by=FIRST_BY, at=at):
        return None
    return user.pk


def goes_with(end: Callable[[User, str | None, UUID, datetime], None]) -> None:
    """Register a floor above: `end` ends what a person was given where they worked, by the decision that moves them to this branch, or
    (None) lets them go.
    """
    _ending.append(end)


def end_what_went_with_the_place(user: User, branch: str | None, *, decision_id: UUID, at: datetime) -> None:
    """In the transaction of the decision by which somebody moves to this branch or, with None, leaves."""
    for end in _ending:
        end(user, branch, decision_id, at)


def _to_join(resource_id: str, parameters: Mapping[str, Any], at: datetime) -> Resource:
    _refuse_known(parameters["username"])
    if parameters["role"] != NO_ROLE:
        roles.known(parameters["role"])
    if parameters["manager"]:
        facts.person(parameters["manager"])
    return facts.newcomer(resource_id)


def _join(permitted: Permitted) -> None:
    given = permitted.parameters
    manager = facts.person(str(given["manager"])) if given["manager"] else None
    user = _make(permitted, job_title=str(given["job_title"]), branch_code=str(given["branch"]), manager=manager)
    if given["role"] != NO_ROLE:
        roles.give(user, str(given["role"]), decision_id=permitted.decision.id, at=permitted.at)
    ways_in.open_for(user, decision_id=permitted.decision.id, asked_by=permitted.actor.id, agreed_by=_second(permitted), at=permitted.at)


def _to_be_first(resource_id: str, parameters: Mapping[str, Any], at: datetime) -> Resource:
    _refuse_known(parameters["username"])
    return facts.newcomer(resource_id)


def _be_first(permitted: Permitted) -> None:
    facts.one_at_a_time()
    if facts.newcomer(permitted.resource_id).attributes["administrators"]:
        raise NotPossible("The bank has an administrator.")
    user = _make(permitted, job_title="Administrator")
    roles.give(user, Role.ADMINISTRATOR, decision_id=permitted.decision.id, at=permitted.at)
    ways_in.open_for(user, decision_id=permitted.decision.id, asked_by=FIRST_BY, agreed_by="", at=permitted.at)


def _make(permitted: Permitted, **place: Any) -> User:
    given = permitted.parameters
    user = User(
        id=UUID(permitted.resource_id),
        username=str(given["username"]),
        name=str(given["name"]),
        placed_by=permitted.decision.id,
        date_joined=permitted.at,
        **place,
    )
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise NotPossible("Somebody has this user name already.") from error
    return user


def _refuse_known(username: str) -> None:
    if not username:
        raise NotPossible("A colleague needs a user name.")
    if User.objects.filter(username__iexact=username).exists():
        raise NotPossible("Somebody has this user name already.")


def _to_move(resource_id: str, parameters: Mapping[str, Any], at: datetime) -> Resource:
    user = facts.person(resource_id)
    if parameters["manager"]:
        manager = facts.person(parameters["manager"])
        above = actors.employee(manager).line
        if manager.pk == user.pk or str(user.pk) in above:
            raise NotPossible("Nobody reports to themselves, directly or through others.")
        if len(above) >= HIGHEST_LINE - 1:
            raise NotPossible("That line of reporting is too long.")
    return facts.resource_of(user)


def _move(permitted: Permitted) -> None:
    given, user = permitted.parameters, facts.person(permitted.resource_id)
    if user.branch_code != str(given["branch"]):
        end_what_went_with_the_place(user, str(given["branch"]), decision_id=permitted.decision.id, at=permitted.at)
    user.branch_code = str(given["branch"])
    user.manager = facts.person(str(given["manager"])) if given["manager"] else None
    user.job_title = str(given["job_title"])
    user.placed_by = permitted.decision.id
    user.save(update_fields=["branch_code", "manager", "job_title", "placed_by"])


def _to_reset(resource_id: str, parameters: Mapping[str, Any], at: datetime) -> Resource:
    return facts.resource_of(facts.person(resource_id))


def _reset(permitted: Permitted) -> None:
    user = facts.person(permitted.resource_id)
    close_every_way_in(user, at=permitted.at)
    ways_in.open_for(user, decision_id=permitted.decision.id, asked_by=permitted.actor.id, agreed_by=_second(permitted), at=permitted.at)


def close_every_way_in(user: User, *, at: datetime) -> None:
    """Password, second factor, recovery codes, waiting links and open sessions: nothing lets this person in any more."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user=user).delete()
    ways_in.close_for(user, at=at)
    sessions.end_sessions(user.pk, at=at)


def _second(permitted: Permitted) -> str:
    """The id of who agreed; empty where nobody had to."""
    agreed = Decision.objects.values_list("approvals", flat=True).get(pk=permitted.decision.id)
    return str(agreed[0]["by"]) if agreed else ""


governance.register(JOIN.name, Act(_to_join, _join))
governance.register(MOVE.name, Act(_to_move, _move, concerned=facts.who_it_is_done_to))
governance.register(RESET.name, Act(_to_reset, _reset, concerned=facts.who_it_is_done_to))
governance.register(FIRST_ADMINISTRATOR.name, Act(_to_be_first, _be_first))
