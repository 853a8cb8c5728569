"""The automation page: what those in charge see and do, and what others don't even find."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Actor, Role, employee
from bankos.platform.models import User
from sentinel.automation import evidence, stops
from sentinel.automation.evidence import Verdict
from sentinel.automation.stops import Scope
from tests import people

from .desk import TRANSFER, ask, insights, party, staff

pytestmark = pytest.mark.usefixtures("authority")
PAGE = "/automation/"
KEY = f"insights.cashflow/{TRANSFER}/personal"


@pytest.fixture
def desk() -> Callable[[Role], tuple[Client, Actor]]:
    def one(role: Role = Role.COMPLIANCE) -> tuple[Client, Actor]:
        user = User.objects.create(username=f"u{User.objects.count()}", name=f"Somebody {User.objects.count()}")
        people.give(user, role)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client, employee(user)

    return one


def reviewed(number: int, verdict: Verdict = Verdict.AGREED) -> None:
    for _ in range(number):
        decision = ask(insights(), resource=party(segment="personal")).id
        evidence.record(decision, verdict, reason="wrong_moment" if verdict is Verdict.DISAGREED else "", reviewer=staff(), at=clock.now())


@pytest.mark.parametrize("role", [Role.BRANCH_STAFF, Role.CONTACT_CENTRE])
def test_who_is_not_in_charge_finds_nothing(desk: Any, role: Role) -> None:
    client, _ = desk(role)

    assert client.get(PAGE).status_code == 404
    assert client.post(f"{PAGE}stop/", {"scope": "everything", "reason": "x"}).status_code == 404
    assert not stops.in_force()


def test_the_page_says_what_is_missing_for_the_next_level(desk: Any) -> None:
    reviewed(12)
    reviewed(1, Verdict.DISAGREED)
    client, _ = desk()

    page = client.get(PAGE).text

    assert "13 of 200 reviews" in page
    assert "“Wrong moment”, 1 of 1" in page
    assert 'aria-disabled="true"' in page


def test_a_stop_needs_its_reason_and_what_it_is_about_and_keeps_what_was_typed(desk: Any) -> None:
    client, _ = desk()
    for form in ({"scope": "everything"}, {"scope": "action", "reason": "Odd amounts"}, {"scope": "branch", "name": "a b", "reason": "x"}):
        answer = client.post(f"{PAGE}stop/", form)
        assert answer.status_code == 422
    assert not stops.in_force()
    assert "Odd amounts" in client.post(f"{PAGE}stop/", {"scope": "action", "reason": "Odd amounts"}).text


def test_one_stops_two_start_and_everybody_is_shown_it(desk: Any) -> None:
    client, _ = desk(Role.TEAM_LEAD)
    assert client.post(f"{PAGE}stop/", {"scope": "action", "action": TRANSFER, "reason": "Odd amounts"}).status_code == 302
    [stop] = stops.in_force()
    assert (stop.scope, stop.value) == (Scope.ACTION, TRANSFER)
    assert "Automation stopped" in client.get("/work/").text

    other, _ = desk()
    waits = other.post(f"{PAGE}stop/{stop.id}/start/", {"reason": "Mended"})
    assert waits["Location"].startswith("/approvals/")
    assert stops.in_force()
    third, _ = desk()
    assert "Start automation again" in third.get(waits["Location"]).text
    third.post(waits["Location"], {"answer": "approve", "note": "Looked at it"})
    assert not stops.in_force()


def test_the_preview_answers_with_and_without_script(desk: Any) -> None:
    ask(insights())
    client, _ = desk()

    alone = client.get(f"{PAGE}preview/", {"scope": "everything"}, headers={"HX-Request": "true"})
    whole = client.get(f"{PAGE}preview/", {"scope": "action", "action": TRANSFER})

    assert "1 asked for in the last day" in alone.text
    assert "<html" not in alone.text
    assert "1 asked for in the last day" in whole.text
    assert "<html" in whole.text
    nothing_said = client.get(f"{PAGE}preview/", {"scope": "branch"}, headers={"HX-Request": "true"})
    assert "Say what to stop" in nothing_said.text


def test_moving_down_works_at_once_and_up_only_with_evidence(desk: Any) -> None:
    reviewed(3)
    client, _ = desk()

    client.post(f"{PAGE}move/", {"key": KEY, "reason": "It is good"})
    assert "Not allowed." in client.get(PAGE).text
    client.post(f"{PAGE}move/", {"key": KEY, "level": "off", "reason": "Odd amounts"})
    page = client.get(PAGE).text

    assert "Odd amounts" in page
    assert client.get(f"{PAGE}one/", {"key": KEY}).status_code == 200
    assert client.get(f"{PAGE}one/", {"key": "nonsense"}).status_code == 404
    assert client.post(f"{PAGE}move/", {"key": "a/b", "level": "off", "reason": "x"}).status_code == 404
    assert client.post(f"{PAGE}move/", {"key": KEY}).status_code == 302


def test_the_page_takes_few_queries_a_machine(desk: Any, queries_of: Callable[[Callable[[], object]], int]) -> None:
    client, _ = desk()
    reviewed(2)
    client.get(PAGE)

    assert queries_of(lambda: client.get(PAGE)) <= 40
