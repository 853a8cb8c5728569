"""An administrator lets a colleague try to sign in again; nobody lets themselves."""

from datetime import timedelta

import pytest
from django.test import Client

from bankos.platform import attempts, clock
from bankos.platform.actors import Role, employee
from bankos.platform.models import User
from sentinel.actions import NotPossible
from sentinel.models import Decision
from sentinel.people.unlocking import unlock
from tests.people import colleague

pytestmark = pytest.mark.usefixtures("authority")


def hire(name: str, role: Role) -> User:
    return User.objects.get(pk=colleague(name, role).id)


@pytest.fixture
def tomas() -> User:
    user = hire("tomas", Role.BRANCH_STAFF)
    at = clock.now()
    for n in range(attempts.LIMITS["account"].free):
        attempts.begin("tomas", address=f"198.51.100.{n}", device=None, at=at)
    with pytest.raises(attempts.TooMany):
        attempts.begin("tomas", address="198.51.100.99", device=None, at=at)
    return user


def test_a_colleague_may_try_again_at_once_and_the_decision_says_who_let_them(tomas: User) -> None:
    orla = employee(hire("orla", Role.ADMINISTRATOR))
    done = unlock(tomas, actor=orla, at=clock.now())
    assert done.done
    attempts.begin("tomas", address="198.51.100.99", device=None, at=clock.now())
    assert Decision.objects.get(pk=done.decision.id).actor_id == orla.id


@pytest.mark.parametrize("role", [Role.BRANCH_STAFF, Role.CONTACT_CENTRE, Role.TEAM_LEAD, Role.COMPLIANCE])
def test_nobody_else_does(tomas: User, role: Role) -> None:
    assert not unlock(tomas, actor=employee(hire("somebody", role)), at=clock.now()).done
    assert attempts.waits_until("tomas", at=clock.now()) is not None


def test_a_session_that_was_taken_over_gives_itself_no_tries() -> None:
    orla = hire("orla", Role.ADMINISTRATOR)
    with pytest.raises(NotPossible):
        unlock(orla, actor=employee(orla), at=clock.now())


def test_the_page_says_that_signing_in_is_slowed_and_takes_it_away(tomas: User) -> None:
    client = Client()
    client.force_login(hire("orla", Role.ADMINISTRATOR), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/people/{tomas.pk}/")
    assert b"Signing in is slowed" in page.content
    assert client.post(f"/people/{tomas.pk}/act/", {"act": "unlock"}).status_code == 302
    assert b"Signing in is slowed" not in client.get(f"/people/{tomas.pk}/").content


def test_links_nobody_was_given_are_counted() -> None:
    with clock.stopped_at(clock.now() + timedelta(seconds=1)):
        answers = [Client().get(f"/accounts/way-in/made-up-{n}/", REMOTE_ADDR="198.51.100.9").status_code for n in range(60)]
    assert answers.count(404) == attempts.LIMITS["secrets"].free
    assert answers[-1] == 429
