"""Teams, portfolios and circles, and whom they look after or protect; leaves to see one customer. Every change of it is a decision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db.models import F, Value
from django.db.models.functions import Greatest

from bankos.platform.actors import Actor
from sentinel import actions, authority
from sentinel.actions import Action, Ask, NotPossible, Permitted, Ran
from sentinel.catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier

from ..ingestion.converters import client_number, customer_number
from ..members import customer_of
from ..models import Circle, Party, PartyUserPermission, Portfolio, PortfolioPlace, Protection, Team
from ..models.care import LONGEST_LEAVE
from ..visibility import NotVisible, may_see, visible_parties_subquery
from . import granting
from .action_types import ACCESS_LIST
from .granting import UnknownList, colleague, end_of, in_charge, reason_of


class NobodyFound(NotVisible):
    """No customer this person may see has that number."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A customer in a portfolio, or under the protection of a circle (`protection`)."""

    party_id: UUID
    name: str
    number: str
    kind: str = ""
    protection: UUID | None = None
    until: datetime | None = None

    @property
    def key(self) -> str:
        """Names its row on a page."""
        return str(self.protection)


@dataclass(frozen=True, slots=True)
class Leave:
    """That a colleague may see one customer for a while."""

    party_id: UUID
    customer: str
    person_id: UUID
    person: str
    until: datetime
    reason: str

    @property
    def key(self) -> str:
        """Names its row on a page."""
        return f"{self.party_id}-{self.person_id}"


def make(kind: str, *, code: str, name: str, actor: Actor) -> UUID:
    """A new team, portfolio or circle, which shows nobody to anybody yet.

    Raises:
        granting.NotInCharge, NotPossible
    """
    in_charge(actor)
    model = {"team": Team, "portfolio": Portfolio, "circle": Circle}.get(kind)
    if model is None:
        raise NotPossible("Branches come from the systems of record.")
    if model._default_manager.filter(code=code).exists():
        raise NotPossible(f"There is a {kind} with the code {code} already.")
    made: UUID = model._default_manager.create(code=code, name=name).pk
    return made


def party_with(number: str, *, actor: Actor) -> UUID:
    """The customer with this number, if this person may see them. Raises NobodyFound. Queries: 1."""
    digits = "".join(char for char in number if char.isdigit())
    numbers = [customer_number(digits), client_number(digits)] if digits else []
    found = Party.objects.visible_to(actor).filter(number__in=numbers).values_list("golden", flat=True).first()
    if found is None:
        raise NobodyFound(number)
    return found


def people_of(portfolio_id: UUID, *, actor: Actor) -> tuple[str, str, str, str]:
    """A portfolio's manager and team: the id of the one, the name, the id of the other, the name. Raises granting.NotInCharge."""
    in_charge(actor)
    row = Portfolio.objects.select_related("manager", "team").get(pk=portfolio_id)
    manager = (str(row.manager_id), row.manager.name) if row.manager else ("", "")
    team = (str(row.team_id), row.team.name) if row.team else ("", "")
    return *manager, *team


def looked_after(portfolio_id: UUID, *, actor: Actor, limit: int = 100) -> list[Placed]:
    """The customers of a portfolio whom this person may see. Raises granting.NotInCharge. Queries: 1."""
    in_charge(actor)
    places = PortfolioPlace.objects.filter(portfolio=portfolio_id, party__in=visible_parties_subquery(actor))
    return [
        Placed(row.party_id, row.party.name, row.party.number) for row in places.select_related("party").order_by("party__name")[:limit]
    ]


def protected_by(circle_id: UUID, *, actor: Actor, limit: int = 100) -> list[Placed]:
    """The customers a circle protects whom this person may see. Raises granting.NotInCharge. Queries: 1."""
    in_charge(actor)
    rows = Protection.objects.in_force().filter(circle=circle_id, party__in=visible_parties_subquery(actor)).select_related("party")
    return [
        Placed(row.party_id, row.party.name, row.party.number, row.get_kind_display(), row.pk, row.until)
        for row in rows.order_by("party__name", "pk")[:limit]
    ]


