"""What is masked for whom, and what it takes to see it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import DomainEvent
from customers import search, state
from customers.care import masking, revealing
from customers.care.revealing import NotRevealed
from customers.models import CareSettings, MaskedField, MaskingRule, Reveal
from customers.values import Conflict
from customers.visibility import NotVisible
from sentinel import actions, policy
from sentinel.models import ApprovalRequest
from tests import arranging
from tests.bank import Bank, Branch, Customer

from .conftest import user_of

PHONE, EMAIL = "+353 86 111 2233", "oisin.brady@posteo.example"


@pytest.fixture(autouse=True)
def _policies(db: None) -> None:
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def oisin(bank: Bank, galway: Branch) -> Customer:
    customer = bank.customer("Oisín Brady", branch=galway, phone=PHONE, email=EMAIL, street="7 Salt Walk", born=date(1986, 6, 13))
    bank.current_account(customer)
    bank.deliver()
    return customer


def seen_by(actor: Actor, customer: Customer, **given: Any) -> state.CustomerState:
    return state.state_of(customer.id, actor=actor, at=clock.now(), **given)


def whole(found: state.CustomerState) -> dict[str, str]:
    """Every field that can be masked, as it is shown."""
    named = {name: getattr(found, name).value for name in ("phone", "email", "address", "birth_date")}
    return {**named, "national_id": found.national_id, "account_number": found.accounts[0].number}


@pytest.fixture
def real(oisin: Customer) -> dict[str, str]:
    return whole(seen_by(actors.system("tests"), oisin))


@pytest.mark.parametrize("role", list(Role))
def test_nothing_that_can_be_masked_is_whole_by_default(bank: Bank, oisin: Customer, real: dict[str, str], role: Role) -> None:
    found = seen_by(bank.staff(role, branch=oisin.branch), oisin)

    shown = whole(found)
    assert set(shown) == set(MaskedField)
    for name, value in real.items():
        assert value, name
        assert value not in str(found), name
        assert shown[name] == masking.mask(name, value)
    assert shown["birth_date"] == "•• June 1986"
    assert shown["email"] == "o••••@posteo.example"


@pytest.mark.parametrize("field", list(MaskedField))
def test_a_rule_shows_one_field_to_one_role(bank: Bank, clerk: Actor, oisin: Customer, real: dict[str, str], field: str) -> None:
    arranging.show_field(field, Role.BRANCH_STAFF)

    for_clerk, for_officer = whole(seen_by(clerk, oisin)), whole(seen_by(bank.staff(Role.COMPLIANCE), oisin))

    assert {name for name in real if for_clerk[name] == real[name]} == {field}
    assert {name for name in real if for_officer[name] == real[name]} == set()


def test_the_system_and_the_customer_see_everything(oisin: Customer, real: dict[str, str]) -> None:
    oneself = Actor(actors.ActorKind.CUSTOMER, str(oisin.id), "Oisín")
    assert whole(seen_by(oneself, oisin)) == real


def test_what_sources_disagree_on_is_masked_like_what_counts(bank: Bank, clerk: Actor, galway: Branch) -> None:
    customer = bank.customer("Oisín Brady", branch=galway, born=date(1986, 6, 13))
    bank.deliver()
    known = seen_by(actors.system("tests"), customer)
    assert known.birth_date
    other = replace(known.birth_date, value="1968-06-13")
    disagreeing = replace(known, conflicts=(Conflict("birth_date", "date of birth", (known.birth_date, other)),))

    found = masking.masked(disagreeing, shown=frozenset(), uncovered={})

    assert [word.value for word in found.conflicts[0].said] == ["•• June 1986", "•• June 1968"]
    assert masking.masked(disagreeing, shown=frozenset(MaskedField), uncovered={}) == disagreeing


def test_a_rule_that_is_gone_shows_nothing(clerk: Actor, oisin: Customer, real: dict[str, str]) -> None:
    with arranging.before_everything():
        MaskingRule.objects.all().delete()
    assert not set(whole(seen_by(clerk, oisin)).values()) & set(real.values())


def test_masking_costs_no_query(clerk: Actor, oisin: Customer, queries_of: Any) -> None:
    seen_by(clerk, oisin)  # what a process reads once
    counts = [queries_of(lambda actor=actor: seen_by(actor, oisin)) for actor in (actors.system("tests"), clerk)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("typed", [PHONE, "086 111 2233", EMAIL])
def test_what_is_masked_is_still_found_by_and_not_shown(clerk: Actor, oisin: Customer, typed: str) -> None:
    [match] = search.find(typed, actor=clerk)
    assert match.party_id == oisin.id
    assert not any(secret in str(match) for secret in (PHONE, "1112233", EMAIL, "1986-06-13"))


class TestReveal:
    def ask(self, oisin: Customer, actor: Actor, field: str = "phone", reason: str = "Call back", at: Any = None) -> revealing.Asked:
        return revealing.reveal(oisin.id, field=field, reason=reason, actor=actor, at=at or clock.now())

    def shown(self, oisin: Customer, actor: Actor, at: Any = None) -> dict[str, str]:
        at = at or clock.now()
        return whole(seen_by(actor, oisin, uncovered=revealing.in_force(oisin.id, actor=actor, at=at)))

    def test_it_uncovers_one_field_for_one_person_for_as_long_as_the_bank_says(
        self, bank: Bank, clerk: Actor, oisin: Customer, real: dict[str, str]
    ) -> None:
        CareSettings.objects.update(reveal_minutes=7)
        at = clock.now()
        asked = self.ask(oisin, clerk, at=at)

        assert asked.until == at + timedelta(minutes=7)
        found = self.shown(oisin, clerk)
        assert {name for name in real if found[name] == real[name]} == {"phone"}
        colleague = bank.staff(branch=oisin.branch)
        assert self.shown(oisin, colleague)["phone"] != real["phone"]
        assert self.shown(oisin, clerk, at=at + timedelta(minutes=8))["phone"] != real["phone"]

    def test_it_is_recorded_with_its_decision_and_reason(self, clerk: Actor, oisin: Customer) -> None:
        self.ask(oisin, clerk, reason="Call back about the loan")

        row = Reveal.objects.get()
        assert (row.party_id, row.field, str(row.user_id), row.reason) == (oisin.id, "phone", clerk.id, "Call back about the loan")
        event = DomainEvent.objects.get(type="customers.field.revealed")
        assert event.subject == str(oisin.id)
        assert PHONE not in str(event.data)

    @pytest.mark.parametrize("field", ["birth_date", "account_number"])
    def test_where_the_policies_want_a_reason_there_is_none_without(self, clerk: Actor, oisin: Customer, field: str) -> None:
        with pytest.raises(NotRevealed) as refusal:
            self.ask(oisin, clerk, field, reason="  ")
        assert refusal.value.says_why
        assert not Reveal.objects.exists()
        assert self.ask(oisin, clerk, field, reason="Asked for by the customer").until

    def test_a_national_id_waits_for_a_lead_and_is_then_shown_for_an_hour(
        self, bank: Bank, clerk: Actor, oisin: Customer, real: dict[str, str]
    ) -> None:
        asked = self.ask(oisin, clerk, "national_id", reason="Tax form")
        assert asked.waits
        assert self.shown(oisin, clerk)["national_id"] != real["national_id"]

        at = clock.now()
        lead = bank.staff(Role.TEAM_LEAD, branch=oisin.branch, name="Lena Ahrens")
        actions.approve(ApprovalRequest.objects.get().pk, actor=lead, at=at, note="Fine")

        assert self.shown(oisin, clerk)["national_id"] == real["national_id"]
        assert Reveal.objects.get().until == at + timedelta(hours=1)

    def test_of_a_protected_customer_compliance_is_told(self, bank: Bank, oisin: Customer, circle: str) -> None:
        lead = bank.staff(Role.TEAM_LEAD, branch=oisin.branch)
        arranging.protect(oisin.id, circle=circle)
        with pytest.raises(NotVisible):
            self.ask(oisin, lead)
        arranging.list_in_circle(circle, user_of(lead))

        self.ask(oisin, lead)

        assert Reveal.objects.get().officers_told
        assert DomainEvent.objects.get(type="customers.field.revealed").data["tell_compliance"] is True

    def test_who_may_not_see_the_customer_is_told_what_a_missing_one_is(self, bank: Bank, cork: Branch, oisin: Customer) -> None:
        elsewhere = bank.staff(branch=cork)
        for party in (oisin.id, uuid7()):
            with pytest.raises(NotVisible):
                revealing.reveal(party, field="phone", reason="x", actor=elsewhere, at=clock.now())

    def test_an_administrator_does_not_look(self, bank: Bank, oisin: Customer) -> None:
        with pytest.raises(NotRevealed):
            self.ask(oisin, bank.staff(Role.ADMINISTRATOR))

    def test_the_database_keeps_looks_short_and_as_they_were(self, clerk: Actor, oisin: Customer) -> None:
        self.ask(oisin, clerk)
        row = Reveal.objects.get()
        row.pk, row.decision_id, row.until = uuid7(), uuid7(), row.revealed_at + timedelta(hours=2)
        with pytest.raises(IntegrityError, match="a_reveal_is_short"), transaction.atomic():
            row.save(force_insert=True)

    def test_on_the_page_it_takes_one_press_and_says_how_long(self, bank: Bank, clerk: Actor, oisin: Customer) -> None:
        desk, page = bank.desk(clerk), f"/customers/{oisin.id}/"
        assert PHONE not in desk.get(page).content.decode()

        answer = desk.post(f"{page}reveal/phone/", follow=True)

        text = answer.content.decode()
        assert PHONE in text
        assert "Shown to you until" in text
        assert EMAIL not in text

    def test_on_the_page_a_reason_is_asked_for_where_one_is_wanted(self, bank: Bank, clerk: Actor, oisin: Customer) -> None:
        desk, path = bank.desk(clerk), f"/customers/{oisin.id}/reveal/birth_date/"
        refused = desk.post(path)
        assert refused.status_code == 422
        assert "says why" in refused.content.decode()

        shown = desk.post(path, {"reason": "The customer proves who they are"}, follow=True)
        assert "13 June 1986" in shown.content.decode()

    def test_over_the_interface(self, bank: Bank, clerk: Actor, oisin: Customer, real: dict[str, str]) -> None:
        desk, path = bank.desk(clerk), f"/api/v1/customers/{oisin.id}/"
        body = desk.get(path).json()
        assert body["phone"]["masked"] is True
        assert not any(value in str(body) for value in real.values())

        refused = desk.post(f"{path}reveal/", {"field": "account_number"}, "application/json")
        assert (refused.status_code, refused.json()["code"]) == (403, "says_why")
        shown = desk.post(f"{path}reveal/", {"field": "account_number", "reason": "Reads it out"}, "application/json")
        assert shown.json()["values"] == [real["account_number"]]
        # The state itself stays masked: it may be kept where it is read.
        assert not any(value in str(desk.get(path).json()) for value in real.values())
