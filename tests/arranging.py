"""A bank in which who sees whom was arranged before anybody asked: what a test takes for granted, not what it tests.

The product changes it by decisions only, and the database holds everybody else to that; here it is written with the rights of who owns the
tables, as a migration would.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import connection
from guardian.shortcuts import assign_perm
from psycopg import sql

from bankos.platform import bearer
from bankos.platform.models import User
from customers.care.granting import view_permission
from customers.models import (
    Branch,
    BranchUserPermission,
    Circle,
    MaskingRule,
    Party,
    PartyUserPermission,
    Portfolio,
    PortfolioPlace,
    Protection,
    Team,
)
from customers.models.parties import VIEW_CUSTOMERS
from sentinel.authzen.access import MARK
from sentinel.models import PolicyStore, StoreClient


@contextmanager
def before_everything() -> Iterator[None]:
    """With the rights of who owns the tables; the application's role again afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(settings.APPLICATION_ROLE)))


def show_branch(code: str, *, to: User | Group) -> None:
    with before_everything():
        assign_perm(VIEW_CUSTOMERS, to, Branch.objects.get(code=code))


def show_team(code: str, *, to: User | Group) -> None:
    with before_everything():
        assign_perm(VIEW_CUSTOMERS, to, Team.objects.get(code=code))


def show_portfolio(code: str, *, to: User | Group) -> None:
    with before_everything():
        assign_perm(VIEW_CUSTOMERS, to, Portfolio.objects.get(code=code))


def hide_branch(code: str, *, from_: User) -> None:
    """As if it had never been shown."""

    with before_everything():
        BranchUserPermission.objects.filter(user=from_, permission=view_permission(Branch), content_object__code=code).delete()


def make_team(code: str, *, name: str) -> None:
    Team.objects.update_or_create(code=code, defaults={"name": name})


def make_portfolio(code: str, *, name: str, manager: User | None = None, team: str = "") -> None:
    of_team = Team.objects.get(code=team) if team else None
    with before_everything():
        Portfolio.objects.update_or_create(code=code, defaults={"name": name, "manager": manager, "team": of_team})


def look_after(party_id: UUID, *, portfolio: str) -> None:
    with before_everything():
        PortfolioPlace.objects.update_or_create(party_id=party_id, defaults={"portfolio": Portfolio.objects.get(code=portfolio)})


def show_customer(party_id: UUID, *, to: User, until: datetime, reason: str, at: datetime) -> None:
    with before_everything():
        PartyUserPermission.objects.update_or_create(
            user=to,
            content_object=Party.objects.get(pk=party_id),
            permission=Permission.objects.get(content_type__app_label="customers", codename="view_party"),
            defaults={"given_at": at, "until": until, "reason": reason},
        )


def make_circle(code: str, *, name: str) -> None:
    Circle.objects.update_or_create(code=code, defaults={"name": name})


def list_in_circle(code: str, who: User | Group) -> None:
    with before_everything():
        assign_perm(VIEW_CUSTOMERS, who, Circle.objects.get(code=code))


def protect(party_id: UUID, *, circle: str, employee: User | None = None, reason: str = "") -> None:
    kind = Protection.Kind.STAFF if employee else Protection.Kind.VIP
    with before_everything():
        Protection.objects.update_or_create(
            party_id=party_id,
            kind=kind,
            employee=employee,
            until=None,
            defaults={"circle": Circle.objects.get(code=circle), "reason": reason},
        )


def show_field(field: str, role: str) -> None:
    """Let a role see a field whole."""
    with before_everything():
        MaskingRule.objects.update_or_create(field=field, role=role, defaults={"shown": True})


@contextmanager
def past_triggers() -> Iterator[None]:
    """As who owns the tables, without what the database asks of everybody else."""
    with before_everything(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("SET session_replication_role = origin")


def make_store(name: str, *, title: str = "", owner: User | None = None, at: datetime) -> None:
    with past_triggers():
        PolicyStore.objects.create(name=name, title=title or f"Store {name}", owner=owner, created_at=at)


def let_ask(store: str, *, name: str, at: datetime, manages: bool = False, per_minute: int = 1_000_000) -> tuple[StoreClient, str]:
    """A program that may ask a policy store, and its secret."""
    secret = bearer.new_secret(MARK)
    said = {"may_manage": manages, "per_minute": per_minute, "secret_sha256": bearer.hash_of(secret), "created_at": at}
    with past_triggers():
        return StoreClient.objects.create(store_id=store, name=name, **said), secret
