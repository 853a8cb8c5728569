"""Emergency access: reason first, minutes only, compliance told, reviewed – and nothing learnt by asking."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import DomainEvent
from customers import state
from customers.care import emergencies, emergency_lists
from customers.care.emergencies import EmergencyRefused, NoSuchAccess, NotPossible
from customers.models import CareSettings, EmergencyAccess, EmergencyGrant, EmergencyReview
from sentinel import actions, policy
from sentinel.authority import NotPermitted
from sentinel.models import ApprovalRequest, Decision
from tests import arranging
from tests.bank import Bank, Branch, Customer

from .conftest import seen, user_of

NOBODYS = "C-777 777 77"
Number = Callable[[Customer], str]


@pytest.fixture(autouse=True)
def _policies(db: None) -> None:
    policy.load_starting_set(at=clock.now())


def number_of(customer: Customer) -> str:
    return state.state_of(customer.id, actor=actors.system("tests"), at=clock.now()).number


def ask(actor: Actor, number: str, at: Any = None) -> UUID:
    said = {"reason_code": "at_the_counter", "reason": "Lost her purse, stands before me"}
    return emergencies.ask(number=number, actor=actor, at=at or clock.now(), **said)


def test_a_customer_of_another_branch_is_open_for_minutes(clerk: Actor, stranger: Customer) -> None:
    CareSettings.objects.update(emergency_minutes=12)
    at = clock.now()
    assert seen(clerk, stranger) == []

    access = ask(clerk, number_of(stranger), at)

    assert seen(clerk, stranger) == [stranger]
    assert emergencies.opened(access, actor=clerk) == stranger.id
    assert EmergencyGrant.objects.get().until == at + timedelta(minutes=12)
    [(through, until)] = [emergencies.through(stranger.id, actor=clerk)]
    assert (through, until) == (access, at + timedelta(minutes=12))


def test_it_ends_by_itself(clerk: Actor, stranger: Customer) -> None:
    began = clock.now() - timedelta(minutes=31)
    access = EmergencyAccess.objects.create(
        asked_by_id=clerk.id, number="1", party_id=stranger.id, resource_id=stranger.id, reason_code="other", reason="x", asked_at=began
    )
    grant = EmergencyGrant(
        access=access, party_id=stranger.id, user_id=clerk.id, decision_id=uuid7(), granted_at=began, until=began + timedelta(minutes=30)
    )
    grant.save(force_insert=True)

    assert seen(clerk, stranger) == []
    assert emergencies.opened(access.pk, actor=clerk) is None
    assert emergencies.through(stranger.id, actor=clerk) is None


@pytest.mark.parametrize("by_officer", [False, True])
def test_it_is_ended_early_by_who_asked_or_an_officer(clerk: Actor, officer: Actor, stranger: Customer, by_officer: bool) -> None:
    access = ask(clerk, number_of(stranger))
    emergencies.ended_now(access, actor=officer if by_officer else clerk, at=clock.now())
    assert seen(clerk, stranger) == []


def test_nobody_else_ends_or_opens_it(bank: Bank, clerk: Actor, galway: Branch, stranger: Customer) -> None:
    access, colleague = ask(clerk, number_of(stranger)), bank.staff(branch=galway)
    assert seen(colleague, stranger) == []
    for act in (
        lambda: emergencies.ended_now(access, actor=colleague, at=clock.now()),
        lambda: emergencies.opened(access, actor=colleague),
        lambda: emergency_lists.one_of_person(access, actor=colleague, at=clock.now()),
    ):
        with pytest.raises(NoSuchAccess):
            act()


def test_it_is_a_look_and_no_leave_to_act(bank: Bank, clerk: Actor, stranger: Customer) -> None:
    ask(clerk, number_of(stranger))
    answer = bank.desk(clerk).post(f"/customers/{stranger.id}/permissions/marketing/", {"given": "no", "channel": "phone"})
    assert answer.status_code == 422
    assert "Staff of a branch act for the customers of that branch" in answer.content.decode()


def test_compliance_is_told_in_the_console_and_by_an_event(bank: Bank, clerk: Actor, officer: Actor, stranger: Customer) -> None:
    assert emergency_lists.waiting_for_review(officer) == 0
    access = ask(clerk, number_of(stranger))

    assert emergency_lists.waiting_for_review(officer) == 1
    page = bank.desk(officer).get("/emergencies/").content.decode()
    assert "Lost her purse" in page
    assert clerk.name in page
    told = {event.type: event for event in DomainEvent.objects.filter(type__startswith="customers.emergency")}
    assert told["customers.emergency.granted"].data["tell_compliance"] is True
    assert {event.subject for event in told.values()} == {str(access)}


class TestWhatAskingTells:
    """A number nobody has, a protected customer's, one's own and a colleague's: all the same."""

    @pytest.fixture
    def numbers(self, bank: Bank, clerk: Actor, galway: Branch, cork: Branch, circle: str) -> dict[str, str]:
        vip, own, colleague = (bank.customer(branch=branch) for branch in (cork, galway, galway))
        other = bank.staff(branch=galway, name="Cormac Daly")
        bank.deliver()
        arranging.protect(vip.id, circle=circle)
        arranging.protect(own.id, circle=circle, employee=user_of(clerk))
        arranging.protect(colleague.id, circle=circle, employee=user_of(other))
        return {
            "nobody's": NOBODYS,
            "not a number": "Brady",
            "a VIP's": number_of(vip),
            "one's own": number_of(own),
            "a colleague's": number_of(colleague),
        }

    def answers(self, bank: Bank, actor: Actor, number: str) -> list[str]:
        """All the asker can look at afterwards, without what differs from request to request."""
        desk = bank.desk(actor)
        said = {"number": number, "reason_code": "danger", "reason": "Somebody may come to harm"}
        asked = desk.post("/emergencies/ask/", said)
        assert asked.status_code == 302
        path = asked.headers["Location"]
        texts = [desk.get(path), desk.get(f"{path}open/"), desk.post(f"{path}end/", follow=True), desk.get("/decisions/")]
        access = EmergencyAccess.objects.latest("id")
        decision = Decision.objects.filter(resource_id=str(access.resource_id)).latest("id")
        texts.append(desk.get(f"/decisions/{decision.pk}/"))
        request = ApprovalRequest.objects.filter(decision=decision).first()
        texts += [desk.get(f"/approvals/{request.pk}/") if request else desk.get(f"/approvals/{uuid7()}/"), desk.get("/approvals/")]
        return [text.content.decode() for text in texts]

    def test_is_the_same_for_all_who_are_kept_from_the_asker(self, bank: Bank, clerk: Actor, numbers: dict[str, str]) -> None:
        plain: dict[str, list[str]] = {}
        for what, number in numbers.items():
            with transaction.atomic():
                plain[what] = [_without_figures(text.replace(number, "")) for text in self.answers(bank, clerk, number)]
                transaction.set_rollback(True)
        for what, texts in plain.items():
            for place, (one, other) in enumerate(zip(texts, plain["nobody's"], strict=True)):
                assert one == other, (what, place)

    def test_the_first_answer_is_the_same_for_a_customer_who_is_opened(self, bank: Bank, clerk: Actor, stranger: Customer) -> None:
        texts = []
        for number in (number_of(stranger), NOBODYS):
            desk = bank.desk(clerk)
            with transaction.atomic():
                asked = desk.post("/emergencies/ask/", {"number": number, "reason_code": "danger", "reason": "Somebody may come to harm"})
                page = desk.get(asked.headers["Location"]).content.decode()
                texts.append((asked.status_code, _without_figures(page.replace(number, ""))))
                row = EmergencyAccess.objects.values().get()
                texts[-1] += ({name for name, value in row.items() if value is not None} - {"party_id"},)
                transaction.set_rollback(True)
        assert texts[0] == texts[1]

    def test_even_agreed_to_nothing_opens_where_there_is_nobody(
        self, bank: Bank, clerk: Actor, officer: Actor, numbers: dict[str, str]
    ) -> None:
        for what in ("nobody's", "one's own", "a colleague's"):
            access = ask(clerk, numbers[what])
            actions.approve(ApprovalRequest.objects.latest("id").pk, actor=officer, at=clock.now(), note="Fine")
            assert emergencies.opened(access, actor=clerk) is None, what
        assert not EmergencyGrant.objects.exists()

    def test_a_protected_customer_opens_when_compliance_agrees(
        self, bank: Bank, clerk: Actor, officer: Actor, numbers: dict[str, str]
    ) -> None:
        access = ask(clerk, numbers["a VIP's"])
        assert emergencies.opened(access, actor=clerk) is None

        page = bank.desk(officer).get("/emergencies/").content.decode()
        assert numbers["a VIP's"] not in page
        actions.approve(ApprovalRequest.objects.latest("id").pk, actor=officer, at=clock.now(), note="Called back")

        party = emergencies.opened(access, actor=clerk)
        assert party is not None
        assert bank.desk(clerk).get(f"/customers/{party}/").status_code == 200


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.ADMINISTRATOR])
def test_who_serves_nobody_asks_for_nobody(bank: Bank, stranger: Customer, role: Role) -> None:
    """And reads the same for every number."""
    person, said = bank.staff(role), set()
    for number in (number_of(stranger), NOBODYS):
        with pytest.raises(EmergencyRefused) as refusal:
            ask(person, number)
        said.add(str(refusal.value))
    assert len(said) == 1
    assert EmergencyAccess.objects.count() == 2, "that they asked is kept"


