"""Who may see the customers of a branch, a team or a portfolio, and who is listed in a circle: given and taken by decisions.

A row that lets somebody see is never taken away, it ends; the database takes none without a decision that permits just this
(migration 0023), and keeps what was before.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import Count, Q

from bankos.platform import clock
from bankos.platform.actors import OVERSEEING, Actor, Role
from bankos.platform.models import User
from sentinel import actions, approvals, authority
from sentinel.actions import Ask, NotPossible, Permitted, Ran
from sentinel.catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier
from sentinel.people import joining, reading

from ..models import (
    Branch,
    BranchGroupPermission,
    BranchUserPermission,
    Circle,
    CircleGroupPermission,
    CircleUserPermission,
    PartyUserPermission,
    Portfolio,
    PortfolioGroupPermission,
    PortfolioUserPermission,
    Team,
    TeamGroupPermission,
    TeamUserPermission,
    VisibilityChange,
)
from ..models.parties import VIEW_CUSTOMERS
from .action_types import ACCESS_LIST

LONGEST_REASON = 200
GROUP = "group-"


class NotInCharge(LookupError):
    """Who sees whom is the administrators' business; to everybody else there is nothing to see here."""


class UnknownList(LookupError):
    """There is no such branch, team, portfolio or circle."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of list: the customers of a `list`, and the tables of who may see them."""

    label: str
    plural: str
    list: type[models.Model]
    persons: type[models.Model]
    groups: type[models.Model]


KINDS: Mapping[str, Kind] = {
    "branch": Kind("branch", "Branches", Branch, BranchUserPermission, BranchGroupPermission),
    "team": Kind("team", "Teams", Team, TeamUserPermission, TeamGroupPermission),
    "portfolio": Kind("portfolio", "Portfolios", Portfolio, PortfolioUserPermission, PortfolioGroupPermission),
    "circle": Kind("circle", "Circles of protected customers", Circle, CircleUserPermission, CircleGroupPermission),
}


@dataclass(frozen=True, slots=True)
class ListView:
    """`people` counts who may see its customers now, groups as one."""

    kind: str
    id: UUID
    code: str
    name: str
    people: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Who may see: a person, or all people with a role. `holder` names them; without `until` for good.

    `asked` and `agreed` are the names of who asked for it, and of the second person, if it took one.
    """

    holder: str
    name: str
    since: datetime
    until: datetime | None
    reason: str
    decision_id: UUID | None
    asked: str = ""
    agreed: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """That somebody may see customers, or could: by a list, as who manages a portfolio, or one customer, who is not named.

    `person_id` is None for everybody of a group, `list_id` for one customer, `since` where only the decision says it.
    """

    person_id: UUID | None
    person: str
    whom: str
    kind: str
    list_id: UUID | None
    since: datetime | None
    until: datetime | None
    reason: str
    decision_id: UUID | None


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed, when, and by which decision; `change` in words."""

    at: datetime
    change: str
    decision_id: UUID | None


def in_charge(actor: Actor) -> None:
    """Raises NotInCharge."""
    if Role.ADMINISTRATOR not in actor.roles:
        raise NotInCharge


def lists(kind: str, *, actor: Actor, at: datetime) -> list[ListView]:
    """All of one kind, by name. Raises NotInCharge. Queries: 1."""
    in_charge(actor)
    named = KINDS[kind]
    counts = {
        name: Count(model._meta.model_name, filter=_in_force(at, f"{model._meta.model_name}__"), distinct=True)
        for name, model in (("persons", named.persons), ("groups", named.groups))
    }
    rows: Any = named.list._default_manager.annotate(**counts).order_by("name")
    return [ListView(kind, row.pk, row.code, row.name, row.persons + row.groups) for row in rows]


def list_of(kind: str, list_id: UUID, *, actor: Actor) -> ListView:
    """One of them. Raises NotInCharge, UnknownList. Queries: 1."""
    in_charge(actor)
    row = _row(kind, list_id)
    return ListView(kind, row.pk, row.code, row.name, 0)


