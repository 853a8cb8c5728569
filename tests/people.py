"""People with roles for tests, without the two people and the decisions it takes: what is tested is rarely how they got them.

The database takes a role from nobody without a permit. The owner, past its triggers, made the tests a function that does.
"""

from typing import Any
from uuid import UUID

from django.db import connection

from bankos.platform.actors import Actor, Role, employee
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from sentinel.models import Delegation

FUNCTIONS = """
CREATE OR REPLACE FUNCTION tests_give_role(person uuid, named text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
    INSERT INTO platform_rolemembership (id, user_id, role, granted_at) VALUES (gen_random_uuid(), person, named, now())
    ON CONFLICT DO NOTHING
$$;
CREATE OR REPLACE FUNCTION tests_take_roles(person uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
    UPDATE platform_rolemembership SET withdrawn_at = now(), withdrawn_by = gen_random_uuid()
     WHERE user_id = person AND withdrawn_at IS NULL
$$;
CREATE OR REPLACE FUNCTION tests_report_to(person uuid, above uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
    UPDATE platform_user SET manager_id = above WHERE id = person
$$;
CREATE OR REPLACE FUNCTION tests_lend(id uuid, giver uuid, receiver uuid, role text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS $$
    INSERT INTO sentinel_delegation (id, giver_id, receiver_id, role, starts_at, ends_at, reason)
    VALUES (id, giver, receiver, role, now(), now() + interval '3 days', 'Leave')
$$;
GRANT EXECUTE ON FUNCTION tests_give_role, tests_take_roles, tests_report_to, tests_lend TO PUBLIC;
"""


def make_functions() -> None:
    """As the owner of the database, once."""
    with connection.cursor() as cursor:
        cursor.execute(FUNCTIONS)


def give(user: User, *roles: Role) -> User:
    """Let a person hold these roles, besides others."""
    with connection.cursor() as cursor:
        for role in roles:
            cursor.execute("SELECT tests_give_role(%s, %s)", [user.pk, role.value])
    return user


def take_all(user: User) -> None:
    """Let a person hold no role any more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tests_take_roles(%s)", [user.pk])


def report_to(person: UUID | str, manager: UUID | str | None) -> None:
    """Let a person report to somebody else, or to nobody; both are ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tests_report_to(%s, %s)", [person, manager])


def lend(giver: object, receiver: object, role: str) -> Delegation:
    """Let somebody approve with somebody else's role, by whatever way it came to be so; both are ids."""
    id = uuid7()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tests_lend(%s, %s, %s, %s)", [id, giver, receiver, role])
    return Delegation.objects.get(pk=id)


def colleague(username: str, *roles: Role, settled: bool = True, **fields: Any) -> Actor:
    """Somebody new with these roles; `settled`: they have signed in before."""
    user = User.objects.create(username=username, name=fields.pop("name", username.capitalize()), **fields)
    if settled:
        User.objects.filter(pk=user.pk).update(activated_at=user.date_joined)
    return employee(give(user, *roles))
