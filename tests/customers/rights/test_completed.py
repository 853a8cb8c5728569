"""What needs a second person is done when they agree, from what the decision keeps: nobody is asked for it twice."""

from datetime import timedelta
from uuid import UUID

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from customers import consents
from customers.consents import change_consent
from customers.models import Consent, Correction, LegalHold, RightsRequest
from customers.rights import correcting, holds
from sentinel import actions, policy
from sentinel.actions import NotPossible, Waits
from tests.bank import Bank, Branch, Customer
from tests.sentinel.policy_life import put_in_force

pytestmark = pytest.mark.django_db
TWO_PEOPLE = """
@id("two-people-here")
@sentence("A second person agrees to this here.")
@customer("Two people of the bank look at this.")
@owner("Compliance")
@basis("Test")
forbid (principal, action in [Action::"hold.place", Action::"consent.change", Action::"rights.ask"], resource)
unless { context.request has approval && context.request.approval.roles.contains("team_lead") };
"""


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    policy.load_starting_set(at=clock.now())
    made = bank.customer("Ines Marchetti", branch=galway)
    bank.deliver()
    texts = policy.starting_set()
    put_in_force(texts.policies + TWO_PEOPLE, texts.schema)
    return made


@pytest.fixture
def adviser(bank: Bank, galway: Branch) -> Actor:
    return bank.staff(Role.BRANCH_STAFF, branch=galway, name="Siobhán Keane")


@pytest.fixture
def lead(bank: Bank, galway: Branch) -> Actor:
    return bank.staff(Role.TEAM_LEAD, branch=galway, name="Ruairi Daly")


def agreed(waits: Waits, by: Actor) -> object:
    ran = actions.approve(waits.request_id, actor=by, at=clock.now())
    assert ran.done, ran.sentence
    return ran.result


def test_a_hold_is_placed_when_a_second_person_agrees(bank: Bank, ines: Customer, lead: Actor) -> None:
    officer, until = bank.staff(Role.COMPLIANCE, name="Maeve Costello"), clock.today() + timedelta(days=90)
    with pytest.raises(Waits, match="A second person has to agree first") as asked:
        holds.place(ines.id, until=until, reason="A claim at the High Court", actor=officer, at=clock.now())
    assert not LegalHold.objects.exists()

    assert agreed(asked.value, lead) == LegalHold.objects.get().pk
    hold = LegalHold.objects.get()
    assert (hold.party_id, hold.until, hold.reason, hold.placed_by) == (ines.id, until, "A claim at the High Court", officer.name)


def test_the_second_person_reads_what_would_be_done(bank: Bank, ines: Customer, adviser: Actor, lead: Actor) -> None:
    with pytest.raises(Waits) as asked:
        change_consent(ines.id, purpose="marketing", given=False, channel="phone", actor=adviser, at=clock.now())

    page = bank.desk(lead).get(f"/approvals/{asked.value.request_id}/").content.decode()
    assert "Record what the customer agrees to" in page
    assert "marketing" in page
    assert f"/customers/{ines.id}/" in page
    stranger = bank.staff(Role.TEAM_LEAD, branch=bank.branch("Cork"), name="Aoife Byrne")
    assert bank.desk(stranger).get(f"/approvals/{asked.value.request_id}/").status_code == 404


def test_a_consent_keeps_what_was_said_about_it_until_somebody_agrees(ines: Customer, adviser: Actor, lead: Actor) -> None:
    said = {"purpose": "marketing", "given": False, "channel": "phone", "contact_channel": "email", "evidence": "call 4711"}
    with pytest.raises(Waits) as asked:
        change_consent(ines.id, **said, actor=adviser, at=clock.now())

    agreed(asked.value, lead)
    word = Consent.objects.order_by("-id")[0]
    assert (word.party_id, word.purpose, word.given, word.contact_channel) == (ines.id, "marketing", False, "email")
    assert (word.channel, word.evidence, word.recorded_by) == ("phone", "call 4711", adviser.name)


def test_what_the_customer_said_meanwhile_is_not_overwritten(ines: Customer, adviser: Actor, lead: Actor) -> None:
    tag = consents.consents_of(ines.id, actor=adviser, at=clock.now()).tag
    with pytest.raises(Waits) as asked:
        change_consent(
            ines.id, purpose="marketing", given=False, channel="branch", actor=adviser, at=clock.now(), unless_changed_since=[tag]
        )
    with pytest.raises(Waits) as other:
        change_consent(ines.id, purpose="payment_insight", given=False, channel="branch", actor=adviser, at=clock.now())
    agreed(other.value, lead)

    with pytest.raises(NotPossible, match="something else since"):
        actions.approve(asked.value.request_id, actor=lead, at=clock.now())


def test_a_correction_is_asked_for_when_a_second_person_agrees(ines: Customer, adviser: Actor, lead: Actor) -> None:
    wrong = next(one for one in correcting.stated_of(ines.id, actor=adviser, at=clock.now()) if one.label == "Name")
    said = {"said": "Inés Marchetti", "evidence": "Passport", "checked": "document", "heard_on": "branch"}
    with pytest.raises(Waits) as asked:
        correcting.ask(ines.id, wrong.fact_id, **said, actor=adviser, at=clock.now())
    assert not RightsRequest.objects.exists()

    request_id = agreed(asked.value, lead)
    assert isinstance(request_id, UUID)
    found = Correction.objects.get(request=request_id)
    assert (found.said, found.evidence, found.stated) == ("Inés Marchetti", "Passport", wrong.value)