def name_of(kind: str, list_id: UUID) -> str:
    """What a list is called, for who has to agree to something about it. Raises UnknownList. Queries: 1."""
    return str(_row(kind, list_id).name)


def holders(kind: str, list_id: UUID, *, actor: Actor, at: datetime) -> list[Holder]:
    """Who may see its customers now, by name. Raises NotInCharge. Queries: 4."""
    in_charge(actor)
    named = KINDS[kind]
    persons: Any = named.persons._default_manager.filter(_in_force(at), content_object=list_id).select_related("user")
    groups: Any = named.groups._default_manager.filter(_in_force(at), content_object=list_id).select_related("group")
    found = [Holder(str(row.user_id), row.user.name, row.given_at, row.until, row.reason, row.decision_id) for row in persons]
    found += [
        Holder(f"{GROUP}{row.group_id}", f"Everybody in {row.group.name}", row.given_at, row.until, row.reason, row.decision_id)
        for row in groups
    ]
    behind = reading.givers([one.decision_id for one in found if one.decision_id], actor=actor)
    known = [
        replace(one, asked=behind[one.decision_id].asked, agreed=behind[one.decision_id].agreed) if one.decision_id in behind else one
        for one in found
    ]
    return sorted(known, key=lambda one: one.name)


def sights(*, actor: Actor, at: datetime, ended: bool = False, of: Collection[UUID] | None = None, limit: int = 200) -> list[Sight]:
    """Who may see which customers, or could, by which decision; for administrators and compliance officers. Of each kind at most `limit`.

    Raises NotInCharge. Queries: 10, and 5 of these people.
    """
    if not actor.roles & OVERSEEING:
        raise NotInCharge
    when = Q(until__lte=at) if ended else _in_force(at)
    found: list[Sight] = []
    for kind, named in KINDS.items():
        persons: Any = named.persons._default_manager.filter(when).select_related("user", "content_object")
        persons = persons if of is None else persons.filter(user__in=of)
        found += [_sight(kind, row, row.user_id, row.user.name) for row in persons.order_by("-id")[:limit]]
        if of is None:
            groups: Any = named.groups._default_manager.filter(when).select_related("group", "content_object")
            found += [_sight(kind, row, None, f"Everybody in {row.group.name}") for row in groups.order_by("-id")[:limit]]
    leaves = PartyUserPermission.objects.filter(when).select_related("user")
    leaves = leaves if of is None else leaves.filter(user__in=of)
    found += [
        Sight(row.user_id, row.user.name, "one customer", "customer", None, row.given_at, row.until, row.reason, row.decision_id)
        for row in leaves.order_by("-id")[:limit]
    ]
    managed = User.objects.none() if ended else User.objects.filter(portfolios__isnull=False)
    managed = managed if of is None else managed.filter(pk__in=of)
    found += [
        Sight(id, name, f"customers of the portfolio {list_name}, which they manage", "portfolio", list_id, None, None, "", decision_id)
        for id, name, list_name, list_id, decision_id in managed.order_by("portfolios__name").values_list(
            "pk", "name", "portfolios__name", "portfolios__pk", "portfolios__decision_id"
        )[:limit]
    ]
    return found


def _sight(kind: str, row: Any, person_id: UUID | None, person: str) -> Sight:
    named = row.content_object.name
    whom = f"protected customers of the circle {named}" if kind == "circle" else f"customers of the {kind} {named}"
    return Sight(person_id, person, whom, kind, row.content_object_id, row.given_at, row.until, row.reason, row.decision_id)


