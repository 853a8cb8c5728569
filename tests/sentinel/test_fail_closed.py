"""When the authority cannot answer nothing happens, and whoever asked is told what to do."""

import json
from typing import Any

import pytest
from django.db import connection

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from journeys.models import Effect
from sentinel import policy
from sentinel.models import PolicyVersion
from tests.bank import Bank, Branch
from tests.journeys.household import household, perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_policy(past_the_guards: Any) -> None:
    """The text in force was damaged: no policy can be asked."""
    policy.load_starting_set(at=clock.now())
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE sentinel_policyversion SET policies = policies || '// damaged'")
    policy.text_of.cache_clear()


@pytest.fixture
def consent_page(bank: Bank, adviser: Actor) -> tuple[Any, str]:
    ines = bank.customer(consents={"marketing": True})
    return bank.desk(adviser), f"/customers/{ines.id}/permissions/marketing/"


def test_a_page_says_that_nothing_was_done_and_what_to_do(no_policy: None, consent_page: tuple[Any, str]) -> None:
    desk, page = consent_page

    answer = desk.post(page, {"given": "no", "channel": "phone"})

    assert answer.status_code == 503
    assert "Nothing was done" in answer.text
    assert "try again" in answer.text


def test_the_refusal_is_recorded_though_no_policy_was_asked(no_policy: None, consent_page: tuple[Any, str]) -> None:
    desk, page = consent_page
    desk.post(page, {"given": "no", "channel": "phone"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome, rules, policy_version_id FROM sentinel_decision WHERE action = 'consent.change'")
        assert cursor.fetchall() == [("deny", ["not-decided"], None)]
    assert not Effect.objects.exists()


def test_no_policy_at_all_permits_nothing(consent_page: tuple[Any, str]) -> None:
    assert not PolicyVersion.objects.filter(state="active").exists()
    desk, page = consent_page

    assert desk.post(page, {"given": "no", "channel": "phone"}).status_code == 503


def test_a_program_gets_a_problem_it_can_act_on(bank: Bank, galway: Branch, adviser: Actor, past_the_guards: Any) -> None:
    policy.load_starting_set(at=clock.now())
    rich, lead = household(bank, "Rita Guldmann", galway, savings="2000.00"), bank.staff(Role.TEAM_LEAD, branch=galway)
    waits = perform(actor=adviser, **rich.transfer("1500.00"), at=clock.now(), summary="Move money")
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE sentinel_policyversion SET state = 'retired', retired_at = now()")

    answer = bank.desk(lead).post(f"/api/v1/approvals/{waits.request_id}/approve/", {}, content_type="application/json")

    assert answer.status_code in (403, 503), answer.text
    assert answer["Content-Type"].startswith("application/problem+json")
    assert json.loads(answer.text)["code"]
    assert not Effect.objects.exists()