def test_a_reason_comes_first(bank: Bank, clerk: Actor, stranger: Customer) -> None:
    desk = bank.desk(clerk)
    answer = desk.post("/emergencies/ask/", {"number": number_of(stranger), "reason_code": "danger", "reason": "now"})
    assert answer.status_code == 422
    assert not EmergencyAccess.objects.exists()


class TestReview:
    def test_an_officer_says_once_whether_it_was_justified(self, bank: Bank, clerk: Actor, officer: Actor, stranger: Customer) -> None:
        access = ask(clerk, number_of(stranger))
        emergencies.review(access, justified=False, note="Nobody stood at the counter", actor=officer, at=clock.now())

        row = EmergencyReview.objects.get()
        assert (row.access_id, row.justified, row.note) == (access, False, "Nobody stood at the counter")
        assert emergency_lists.waiting_for_review(officer) == 0
        [shown] = emergency_lists.overview(actor=officer, at=clock.now())
        assert (shown.justified, shown.reviewed_by, shown.reviewable) == (False, "Maeve Costello", False)
        with pytest.raises(NotPossible):
            emergencies.review(access, justified=True, note="", actor=bank.staff(Role.COMPLIANCE), at=clock.now())

    def test_what_was_not_justified_is_explained(self, clerk: Actor, officer: Actor, stranger: Customer) -> None:
        access = ask(clerk, number_of(stranger))
        with pytest.raises(NotPossible):
            emergencies.review(access, justified=False, note=" ", actor=officer, at=clock.now())

    def test_only_officers_review_and_see_all(self, bank: Bank, clerk: Actor, stranger: Customer) -> None:
        access, lead = ask(clerk, number_of(stranger)), bank.staff(Role.TEAM_LEAD, branch=stranger.branch)
        with pytest.raises(NoSuchAccess):
            emergency_lists.overview(actor=lead, at=clock.now())
        with pytest.raises(NoSuchAccess):
            emergencies.review(access, justified=True, note="", actor=lead, at=clock.now())
        with pytest.raises(NotPermitted):
            emergencies.review(access, justified=True, note="", actor=clerk, at=clock.now())
        assert bank.desk(clerk).post(f"/emergencies/{access}/review/", {"verdict": "justified"}).status_code == 404

    def test_on_the_page(self, bank: Bank, clerk: Actor, officer: Actor, stranger: Customer) -> None:
        access = ask(clerk, number_of(stranger))
        answer = bank.desk(officer).post(f"/emergencies/{access}/review/", {"verdict": "justified", "note": "Fine"}, follow=True)
        assert "Justified" in answer.content.decode()


def test_evidence_stays_as_it_was(clerk: Actor, stranger: Customer) -> None:
    ask(clerk, number_of(stranger))
    for change in (lambda: EmergencyAccess.objects.update(reason="x"), lambda: EmergencyGrant.objects.all().delete()):
        with pytest.raises(ProgrammingError, match=r"append-only|permission denied"), transaction.atomic():
            change()
    grant = EmergencyGrant.objects.get()
    grant.pk = EmergencyAccess.objects.create(
        asked_by_id=clerk.id, number="1", resource_id=uuid7(), reason_code="other", reason="x", asked_at=clock.now()
    ).pk
    grant.decision_id, grant.until = uuid7(), grant.granted_at + timedelta(minutes=31)
    with pytest.raises(IntegrityError, match="an_emergency_access_is_short"), transaction.atomic():
        grant.save(force_insert=True)


def _without_figures(text: str) -> str:
    """Of an answer, what does not change from request to request: no ids, tokens and moments."""
    return re.sub(
        r"dt_\w+|[\w.-]{40,}|\d{4}-\d\d-\d\dT[\d:.+Z-]+|\d\d:\d\d(:\d\d)?|nonce=\"[^\"]+\"|[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "", text
    )
