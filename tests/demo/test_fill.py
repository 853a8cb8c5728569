"""Filling the bank ends with staff who can sign in and find suggestions; it happens once."""

from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from bankos.platform import clock
from bankos.platform.actors import Role, employee, system
from bankos.platform.models import User
from customers import visibility
from customers.models import Party, Protection
from demobank import care, fill, staff
from demobank.plan import Plan
from insights import recommendations
from journeys import approvals

from .conftest import AS_OF

PASSWORD = "a-password-of-the-tests"


@pytest.fixture
def demo(settings, tmp_path: Path):
    """Run `manage.py demo` for a small bank; returns what it printed."""
    settings.DEMO_LOGINS, settings.DEMO_PASSWORD = True, PASSWORD

    def demo(*arguments: str, output: StringIO | None = None) -> str:
        output = output or StringIO()
        call_command("demo", "--customers", "60", "--as-of", AS_OF.isoformat(), "--out", str(tmp_path), *arguments, stdout=output)
        return output.getvalue()

    return demo


def customers() -> int:
    return visibility.parties_visible_to(system("tests")).count()


@pytest.mark.django_db
def test_a_filled_bank_has_customers_staff_and_suggestions(demo):
    printed = demo()

    assert "The demo bank is open: 60 customers" in printed
    assert customers() >= 60
    assert {login.username for login in staff.LOGINS} == set(User.objects.values_list("username", flat=True))
    adviser = employee(User.objects.get(username="siobhan"))
    with clock.stopped_at(fill.moment_of(Plan(60, 7, 8, AS_OF))):
        titles = [card.party_name for card in recommendations.listing(actor=adviser, at=clock.now(), limit=50)]
    assert "Ines Marchetti-Okafor" in titles


@pytest.mark.django_db
def test_requests_wait_for_a_team_lead(demo):
    demo()
    demo()

    lead = employee(User.objects.get(username="ruairi"))
    waiting = approvals.waiting(actor=lead, at=fill.moment_of(Plan(60, 7, 8, AS_OF)))
    assert {request.title for request in waiting} == {"Move €1,200 from savings for a new boiler", "Waive €60 of account fees"}


@pytest.mark.django_db
def test_each_role_has_a_login_that_sees_what_it_should(demo, rf):
    demo()

    everybody = customers()
    seen = {}
    for login in staff.LOGINS:
        user = authenticate(rf.post("/"), username=login.username, password=PASSWORD)
        assert isinstance(user, User)
        actor = employee(user)
        assert actor.roles == {login.role}
        seen[login.username] = visibility.parties_visible_to(actor).count()
    assert {login.role for login in staff.LOGINS} == set(Role)
    vip, of_staff = protected_by(care.PRIVATE), protected_by(care.STAFF)
    assert 0 < seen["siobhan"] == seen["grainne"] < seen["ruairi"] <= seen["siobhan"] + of_staff < everybody
    assert 0 < seen["tomas"] == seen["cian"] - vip < everybody
    assert 2 <= seen["fiadh"] < seen["cian"]
    assert seen["jonas"] == seen["aoife"] == seen["admin"] == everybody - vip - of_staff
    assert (seen["maeve"], seen["niamh"]) == (everybody - of_staff, everybody - vip)


def protected_by(circle: str) -> int:
    """How many customers this circle protects; more than none."""
    found = Party.objects.customers().filter(pk__in=Protection.objects.filter(circle__code=circle).values("party__golden")).count()
    assert found
    return found


@pytest.mark.django_db
def test_a_bank_with_customers_is_left_alone(demo):
    demo()
    before = customers()

    assert "isn't made" in demo("--if-empty", "--seed", "8")
    assert customers() == before


@pytest.mark.django_db
def test_a_fill_that_was_stopped_is_finished_by_the_next_start(demo, tmp_path):
    class Interrupted(StringIO):
        """Somebody presses Ctrl-C when they read that suggestions are made."""

        def write(self, text: str) -> int:
            if "Suggestions" in text:
                raise KeyboardInterrupt
            return super().write(text)

    with pytest.raises(KeyboardInterrupt):
        demo(output=Interrupted())
    assert fill.unfinished(tmp_path) == Plan(60, 7, 8, AS_OF)
    before = customers()

    assert "The demo bank is open" in demo("--if-empty")
    assert customers() == before
    assert User.objects.filter(username="siobhan").exists()
    assert fill.unfinished(tmp_path) is None


@pytest.mark.django_db
def test_a_bank_with_real_customers_gets_no_documented_passwords(demo, settings):
    settings.DEMO_LOGINS = False

    with pytest.raises(CommandError, match="DEMO_LOGINS"):
        demo()
    assert customers() == 0
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_bank_too_small_to_forecast_is_told_in_a_sentence(demo):
    with pytest.raises(CommandError, match="more customers, or more months"):
        demo("--customers", "20", "--months", "4")


def test_the_notes_of_a_start_name_every_login(settings):
    settings.DEMO_LOGINS, settings.DEMO_PASSWORD = True, PASSWORD

    notes = "\n".join(staff.sign_in_notes())

    assert all(login.username in notes for login in staff.LOGINS)
    assert PASSWORD in notes


def test_extracts_alone_need_no_database(demo, tmp_path):
    demo("--extracts-only")

    assert (tmp_path / "core" / "transactions.csv").exists()