def history(about: UUID, *, actor: Actor, limit: int = 50) -> list[Change]:
    """What was changed of who sees this list's customers, the newest first. Raises NotInCharge. Queries: 2."""
    in_charge(actor)
    rows = list(VisibilityChange.objects.filter(about=str(about)).order_by("-changed_at", "-id")[:limit])
    ids = {row.after[name] for row in rows for name in ("user_id", "manager_id") if row.after.get(name)}
    names = {str(id): name for id, name in User.objects.filter(pk__in=ids).values_list("pk", "name")}
    return [Change(row.changed_at, _in_words(row, names), row.decision_id) for row in rows]


def grant(kind: str, list_id: UUID, *, person_id: UUID, until: date | None, reason: str, actor: Actor, at: datetime) -> Ran:
    """Let a colleague see these customers, until the end of a day or for good.

    Raises:
        NotInCharge, UnknownList, NotPossible, authority.AuthorityError
    """
    in_charge(actor)
    _row(kind, list_id)
    parameters = {"kind": kind, "person": str(person_id), "until": until.isoformat() if until else "", "reason": reason_of(reason)}
    return actions.run(GRANT_VISIBILITY, actor=actor, resource_id=str(list_id), parameters=parameters, at=at, note=parameters["reason"])


def withdraw(kind: str, list_id: UUID, *, holder: str, reason: str, actor: Actor, at: datetime) -> Ran:
    """From now on this person, or everybody of this group, sees these customers no more by this list.

    Raises:
        NotInCharge, UnknownList, NotPossible, authority.AuthorityError
    """
    in_charge(actor)
    _row(kind, list_id)
    _held(kind, list_id, holder, at)
    parameters = {"kind": kind, "holder": holder, "reason": reason_of(reason)}
    return actions.run(WITHDRAW_VISIBILITY, actor=actor, resource_id=str(list_id), parameters=parameters, at=at, note=parameters["reason"])


def waiting(ids: Collection[UUID], *, actor: Actor, at: datetime) -> list[approvals.Waiting]:
    """What waits about these. Raises NotInCharge. Queries: 2."""
    in_charge(actor)
    return approvals.waiting_about(ACCESS_LIST, [str(id) for id in ids], at=at)


def colleague(person_id: str) -> User:
    """Somebody who works here. Raises NotPossible."""
    try:
        return User.objects.get(pk=UUID(person_id), is_active=True)
    except (User.DoesNotExist, ValueError) as error:
        raise NotPossible("There is no such person at the bank.") from error


def end_of(until: str, at: datetime) -> datetime | None:
    """The last moment of a day to come; None for good. Raises NotPossible."""
    if not until:
        return None
    try:
        end = clock.end_of_day(date.fromisoformat(until))
    except ValueError as error:
        raise NotPossible("That is no day.") from error
    if end <= at:
        raise NotPossible("The last day has passed already.")
    return end


def view_permission(of: type[models.Model]) -> Permission:
    return Permission.objects.get(content_type__app_label="customers", content_type__model=of._meta.model_name, codename=VIEW_CUSTOMERS)


def _resource(asked: Ask) -> authority.Resource:
    kind = str(asked.parameters["kind"])
    _row(kind, UUID(asked.resource_id))
    if "until" in asked.parameters:
        colleague(str(asked.parameters["person"]))
        end_of(str(asked.parameters["until"]), asked.at)
    return authority.Resource(ACCESS_LIST, asked.resource_id, {"kind": kind})


def _grant(permitted: Permitted) -> None:
    said, kind = permitted.parameters, KINDS[str(permitted.parameters["kind"])]
    kind.persons._default_manager.update_or_create(
        user=colleague(str(said["person"])),
        permission=view_permission(kind.list),
        content_object=_row(str(said["kind"]), UUID(permitted.resource_id)),
        defaults={
            "given_at": permitted.at,
            "until": end_of(str(said["until"]), permitted.at),
            "reason": said["reason"],
            "decision_id": permitted.decision.id,
        },
    )


def _withdraw(permitted: Permitted) -> None:
    said = permitted.parameters
    row = _held(str(said["kind"]), UUID(permitted.resource_id), str(said["holder"]), permitted.at)
    row.until, row.reason, row.decision_id = permitted.at, said["reason"], permitted.decision.id
    row.save(update_fields=["until", "reason", "decision_id"])


