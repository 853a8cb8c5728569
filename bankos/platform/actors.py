"""Who acts: a customer, an employee, an AI agent or the system itself.

One value travels through every floor, so that visibility and authority judge the same actor.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection

if TYPE_CHECKING:
    from .models import User


class ActorKind(StrEnum):
    CUSTOMER = "customer"
    EMPLOYEE = "employee"
    AGENT = "agent"
    SYSTEM = "system"


class Role(StrEnum):
    """What an employee is there for. The set is fixed: policies are written for these. Who holds one: `RoleMembership`."""

    BRANCH_STAFF = "branch_staff"
    CONTACT_CENTRE = "contact_centre"
    TEAM_LEAD = "team_lead"
    COMPLIANCE = "compliance_officer"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """In words, as it stands alone: "Team lead"."""
        return self.value.replace("_", " ").capitalize()


SERVING = frozenset({Role.BRANCH_STAFF, Role.CONTACT_CENTRE, Role.TEAM_LEAD})  # they deal with customers
OVERSEEING = frozenset({Role.COMPLIANCE, Role.ADMINISTRATOR})  # they look over what others did


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is stable for the actor's kind (an employee's is the user's UUID), `branch` a branch code.

    `line` are the ids of the people above an employee, the nearest first. `client` is the program of a channel or another system that
    acts, or that passes on what a customer does; which customers it may know of is said there.
    """

    kind: ActorKind
    id: str
    name: str
    roles: frozenset[str] = frozenset()
    branch: str | None = None
    line: tuple[str, ...] = ()
    client: UUID | None = None

    @property
    def user_id(self) -> UUID | None:
        """The signed-in user behind an employee; None for every other kind."""
        return UUID(self.id) if self.kind is ActorKind.EMPLOYEE else None


def employee(user: "User") -> Actor:
    """The employee behind a signed-in user. Queries: 1, and 1 more for who reports to somebody."""
    roles = frozenset(user.memberships.filter(withdrawn_at=None).values_list("role", flat=True)) if user.is_active else frozenset()
    line = tuple(str(id) for id in lines_above([user.pk]).get(user.pk, ())) if user.manager_id else ()
    return Actor(ActorKind.EMPLOYEE, str(user.pk), user.name, roles, user.branch_code or None, line)


# A line that leads back into itself ends where it does so.
_LINES = """
WITH RECURSIVE line (person, id, height) AS (
    SELECT id, manager_id, 1 FROM platform_user WHERE id = ANY(%s) AND manager_id IS NOT NULL
    UNION
    SELECT line.person, u.manager_id, line.height + 1 FROM platform_user u JOIN line ON u.id = line.id
     WHERE u.manager_id IS NOT NULL AND line.height < 12
)
SELECT DISTINCT ON (person, id) person, id, height FROM line WHERE id <> person
"""


def lines_above(ids: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """The people above each of these, the nearest first; who reports to nobody is left out. Queries: 1, none for nobody."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [list(ids)])
        found = sorted(cursor.fetchall(), key=lambda row: row[2])
    lines: dict[UUID, tuple[UUID, ...]] = {}
    for person, above, _ in found:
        lines[person] = (*lines.get(person, ()), above)
    return lines


def system(name: str) -> Actor:
    """A part of bankos that acts by itself, such as `insights.cashflow`."""
    return Actor(ActorKind.SYSTEM, name, name)
