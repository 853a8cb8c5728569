"""How people come to the bank, change their place in it, and get in again when a password or a second factor is lost."""

from collections.abc import Callable
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

from .. import actions
from ..actions import Ask, NotPossible, Permitted, Ran
from ..catalogue import ParameterKind, RiskTier
from ..decision import Resource
from ..models import Decision
from . import facts, roles, ways_in
from .facts import NO_ROLE

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
    answer: Ran


def join(newcomer: Newcomer, *, reason: str, actor: Actor, at: datetime) -> Joined:
    """Let a colleague in, once a second person agreed. They cannot sign in before they used their one-time link.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
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
    answer = actions.run(JOIN, actor=actor, resource_id=str(person_id), parameters=given, at=at, note=reason)
    return Joined(person_id, answer)


def move(*, person_id: UUID, branch: str, manager: UUID | None, job_title: str, reason: str, actor: Actor, at: datetime) -> Ran:
    """Change where a person works and whom they report to, once a second person agreed.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    given = {"branch": branch, "manager": str(manager or ""), "job_title": job_title, "reason": reason}
    return actions.run(MOVE, actor=actor, resource_id=str(person_id), parameters=given, at=at, note=reason)


def reset_access(*, person_id: UUID, reason: str, actor: Actor, at: datetime) -> Ran:
    """Take password and second factor away and end all sessions, once a second person agreed; a one-time link lets the person in again.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    return actions.run(RESET, actor=actor, resource_id=str(person_id), parameters={"reason": reason}, at=at, note=reason)


def first_administrator(*, username: str, name: str, at: datetime) -> Joined:
    """The first administrator of a bank that has none.

    Raises:
        actions.NotPossible, sentinel.authority.AuthorityError
    """
    person_id = uuid7()
    given = {"username": username, "name": name, "role": Role.ADMINISTRATOR.value}
    answer = actions.run(FIRST_ADMINISTRATOR, actor=actors.system(FIRST_BY), resource_id=str(person_id), parameters=given, at=at)
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


def _to_join(asked: Ask) -> Resource:
    _refuse_known(asked.parameters["username"])
    if asked.parameters["role"] != NO_ROLE:
        roles.known(asked.parameters["role"])
    if asked.parameters["manager"]:
        facts.person(asked.parameters["manager"])
    return facts.newcomer(asked.resource_id)


def _join(permitted: Permitted) -> None:
    given = permitted.parameters
    manager = facts.person(str(given["manager"])) if given["manager"] else None
    user = _make(permitted, job_title=str(given["job_title"]), branch_code=str(given["branch"]), manager=manager)
    if given["role"] != NO_ROLE:
        roles.give(user, str(given["role"]), decision_id=permitted.decision.id, at=permitted.at)
    ways_in.open_for(user, decision_id=permitted.decision.id, asked_by=permitted.actor.id, agreed_by=_second(permitted), at=permitted.at)


def _to_be_first(asked: Ask) -> Resource:
    _refuse_known(asked.parameters["username"])
    return facts.newcomer(asked.resource_id)


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


def _to_move(asked: Ask) -> Resource:
    user = facts.person(asked.resource_id)
    if asked.parameters["manager"]:
        manager = facts.person(asked.parameters["manager"])
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


def _to_reset(asked: Ask) -> Resource:
    return facts.resource_of(facts.person(asked.resource_id))


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


JOIN = actions.declare(
    facts.of_person(
        "person.join",
        "Let a new colleague in",
        {
            "username": ParameterKind.NAME,
            "name": ParameterKind.TEXT,
            "job_title": ParameterKind.TEXT,
            "role": ParameterKind.CODE,
            "branch": ParameterKind.NAME,
            "manager": ParameterKind.NAME,
            **facts.REASON,
        },
        RiskTier.HIGH,
    ),
    facts=_to_join,
    effect=_join,
)
MOVE = actions.declare(
    facts.of_person(
        "person.move",
        "Move a colleague",
        {"branch": ParameterKind.NAME, "manager": ParameterKind.NAME, "job_title": ParameterKind.TEXT, **facts.REASON},
        RiskTier.HIGH,
    ),
    facts=_to_move,
    effect=_move,
    concerned=facts.who_it_is_done_to,
)
RESET = actions.declare(
    facts.of_person("person.reset_access", "Give a colleague a new way in", facts.REASON, RiskTier.HIGH),
    facts=_to_reset,
    effect=_reset,
    concerned=facts.who_it_is_done_to,
)
FIRST_ADMINISTRATOR = actions.declare(
    facts.of_person(
        "person.first_administrator",
        "Make the first administrator",
        {"username": ParameterKind.NAME, "name": ParameterKind.TEXT, "role": ParameterKind.CODE},
        RiskTier.HIGH,
    ),
    facts=_to_be_first,
    effect=_be_first,
)
