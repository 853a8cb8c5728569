"""What a preview says is what becomes of it; what keeps somebody from answering a request is what they are told when they try."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from journeys.acts.fee import WAIVE_FEE
from journeys.acts.transfer import MOVE_MONEY
from journeys.models import Effect
from sentinel import actions, approvals, policy
from sentinel.approvals import ApprovalError
from sentinel.authority import NotPermitted, Outcome, TokenAlreadyUsed
from sentinel.models import Consumption, Decision
from tests.bank import Bank, Branch
from tests.journeys.household import Household, execute, household

pytestmark = pytest.mark.django_db
AMOUNTS = ("0.00", "1.00", "120.00", "501.00", "900.00", "1500.00", "2500.00")
WORDS = {"answered": approvals.AlreadyAnswered, "late": approvals.ApprovalExpired}


@pytest.fixture
def rich(bank: Bank, galway: Branch) -> Household:
    policy.load_starting_set(at=clock.now())
    return household(bank, "Rita Guldmann", galway, savings="2000.00")


@pytest.fixture
def people(bank: Bank, galway: Branch, cork: Branch) -> dict[str, Actor]:
    """Everybody who might ask or agree."""
    here = {role.value: bank.staff(role, branch=galway, name=f"Here {role.label}") for role in (Role.BRANCH_STAFF, Role.TEAM_LEAD)}
    there = {f"{role.value} elsewhere": bank.staff(role, branch=cork, name=f"There {role.label}") for role in (Role.TEAM_LEAD,)}
    rest = {role.value: bank.staff(role, name=f"Of {role.label}") for role in (Role.CONTACT_CENTRE, Role.COMPLIANCE, Role.ADMINISTRATOR)}
    return here | there | rest


def became(call: Callable[[], Any]) -> tuple[str, str]:
    """What came of it, and nothing of it stays."""
    with transaction.atomic():
        try:
            ran = call()
            found = (str(ran.decision.outcome), ran.sentence)
        except actions.NotPossible as reason:
            found = ("not possible", str(reason))
        except LookupError as unseen:
            found = ("unseen", type(unseen).__name__)
        transaction.set_rollback(True)
    return found


def previewed(call: Callable[[], actions.Preview]) -> tuple[str, str]:
    try:
        found = call()
    except LookupError as unseen:
        return ("unseen", type(unseen).__name__)
    return ("not possible", found.not_possible) if found.not_possible else (str(found.outcome), found.sentence)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_preview_says_what_becomes_of_it(rich: Household, people: dict[str, Actor], amount: str) -> None:
    fee = {"arrangement": rich.current.id, "amount": amount, "currency": "EUR", "reason": "goodwill"}
    seen = set()
    for actor in people.values():
        for action, parameters in (
            (MOVE_MONEY, rich.transfer(amount)["parameters"]),
            (WAIVE_FEE, {**fee, "arrangement": str(rich.current.id)}),
        ):
            asked: dict[str, Any] = {"actor": actor, "resource_id": str(rich.party_id), "parameters": parameters, "at": clock.now()}
            before = Decision.objects.count()
            told = previewed(lambda action=action, asked=asked: actions.preview(action, **asked))
            assert Decision.objects.count() == before, "a look is not on record"
            assert told == became(lambda action=action, asked=asked: actions.run(action, **asked)), (action.name, actor.name)
            seen.add(told[0])
    assert len(seen) > 1


def test_a_preview_says_what_changes_and_who_could_agree(rich: Household, people: dict[str, Actor]) -> None:
    asked: dict[str, Any] = {"resource_id": str(rich.party_id), "parameters": rich.transfer("1500.00")["parameters"], "at": clock.now()}
    found = actions.preview(MOVE_MONEY, actor=people["branch_staff"], **asked)

    assert found.outcome is Outcome.NEEDS_APPROVAL
    assert found.eligible == ("team_lead",)
    assert [str(change.after.amount) for change in found.changes if not isinstance(change.after, str)] == ["500.00", "1600.00"]


def test_who_may_not_do_it_reads_why_and_it_stays_on_record(rich: Household, people: dict[str, Actor]) -> None:
    asked: dict[str, Any] = {"resource_id": str(rich.party_id), "parameters": rich.transfer("20.00")["parameters"], "at": clock.now()}
    with pytest.raises(NotPermitted) as refusal:
        actions.run(MOVE_MONEY, actor=people["compliance_officer"], **asked).or_raise()

    decision = refusal.value.decision
    assert str(refusal.value) == " ".join(rule.sentence for rule in decision.rules) != ""
    assert Decision.objects.get(pk=decision.id).outcome == decision.outcome == Outcome.DENY
    assert not Consumption.objects.filter(decision=decision.id).exists()


def test_who_may_holds_a_permit_that_is_used_up(rich: Household, people: dict[str, Actor]) -> None:
    asked: dict[str, Any] = {"resource_id": str(rich.party_id), "parameters": rich.transfer("20.00")["parameters"], "at": clock.now()}
    ran = actions.run(MOVE_MONEY, actor=people["branch_staff"], **asked)

    assert ran.result == Effect.objects.get().pk
    with pytest.raises(TokenAlreadyUsed):
        execute(ran.decision.token, **rich.transfer("20.00"), at=clock.now(), summary="Again")


@pytest.mark.parametrize("state", ["open", "answered", "late"])
def test_what_keeps_somebody_from_answering_is_what_they_are_told(rich: Household, people: dict[str, Actor], state: str) -> None:
    ran = actions.run(
        MOVE_MONEY,
        actor=people["branch_staff"],
        resource_id=str(rich.party_id),
        parameters=rich.transfer("1500.00")["parameters"],
        at=clock.now(),
        note="Move money",
    )
    assert ran.request_id is not None
    at = clock.now() + (timedelta(days=2) if state == "late" else timedelta())
    if state == "answered":
        actions.refuse(ran.request_id, actor=people["team_lead"], at=at, note="No")

    told = set()
    for actor in people.values():
        foreseen = approvals.hindrance(ran.request_id, actor=actor, at=at)
        for answer in (actions.approve, actions.refuse):
            with transaction.atomic():
                try:
                    answer(ran.request_id, actor=actor, at=at)
                    came: type[Exception] | None = None
                except ApprovalError as error:
                    came = type(error)
                transaction.set_rollback(True)
            assert came == foreseen, (actor.name, answer.__name__)
        told.add(foreseen)
    assert {approvals.MakerIsChecker, approvals.NotEligible, WORDS.get(state)} == told
