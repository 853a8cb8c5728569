"""The people who work at the demo bank: one login for each role, all with the one documented password."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from bankos.platform.actors import Role
from bankos.platform.models import User
from customers import visibility


@dataclass(frozen=True)
class Login:
    """`branch` is where they work and whose customers they see; empty for head office. `manager` is who they report to, by user name."""

    username: str
    name: str
    job_title: str
    role: Role
    branch: str = ""
    manager: str = ""


LOGINS: tuple[Login, ...] = (
    Login("siobhan", "Siobhán Keane", "Adviser, Galway Eyre Square", Role.BRANCH_STAFF, "GAL1", manager="ruairi"),
    Login("cian", "Cian Lally", "Adviser, Dublin Camden Street", Role.BRANCH_STAFF, "DUB1"),
    Login("tomas", "Tomás Keogh", "Adviser, Dublin Camden Street", Role.BRANCH_STAFF, "DUB1"),
    Login("fiadh", "Fiadh Nolan", "Relationship manager, business owners", Role.BRANCH_STAFF),
    Login("jonas", "Jonas Brandt", "Contact centre", Role.CONTACT_CENTRE),
    Login("aoife", "Aoife Brennan", "Contact centre", Role.CONTACT_CENTRE),
    Login("ruairi", "Ruairí Daly", "Team lead, Galway Eyre Square", Role.TEAM_LEAD, "GAL1"),
    Login("grainne", "Gráinne Foley", "Team lead, Galway Eyre Square", Role.TEAM_LEAD, "GAL1"),
    Login("maeve", "Maeve Costello", "Compliance officer", Role.COMPLIANCE),
    Login("niamh", "Niamh Doyle", "Compliance officer", Role.COMPLIANCE),
    Login("admin", "Orla Tierney", "Administrator", Role.ADMINISTRATOR),
)


class DemoLoginsForbidden(RuntimeError):
    """This installation allows no logins with a documented password (`DEMO_LOGINS`)."""


def refuse_unless_allowed() -> None:
    """Raises DemoLoginsForbidden."""
    if not settings.DEMO_LOGINS:
        raise DemoLoginsForbidden("DEMO_LOGINS is off: a bank with real customers has no logins with a documented password.")


def open_logins(*, password: str) -> None:
    """Make or renew all logins with their roles, branches and permissions.

    Raises:
        DemoLoginsForbidden
    """
    refuse_unless_allowed()
    hashed = make_password(password)
    with transaction.atomic():
        for login in LOGINS:
            user, _ = User.objects.update_or_create(
                username=login.username,
                defaults={
                    "name": login.name,
                    "job_title": login.job_title,
                    "branch_code": login.branch,
                    "password": hashed,
                    "is_staff": login.role is Role.ADMINISTRATOR,
                    "is_superuser": login.role is Role.ADMINISTRATOR,
                },
            )
            user.groups.set([Group.objects.get_or_create(name=login.role)[0]])
            if login.branch:
                visibility.show_branch(login.branch, to=user)
        for login in LOGINS:
            if login.manager:
                User.objects.filter(username=login.username).update(manager=User.objects.get(username=login.manager))


def sign_in_notes() -> list[str]:
    """What a start prints once the bank is ready."""
    if not settings.DEMO_LOGINS:
        return []
    return [f"sign in as {login.username:8} {login.job_title}" for login in LOGINS] + [f"password for all: {settings.DEMO_PASSWORD}"]
