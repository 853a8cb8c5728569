"""The people of the bank as those in charge of them read them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Prefetch, Q

from bankos.platform import sessions
from bankos.platform.actors import OVERSEEING, Actor, Role
from bankos.platform.models import RoleMembership, User
from bankos.platform.sessions import SessionView

from .. import catalogue
from ..action_types import STAFF
from ..models import ApprovalRequest, Decision
from . import ways_in
from .joining import FIRST_BY
from .ways_in import Waiting

LARGEST_LIST = 200
LARGEST_HISTORY = 30


class UnknownPerson(LookupError):
    """There is no such person, or who asks is not in charge of people."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    id: UUID
    name: str
    username: str
    job_title: str
    roles: tuple[str, ...]
    branch: str
    manager: str
    works_here: bool
    settled: bool
    last_login: datetime | None


@dataclass(frozen=True, slots=True)
class RoleHeld:
    """A role somebody holds or held. The decisions are None where it is older than decisions about roles, or still held."""

    role: str
    label: str
    since: datetime
    given_by: UUID | None
    until: datetime | None
    taken_by: UUID | None


@dataclass(frozen=True, slots=True)
class AskedAbout:
    """An act about somebody that waits for a second person; `about` is their name, or the user name of who is not here yet."""

    request_id: UUID
    title: str
    about: str
    asked_by: str
    expires_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class DecisionAbout:
    """What was decided about somebody; `agreed` is the second person, if it took one."""

    id: UUID
    title: str
    outcome: str
    by: str
    agreed: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Givers:
    """Who asked for what a decision gave or took, and who agreed to it: names, empty where nobody had to."""

    asked: str
    agreed: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person with all that hangs on them. `grantable` are the roles they do not hold."""

    row: PersonRow
    manager_id: UUID | None
    roles: tuple[RoleHeld, ...]
    grantable: tuple[Role, ...]
    second_factor: bool
    sessions: tuple[SessionView, ...]
    way_in: Waiting | None
    waiting: tuple[AskedAbout, ...]
    history: tuple[DecisionAbout, ...]


def in_charge(actor: Actor) -> None:
    """Raises UnknownPerson for all but administrators and compliance officers."""
    if not actor.roles & OVERSEEING:
        raise UnknownPerson


def people(*, actor: Actor, text: str = "", gone: bool = False, branches: Collection[str] = ()) -> list[PersonRow]:
    """Who works here, or did, by name; at most `LARGEST_LIST`. Raises UnknownPerson. Queries: 2.

    Args:
        branches: codes of branches; who works there is found, too.
    """
    in_charge(actor)
    named = Q()
    for word in text.split()[:6]:
        named &= Q(name__icontains=word) | Q(username__icontains=word) | Q(job_title__icontains=word) | Q(branch_code__iexact=word)
    found = _rows().filter(named | Q(branch_code__in=branches) if branches else named, is_active=not gone)
    return [_row(user) for user in found.order_by("name", "username")[:LARGEST_LIST]]


def person(person_id: UUID, *, actor: Actor, at: datetime) -> PersonView:
    """Raises UnknownPerson. Queries: 9."""
    in_charge(actor)
    user = _rows().filter(pk=person_id).first()
    if user is None:
        raise UnknownPerson
    held = tuple(_held(one) for one in user.memberships.order_by("-granted_at", "role"))
    now = {one.role for one in held if one.until is None}
    return PersonView(
        row=_row(user),
        manager_id=user.manager_id,
        roles=held,
        grantable=tuple(role for role in Role if role not in now),
        second_factor=Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
        sessions=tuple(sessions.open_sessions(user.pk, at=at)),
        way_in=ways_in.waiting_for(user.pk, viewer=actor, at=at),
        waiting=tuple(waiting(actor=actor, at=at, person_id=user.pk)),
        history=tuple(_history(user.pk)),
    )


def found_by(text: str, *, actor: Actor) -> frozenset[UUID]:
    """The ids of those whose name or user name holds every word, whether they work here or did. Raises UnknownPerson. Queries: 1."""
    in_charge(actor)
    found = User.objects.all()
    for word in text.split()[:6]:
        found = found.filter(Q(name__icontains=word) | Q(username__icontains=word))
    return frozenset(found.order_by("name").values_list("pk", flat=True)[:LARGEST_LIST])


def roles_held(*, actor: Actor, ended: bool = False, of: Collection[UUID] | None = None) -> list[tuple[UUID, str, RoleHeld]]:
    """Who holds which role, or did: id and name of the person with each; at most `LARGEST_LIST`. Raises UnknownPerson. Queries: 1."""
    in_charge(actor)
    rows = RoleMembership.objects.filter(withdrawn_at__isnull=not ended).select_related("user")
    if of is not None:
        rows = rows.filter(user__in=of)
    order = ("-withdrawn_at", "role") if ended else ("user__name", "role")
    return [(row.user_id, row.user.get_full_name(), _held(row)) for row in rows.order_by(*order)[:LARGEST_LIST]]


def waiting(*, actor: Actor, at: datetime, person_id: UUID | None = None) -> list[AskedAbout]:
    """What waits for a second person, about one person or about anybody. Raises UnknownPerson. Queries: 2."""
    in_charge(actor)
    rows = ApprovalRequest.objects.filter(answer=None, expires_at__gt=at, decision__resource_type=STAFF).select_related("decision")
    rows = rows.filter(Q(decision__action__startswith="person.") | Q(decision__action__startswith="role."))
    if person_id is not None:
        rows = rows.filter(decision__resource_id=str(person_id))
    found = list(rows.order_by("expires_at")[:LARGEST_LIST])
    names = _names({row.decision.actor_id for row in found} | {row.decision.resource_id for row in found})
    return [
        AskedAbout(
            row.pk,
            catalogue.get(row.decision.action).title,
            names.get(row.decision.resource_id) or str(row.decision.parameters.get("username", "")),
            names.get(row.decision.actor_id, "Somebody"),
            row.expires_at,
            row.note,
        )
        for row in found
    ]


def whom(ids: Collection[UUID]) -> dict[UUID, str]:
    """Whom these decisions are about, for who may read them: a name, or the user name of who is not here yet. Queries: 2, none for none."""
    rows = list(Decision.objects.filter(pk__in=ids, resource_type=STAFF).only("resource_id", "parameters")) if ids else []
    names = _names({row.resource_id for row in rows}) if rows else {}
    return {row.pk: names.get(row.resource_id) or str(row.parameters.get("username", "")) for row in rows}


def givers(ids: Collection[UUID], *, actor: Actor) -> dict[UUID, Givers]:
    """Who stands behind these decisions, by decision. Raises UnknownPerson. Queries: 2."""
    in_charge(actor)
    rows = list(Decision.objects.filter(pk__in=ids).only("actor_id", "approvals", "issued_at"))
    names = _names({row.actor_id for row in rows} | {one["by"] for row in rows for one in row.approvals})
    return {row.pk: Givers(_asked(row, names), _agreed(row, names), row.issued_at) for row in rows}


def _asked(row: Decision, names: Mapping[str, str]) -> str:
    return "Who set the bank up" if row.actor_id == FIRST_BY else names.get(row.actor_id, row.actor_id)


def _agreed(row: Decision, names: Mapping[str, str]) -> str:
    return ", ".join(names.get(one["by"], "Somebody") for one in row.approvals)


def _history(person_id: UUID) -> list[DecisionAbout]:
    """One line for each act: that it was asked for is left out once it was carried out."""
    about = Decision.objects.filter(resource_type=STAFF, resource_id=str(person_id))
    asked_for = about.filter(approval__isnull=False).values("approval__decision")
    rows = list(about.exclude(pk__in=asked_for).order_by("-id")[:LARGEST_HISTORY])
    names = _names({row.actor_id for row in rows} | {one["by"] for row in rows for one in row.approvals})
    return [
        DecisionAbout(row.pk, catalogue.title_of(row.action), row.outcome, _asked(row, names), _agreed(row, names), row.issued_at)
        for row in rows
    ]


def _names(ids: set[str]) -> dict[str, str]:
    known = []
    for id in ids:
        try:
            known.append(UUID(id))
        except ValueError:  # a system, which says its own name
            continue
    return {str(user.pk): user.get_full_name() for user in User.objects.filter(pk__in=known)}


def _rows():  # type: ignore[no-untyped-def]
    held = Prefetch("memberships", RoleMembership.objects.filter(withdrawn_at=None).order_by("role"), to_attr="held_now")
    return User.objects.select_related("manager").prefetch_related(held)


def _row(user: User) -> PersonRow:
    return PersonRow(
        id=user.pk,
        name=user.get_full_name(),
        username=user.username,
        job_title=user.job_title,
        roles=tuple(Role(one.role).label for one in user.held_now),  # type: ignore[attr-defined] # prefetched
        branch=user.branch_code,
        manager=user.manager.get_full_name() if user.manager else "",
        works_here=user.is_active,
        settled=user.activated_at is not None,
        last_login=user.last_login,
    )


def _held(row: RoleMembership) -> RoleHeld:
    return RoleHeld(row.role, Role(row.role).label, row.granted_at, row.granted_by, row.withdrawn_at, row.withdrawn_by)