def _gains(list_id: str, parameters: Mapping[str, Any]) -> list[str]:
    return [str(parameters["person"])]


def _end_with_the_place(user: User, branch: str | None, decision_id: UUID, at: datetime) -> None:
    """What somebody saw by branch, team and portfolio ends when they move to another branch; all of it when they leave."""
    ended: dict[str, Any] = {"until": at, "reason": "Moved" if branch else "Left", "decision_id": decision_id}
    for name, kind in KINDS.items():
        if branch is not None and name == "circle":
            continue
        rows: Any = kind.persons._default_manager.filter(_in_force(at), user=user)
        rows = rows.exclude(content_object__code=branch) if name == "branch" and branch else rows
        rows.update(**ended)
    if branch is None:
        PartyUserPermission.objects.filter(user=user, until__gt=at).update(**ended)


joining.goes_with(_end_with_the_place)
GRANT_VISIBILITY = actions.declare(
    ActionType(
        name="visibility.grant",
        title="Let a colleague see customers",
        resource_type=ACCESS_LIST,
        parameters={
            "kind": ParameterKind.CODE,
            "person": ParameterKind.UUID,
            "until": ParameterKind.NAME,
            "reason": ParameterKind.TEXT,
        },
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_resource,
    effect=_grant,
    concerned=_gains,
)
WITHDRAW_VISIBILITY = actions.declare(
    ActionType(
        name="visibility.withdraw",
        title="No longer let somebody see customers",
        resource_type=ACCESS_LIST,
        parameters={"kind": ParameterKind.CODE, "holder": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    ),
    facts=_resource,
    effect=_withdraw,
)


def _row(kind: str, list_id: UUID) -> Any:
    row = KINDS[kind].list._default_manager.filter(pk=list_id).first() if kind in KINDS else None
    if row is None:
        raise UnknownList(list_id)
    return row


def _held(kind: str, list_id: UUID, holder: str, at: datetime) -> Any:
    named = KINDS[kind]
    if holder.startswith(GROUP):
        found = named.groups._default_manager.filter(_in_force(at), content_object=list_id, group_id=_number(holder))
    else:
        found = named.persons._default_manager.filter(_in_force(at), content_object=list_id, user_id=colleague_id(holder))
    row = found.first()
    if row is None:
        raise NotPossible("They see these customers no more, or not by this list.")
    return row


def colleague_id(text: str) -> UUID:
    """Raises NotPossible."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotPossible("There is no such person at the bank.") from error


def _number(holder: str) -> int:
    text = holder.removeprefix(GROUP)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _in_force(at: datetime, prefix: str = "") -> Q:
    return Q(**{f"{prefix}until": None, f"{prefix}id__isnull": False}) | Q(**{f"{prefix}until__gt": at})


def reason_of(reason: str) -> str:
    """Raises NotPossible."""
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise NotPossible(f"Say why, in up to {LONGEST_REASON} characters.")
    return said


def _in_words(row: VisibilityChange, names: Mapping[str, str]) -> str:
    after, before = row.after, row.before or {}
    if "user_id" in after or "group_id" in after:
        who = names.get(str(after.get("user_id")), "Somebody") if "user_id" in after else "A group"
        if before and after.get("until") is not None and after.get("given_at") == before.get("given_at"):
            return f"{who}: ended"
        until = cast(str | None, after.get("until"))
        return f"{who}: may see" + (f" until {_day(until)}" if until else "")
    if "manager_id" in after:
        return f"Managed by {names.get(str(after['manager_id']), 'nobody')}" + (", for a team" if after.get("team_id") else "")
    return "Changed"


def _day(moment: str) -> str:
    """The day of the bank a moment lies in, as people write it."""
    day = clock.bank_date(datetime.fromisoformat(moment))
    return f"{day.day} {day:%b %Y}"