def leaves(*, actor: Actor, at: datetime, limit: int = 200) -> list[Leave]:
    """The leaves in force for customers this person may see, the first to end first. Raises granting.NotInCharge. Queries: 1."""
    in_charge(actor)
    rows = PartyUserPermission.objects.filter(until__gt=at, content_object__in=visible_parties_subquery(actor))
    return [
        Leave(row.content_object_id, row.content_object.name, row.user_id, row.user.name, row.until, row.reason)
        for row in rows.select_related("content_object", "user").order_by("until", "id")[:limit]
    ]


def arrange(portfolio_id: UUID, *, manager: str, team: str, reason: str, actor: Actor, at: datetime) -> Ran:
    """Say who manages a portfolio and which team looks after it; empty for nobody.

    Raises:
        granting.NotInCharge, UnknownList, NotPossible, authority.AuthorityError
    """
    in_charge(actor)
    return _asked(ARRANGE_PORTFOLIO, portfolio_id, {"person": manager, "team": team}, reason, actor=actor, at=at)


def show_customer(party_id: UUID, *, person_id: UUID, until: date, reason: str, actor: Actor, at: datetime) -> Ran:
    """Let a colleague see one customer until the end of a day, a month away at most; it takes the place of an earlier leave.

    Raises:
        granting.NotInCharge, NotVisible, NotPossible, authority.AuthorityError
    """
    said = {"person": str(person_id), "until": until.isoformat()}
    return _asked(SHOW_CUSTOMER, _golden(party_id, actor), said, reason, actor=actor, at=at)


def hide_customer(party_id: UUID, *, person_id: UUID, reason: str, actor: Actor, at: datetime) -> Ran:
    """End a leave before its day. Raises as `show_customer`."""
    return _asked(HIDE_CUSTOMER, _golden(party_id, actor), {"person": str(person_id)}, reason, actor=actor, at=at)


def place(party_id: UUID, *, portfolio: UUID, reason: str, actor: Actor, at: datetime) -> Ran:
    """Put a customer into a portfolio, and out of the one they were in. Raises as `show_customer`."""
    return _asked(PLACE_CUSTOMER, _golden(party_id, actor), {"portfolio": str(portfolio)}, reason, actor=actor, at=at)


def protect(party_id: UUID, *, circle: UUID, employee: UUID | None, reason: str, actor: Actor, at: datetime) -> Ran:
    """From now on only this circle sees the customer.

    Args:
        employee: who of the staff the customer is; their household is protected with them, and neither they nor their team see it.
    Raises:
        granting.NotInCharge, NotVisible, NotPossible, authority.AuthorityError
    """
    said = {"circle": str(circle), "employee": str(employee) if employee else ""}
    return _asked(PROTECT_CUSTOMER, _golden(party_id, actor), said, reason, actor=actor, at=at)


