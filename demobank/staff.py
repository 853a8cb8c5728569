"""The people who work at the demo bank: one login for each role, all with the one documented password."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.models import User
from sentinel import actions
from sentinel.people import joining, ways_in

ADMINISTRATOR, OFFICER = "admin", "maeve"


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
    """Let all of them in, as a bank lets its people in, with the one password; who is there already gets the password anew.

    The first administrator is made as on any server, the first compliance officer by her alone, and everybody else by these two. Whose
    customers they see is arranged afterwards (`care`).

    Raises:
        DemoLoginsForbidden
    """
    refuse_unless_allowed()
    with transaction.atomic():
        for login in sorted(LOGINS, key=_order):
            if not User.objects.filter(username=login.username).exists():
                _let_in(login, password)
        # One hash for all: by it a real bank's processes know a demo bank's database, and do not start (platform.release).
        User.objects.filter(username__in=[login.username for login in LOGINS]).update(password=make_password(password))


def _order(login: Login) -> tuple[bool, bool, bool]:
    """The first administrator, the first compliance officer, and a manager before who reports to them."""
    return login.username != ADMINISTRATOR, login.username != OFFICER, bool(login.manager)


def _let_in(login: Login, password: str) -> None:
    at = clock.now()
    if login.username == ADMINISTRATOR:
        joined = joining.first_administrator(username=login.username, name=login.name, at=at)
        asked_by = joining.FIRST_BY
    else:
        manager = User.objects.get(username=login.manager).pk if login.manager else None
        newcomer = joining.Newcomer(login.username, login.name, login.job_title, login.role, login.branch, manager)
        asker = _known(ADMINISTRATOR)
        joined = joining.join(newcomer, reason="The demo bank opens", actor=asker, at=at)
        asked_by = asker.id
        if joined.answer.request_id is not None:
            actions.approve(joined.answer.request_id, actor=_known(OFFICER), at=at, note="Known from the interviews")
    secret = ways_in.make_link(joined.person_id, by=asked_by, at=at)
    code = ways_in.make_code(joined.person_id, by=_known(OFFICER).id, at=at) if ways_in.needs_code(secret, at=at) else ""
    ways_in.use(secret, code=code, password=password, at=at)


def _known(username: str) -> Actor:
    return actors.employee(User.objects.get(username=username))


def sign_in_notes() -> list[str]:
    """What a start prints once the bank is ready."""
    if not settings.DEMO_LOGINS:
        return []
    return [f"sign in as {login.username:8} {login.job_title}" for login in LOGINS] + [f"password for all: {settings.DEMO_PASSWORD}"]
