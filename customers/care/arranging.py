"""How a bank arranges who sees whom: portfolios and their people, leaves for one customer, circles and whom they protect."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import Group, Permission
from guardian.shortcuts import assign_perm

from bankos.platform.models import User

from ..models import Circle, Party, PartyUserPermission, Portfolio, PortfolioPlace, Protection, Team
from ..models.care import LONGEST_LEAVE
from ..models.parties import VIEW_CUSTOMERS


class LeaveTooLong(ValueError):
    """A leave to see a single customer lasts a month at most."""


def make_team(code: str, *, name: str) -> None:
    """A team; making it again renames it."""
    Team.objects.update_or_create(code=code, defaults={"name": name})


def make_portfolio(code: str, *, name: str, manager: User | None = None, team: str = "") -> None:
    """A portfolio; making it again changes its name and people."""
    of_team = Team.objects.get(code=team) if team else None
    Portfolio.objects.update_or_create(code=code, defaults={"name": name, "manager": manager, "team": of_team})


def look_after(party_id: UUID, *, portfolio: str) -> None:
    """Put a customer into a portfolio, and out of the one they were in."""
    PortfolioPlace.objects.update_or_create(party_id=party_id, defaults={"portfolio": Portfolio.objects.get(code=portfolio)})


def show_team(code: str, *, to: User | Group) -> None:
    """Let a person or group see the customers of a team's portfolios."""
    assign_perm(VIEW_CUSTOMERS, to, Team.objects.get(code=code))


def show_portfolio(code: str, *, to: User | Group) -> None:
    """Let a person or group see the customers of a portfolio."""
    assign_perm(VIEW_CUSTOMERS, to, Portfolio.objects.get(code=code))


def show_customer(party_id: UUID, *, to: User, until: datetime, reason: str, at: datetime) -> None:
    """Let a person see one customer until a moment; a new leave takes the place of an earlier one.

    Raises:
        LeaveTooLong
    """
    if until > at + LONGEST_LEAVE:
        raise LeaveTooLong(str(until))
    PartyUserPermission.objects.update_or_create(
        user=to,
        content_object=Party.objects.get(pk=party_id),
        permission=Permission.objects.get(content_type__app_label="customers", codename="view_party"),
        defaults={"given_at": at, "until": until, "reason": reason},
    )


def make_circle(code: str, *, name: str) -> None:
    """A circle that protects customers; nobody is listed in a new one."""
    Circle.objects.update_or_create(code=code, defaults={"name": name})


def list_in_circle(code: str, who: User | Group) -> None:
    """Let a person or group see the customers a circle protects."""
    assign_perm(VIEW_CUSTOMERS, who, Circle.objects.get(code=code))


def protect(party_id: UUID, *, circle: str, employee: User | None = None, reason: str = "") -> None:
    """From now on only this circle sees the customer.

    Args:
        employee: who of the staff the customer is; their household is protected with them, and neither they nor their team see it.
    """
    kind = Protection.Kind.STAFF if employee else Protection.Kind.VIP
    Protection.objects.update_or_create(
        party_id=party_id,
        kind=kind,
        employee=employee,
        until=None,
        defaults={"circle": Circle.objects.get(code=circle), "reason": reason},
    )