def unprotect(protection_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Ran:
    """End a protection: a second person agrees, and both see the customer already. Raises as `protect`."""
    row = Protection.objects.in_force().filter(pk=protection_id, party__in=visible_parties_subquery(actor)).first()
    if row is None:
        raise NotVisible(protection_id)
    in_charge(actor)
    return _asked(UNPROTECT_CUSTOMER, row.party_id, {"protection": str(protection_id)}, reason, actor=actor, at=at)


def _asked(action: Action, id: UUID, said: Mapping[str, str], reason: str, *, actor: Actor, at: datetime) -> Ran:
    parameters = {**said, "reason": reason_of(reason)}
    return actions.run(action, actor=actor, resource_id=str(id), parameters=parameters, at=at, note=parameters["reason"])


def _golden(party_id: UUID, actor: Actor) -> UUID:
    in_charge(actor)
    return customer_of(party_id, actor=actor).golden.pk


def _portfolio(portfolio_id: str) -> Portfolio:
    row = Portfolio.objects.filter(pk=portfolio_id).first()
    if row is None:
        raise NotPossible("There is no such portfolio.")
    return row


def _of_portfolio(asked: Ask) -> authority.Resource:
    if not Portfolio.objects.filter(pk=asked.resource_id).exists():
        raise UnknownList(asked.resource_id)
    if asked.parameters["person"]:
        colleague(str(asked.parameters["person"]))
    if asked.parameters["team"] and not Team.objects.filter(pk=granting.colleague_id(str(asked.parameters["team"]))).exists():
        raise NotPossible("There is no such team.")
    return authority.Resource(ACCESS_LIST, asked.resource_id, {"kind": "portfolio"})


def _of_party(asked: Ask) -> authority.Resource:
    """Of the customer the policies learn where they belong, and no more: who may see them is not decided by how they fare."""
    branch = Party.objects.filter(pk=asked.resource_id).values_list("golden__home_branch__code", flat=True).first()
    return authority.Resource("Party", asked.resource_id, {"branch": branch} if branch else {})


def _of_leave(asked: Ask) -> authority.Resource:
    colleague(str(asked.parameters["person"]))
    end = end_of(str(asked.parameters["until"]), asked.at)
    if end is None or end > asked.at + LONGEST_LEAVE:
        raise NotPossible(f"A leave to see a single customer lasts {LONGEST_LEAVE.days} days at most.")
    return _of_party(asked)


def _of_protection(asked: Ask) -> authority.Resource:
    if not Circle.objects.filter(pk=str(asked.parameters["circle"])).exists():
        raise NotPossible("There is no such circle.")
    if asked.parameters["employee"]:
        colleague(str(asked.parameters["employee"]))
    if _protections(asked.resource_id, str(asked.parameters["employee"])).exists():
        raise NotPossible("They are protected for this reason already; that protection ends first.")
    return _of_party(asked)


def _protections(party_id: str, employee: str) -> Any:
    kind = Protection.Kind.STAFF if employee else Protection.Kind.VIP
    return Protection.objects.filter(party_id=UUID(party_id), kind=kind, employee_id=UUID(employee) if employee else None, until=None)


def _arrange(permitted: Permitted) -> None:
    row, said = _portfolio(permitted.resource_id), permitted.parameters
    row.manager_id = UUID(str(said["person"])) if said["person"] else None
    row.team_id = UUID(str(said["team"])) if said["team"] else None
    row.decision_id = permitted.decision.id
    row.save(update_fields=["manager", "team", "decision_id"])


def _seen_by_the_asker(effect: Callable[[Permitted], None]) -> Callable[[Permitted], None]:
    """Also on the day a second person agrees, who asked must be able to see the customer."""

    def checked(permitted: Permitted) -> None:
        if not may_see(UUID(permitted.resource_id), permitted.actor):
            raise NotPossible("Who asked for this does not see the customer any more.")
        effect(permitted)

    return checked


def _show(permitted: Permitted) -> None:
    said = permitted.parameters
    PartyUserPermission.objects.update_or_create(
        user=colleague(str(said["person"])),
        content_object_id=UUID(permitted.resource_id),
        permission=Permission.objects.get(content_type__app_label="customers", codename="view_party"),
        defaults={
            "given_at": permitted.at,
            "until": end_of(str(said["until"]), permitted.at),
            "reason": said["reason"],
            "decision_id": permitted.decision.id,
        },
    )


def _hide(permitted: Permitted) -> None:
    rows = PartyUserPermission.objects.filter(
        content_object_id=UUID(permitted.resource_id),
        user_id=granting.colleague_id(str(permitted.parameters["person"])),
        until__gt=permitted.at,
    )
    # A leave that ends in the moment it was given was one for that moment.
    ends = Greatest(Value(permitted.at), F("given_at") + timedelta(microseconds=1))
    if not rows.update(until=ends, decision_id=permitted.decision.id):
        raise NotPossible("This leave has ended already.")


def _place(permitted: Permitted) -> None:
    portfolio = _portfolio(str(permitted.parameters["portfolio"]))
    if permitted.actor.user_id is not None and _looks_after(portfolio, permitted):
        raise NotPossible("Nobody puts a customer into a portfolio of their own.")
    PortfolioPlace.objects.update_or_create(
        party_id=UUID(permitted.resource_id), defaults={"portfolio": portfolio, "decision_id": permitted.decision.id}
    )


def _looks_after(portfolio: Portfolio, permitted: Permitted) -> bool:
    lists = [("portfolio", portfolio.pk), *([("team", portfolio.team_id)] if portfolio.team_id else [])]
    held = {
        one.holder for kind, list_id in lists for one in granting.holders(kind, cast(UUID, list_id), actor=permitted.actor, at=permitted.at)
    }
    return portfolio.manager_id == permitted.actor.user_id or permitted.actor.id in held


def _protect(permitted: Permitted) -> None:
    said = permitted.parameters
    Protection.objects.create(
        party_id=UUID(permitted.resource_id),
        kind=Protection.Kind.STAFF if said["employee"] else Protection.Kind.VIP,
        employee_id=UUID(str(said["employee"])) if said["employee"] else None,
        circle_id=UUID(str(said["circle"])),
        reason=str(said["reason"]),
        since=permitted.at,
        decision_id=permitted.decision.id,
    )


def _unprotect(permitted: Permitted) -> None:
    row = Protection.objects.in_force().filter(pk=str(permitted.parameters["protection"]), party_id=UUID(permitted.resource_id)).first()
    if row is None:
        raise NotPossible("This protection has ended already.")
    row.until, row.decision_id = permitted.at, permitted.decision.id
    row.save(update_fields=["until", "decision_id"])


def _gains(id: str, parameters: Mapping[str, Any]) -> list[str]:
    return [str(parameters["person"])] if parameters["person"] else []


ARRANGE_PORTFOLIO = actions.declare(
    ActionType(
        name="portfolio.arrange",
        title="Say who looks after a portfolio",
        resource_type=ACCESS_LIST,
        parameters={"person": ParameterKind.NAME, "team": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_of_portfolio,
    effect=_arrange,
    concerned=_gains,
)
SHOW_CUSTOMER = actions.declare(
    ActionType(
        name="customer.show",
        title="Let a colleague see one customer for a while",
        resource_type="Party",
        parameters={"person": ParameterKind.UUID, "until": ParameterKind.DATE, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_of_leave,
    effect=_seen_by_the_asker(_show),
    concerned=_gains,
)
HIDE_CUSTOMER = actions.declare(
    ActionType(
        name="customer.hide",
        title="No longer let a colleague see one customer",
        resource_type="Party",
        parameters={"person": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    ),
    facts=_of_party,
    effect=_seen_by_the_asker(_hide),
)
PLACE_CUSTOMER = actions.declare(
    ActionType(
        name="customer.place",
        title="Put a customer into a portfolio",
        resource_type="Party",
        parameters={"portfolio": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_of_party,
    effect=_seen_by_the_asker(_place),
)
PROTECT_CUSTOMER = actions.declare(
    ActionType(
        name="customer.protect",
        title="Let only a few see a customer",
        resource_type="Party",
        parameters={"circle": ParameterKind.UUID, "employee": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_of_protection,
    effect=_seen_by_the_asker(_protect),
)
UNPROTECT_CUSTOMER = actions.declare(
    ActionType(
        name="customer.unprotect",
        title="End the protection of a customer",
        resource_type="Party",
        parameters={"protection": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_of_party,
    effect=_seen_by_the_asker(_unprotect),
)
