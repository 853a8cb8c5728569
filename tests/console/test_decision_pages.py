"""What a compliance officer does with decisions: find, understand, tell, export, forget."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from bankos.console.decisions import search
from bankos.platform import clock
from bankos.platform.actors import Actor, Role, system
from bankos.platform.models import DomainEvent
from customers.state import facts_for_decision
from journeys.acts.transfer import MOVE_MONEY
from sentinel import actions, authority, mandate_changes, policy
from sentinel.authority import Resource, authorize
from sentinel.models import ApprovalRequest
from tests.bank import Bank, Branch, Customer
from tests.sentinel.authzen.service import deploy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rules(db: None) -> None:
    policy.load_starting_set(at=clock.now())


@pytest.fixture
def ines(bank: Bank, galway: Branch) -> Customer:
    return bank.customer("Ines Marchetti", branch=galway, days_past_due=4)


@pytest.fixture
def officer(bank: Bank) -> Client:
    return bank.desk(bank.staff(Role.COMPLIANCE, name="Clara Voss"))


def refusal(customer: Customer, actor: Actor, product: str = "personal_loan") -> Any:
    """Credit for somebody in arrears."""
    parameters = {"product": product, "amount": "500.00", "currency": "EUR"}
    resource = Resource("Party", str(customer.id), facts_for_decision(customer.id, at=clock.now()).attributes)
    return authorize(actor=actor, action="credit.offer", resource=resource, parameters=parameters, at=clock.now())


def test_a_decision_says_what_would_have_changed_it_and_which_rules_were_checked(ines: Customer, adviser: Actor, officer: Client) -> None:
    page = officer.get(f"/decisions/{refusal(ines, adviser).id}/").text

    assert "asked: offer credit of €500.00, for Ines Marchetti. The bank’s rules forbid it. Nothing was done." in page
    assert "What would have changed the answer" in page
    assert "overdue" in page
    assert "All rules that could have applied" in page
    assert "With the rules in force today: the same." in page
    assert "Data and consent used" in page


def test_the_letter_gives_the_reason_and_the_rights(ines: Customer, adviser: Actor, officer: Client) -> None:
    page = officer.get(f"/decisions/{refusal(ines, adviser).id}/letter/").text

    assert "Dear Ines Marchetti" in page
    assert "A payment of yours is overdue." in page
    assert "Data Protection Commission" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=Marchetti", 2),
        ("who=Nobody", 0),
        ("rule=no-credit-in-arrears", 2),
        ("rule=unknown", 0),
        ("outcome=deny", 2),
        ("by=people", 2),
        ("by=machines", 1),  # which put the bank's first policies in force
        ("used=yes", 1),
        ("version=1", 2),
        ("version=9", 0),
        ("since={today}&until={today}", 3),
        ("until={yesterday}", 0),
        ("text=Siobh", 2),
        ("action=credit.offer&who=Marchetti", 2),
    ],
)
def test_each_filter_finds_what_it_says(ines: Customer, adviser: Actor, officer: Client, query: str, found: int) -> None:
    for product in ("personal_loan", "overdraft"):
        refusal(ines, adviser, product)
    days = {"today": clock.today().isoformat(), "yesterday": (clock.today() - timedelta(days=1)).isoformat()}

    page = officer.get(f"/decisions/?{query.format(**days)}").text

    assert page.count('class="t2 mono">dt_') == found


def test_days_the_wrong_way_round_are_told_and_kept(officer: Client) -> None:
    answer = officer.get("/decisions/?since=2026-11-20&until=2026-11-10&text=dt_")

    assert answer.status_code == 422
    assert "lies before the first" in answer.text
    assert "2026-11-20" in answer.text


def test_the_table_holds_what_was_found_and_no_formula(ines: Customer, adviser: Actor, officer: Client) -> None:
    refusal(ines, adviser)
    connection.cursor().execute("UPDATE platform_user SET name = '=HYPERLINK(1)' WHERE id = %s", [adviser.id])

    answer = officer.get("/decisions/export/csv/?outcome=deny")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]

    assert [(row["action"], row["rules"]) for row in rows] == [("credit.offer", "no-credit-in-arrears")]
    assert rows[0]["asked by"] == "'=HYPERLINK(1)"
    assert DomainEvent.objects.get(type="sentinel.decisions.exported").data["decisions"] == 1


def test_only_those_who_oversee_export(bank: Bank, ines: Customer, adviser: Actor) -> None:
    made = refusal(ines, adviser)
    desk = bank.desk(adviser)

    assert desk.get("/decisions/export/csv/").status_code == 404
    assert desk.get(f"/decisions/{made.id}/bundle/").status_code == 404
    assert desk.get(f"/decisions/{made.id}/").status_code == 200


def test_forgetting_a_customer_takes_two_and_leaves_the_proof(bank: Bank, ines: Customer, adviser: Actor, officer: Client) -> None:
    made = refusal(ines, adviser)
    page = f"/customers/{ines.id}/erase/"
    assert bank.desk(adviser).get(page).status_code == 404
    assert officer.post(page, {"reason": ""}).status_code == 422

    waits = officer.post(page, {"reason": "Asked for by the customer"})
    assert waits.status_code == 302
    assert "Facts the rules read" in officer.get(f"/decisions/{made.id}/").text
    other = bank.desk(bank.staff(Role.COMPLIANCE, name="Niamh Doyle"))
    assert other.post(waits["Location"], {"answer": "approve", "note": "Checked"}).status_code == 302

    told = officer.get(f"/decisions/{made.id}/").text
    assert "were erased with the customer’s key" in told
    assert "All good" in told
    assert "Facts the rules read" not in told
    assert "Nothing can be told any more" in officer.get(f"/decisions/{made.id}/letter/").text


def test_the_page_asks_the_database_little(ines: Customer, adviser: Actor, officer: Client, queries_of: Callable[..., int]) -> None:
    made = refusal(ines, adviser)
    officer.get(f"/decisions/{made.id}/")

    assert queries_of(lambda: officer.get(f"/decisions/{made.id}/")) <= 27


def test_an_act_is_told_with_its_accounts(bank: Bank, ines: Customer, adviser: Actor, officer: Client) -> None:
    source, target = bank.savings(ines, "900.00"), bank.current_account(ines)
    parameters = {"from_arrangement": str(source.id), "to_arrangement": str(target.id), "amount": "20.00", "currency": "EUR"}
    done = actions.run(MOVE_MONEY, actor=adviser, resource_id=str(ines.id), parameters=parameters, at=clock.now(), note="Move €20")

    page = officer.get(f"/decisions/{done.decision.id}/").text

    assert "€20.00" in page
    assert "It was done." in page


def test_what_is_no_customer_of_ours_breaks_no_page(adviser: Actor, officer: Client) -> None:
    """A refused request, or another store, may call anything a party."""
    made = authorize(
        actor=adviser, action="product.offer", resource=Resource("Party", "somebody", {}), parameters={"product": "savings"}, at=clock.now()
    )

    assert officer.get("/decisions/").status_code == 200
    assert officer.get(f"/decisions/{made.id}/").status_code == 200
    assert officer.get(f"/decisions/{made.id}/letter/").status_code == 404


def test_what_was_asked_of_another_store_is_told_as_its_own(officer: Client) -> None:
    """Its names may be those of the bank, and its facts look like anything."""
    said = {
        "subject": {"type": "user", "id": "alice"},
        "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"},
        "context": {"parameters": "a text"},
    }
    answer = deploy().ask("evaluation", said)

    page = officer.get(f"/decisions/{answer['context']['decision']}/")

    assert page.status_code == 200
    assert "may user alice do read to record record-1? The rules of records" in page.text
    assert "With the rules in force today: the same." in page.text
    assert officer.get(f"/decisions/{answer['context']['decision']}/letter/").status_code == 404
    assert "rules of records" in officer.get("/decisions/?store=records").text
    assert "No decision fits" in officer.get("/decisions/?store=bank&by=people").text


def test_what_no_rule_was_asked_about_says_so(ines: Customer, adviser: Actor, officer: Client) -> None:
    with pytest.raises(authority.BadRequest) as refused:
        authorize(
            actor=adviser,
            action="product.offer",
            resource=Resource("Party", str(ines.id), {}),
            parameters={"produkt": "savings"},
            at=clock.now(),
        )

    page = officer.get(f"/decisions/{refused.value.decision_id}/").text

    assert "The bank’s rules were not asked. Nothing was done." in page
    assert "product.offer needs product" in page
    assert "<dt>Produkt</dt><dd>savings</dd>" in page
    assert "No policy was asked." in page


def test_one_of_the_banks_own_acts_is_about_no_customer(officer: Client, bank: Bank) -> None:
    giver = bank.staff(Role.TEAM_LEAD, name="Ruairi Daly")
    receiver = bank.staff(Role.TEAM_LEAD, name="Niamh Doyle")
    until = clock.today() + timedelta(days=3)
    done = mandate_changes.delegate(
        giver=giver, receiver_id=UUID(receiver.id), role=Role.TEAM_LEAD, until=until, reason="On leave", at=clock.now()
    )

    page = officer.get(f"/decisions/{done.decision.id}/").text

    assert "Ruairi Daly asked: let a colleague approve in one’s place. The bank’s rules allow it." in page
    assert "a customer" not in page.split('id="plain"')[1].split("</section>")[0]
    assert "On leave" in page


def test_both_people_of_an_approval_are_named_with_what_they_looked_at(
    bank: Bank, ines: Customer, adviser: Actor, galway: Branch, officer: Client
) -> None:
    source, target = bank.savings(ines, "9000.00"), bank.current_account(ines)
    parameters = {"from_arrangement": str(source.id), "to_arrangement": str(target.id), "amount": "5000.00", "currency": "EUR"}
    asked = actions.run(MOVE_MONEY, actor=adviser, resource_id=str(ines.id), parameters=parameters, at=clock.now(), note="Move")
    lead = bank.desk(bank.staff(Role.TEAM_LEAD, branch=galway, name="Ruairi Daly"))
    request_id = ApprovalRequest.objects.get().pk
    lead.get(f"/approvals/{request_id}/evidence/customer/")
    lead.post(f"/approvals/{request_id}/", {"answer": "approve", "note": "Saw the contract"})

    page = officer.get(f"/decisions/{asked.decision.id}/").text
    history = page.split('id="history"')[1].split("</section>")[0]

    assert "<b>Siobhán Keane</b> asked for agreement" in history
    assert "<b>Ruairi Daly</b> agreed" in history
    assert "had opened: Customer" in history
    assert "“Saw the contract”" in history


def test_consent_used_leads_to_where_it_can_be_changed(bank: Bank, galway: Branch, officer: Client) -> None:
    party = bank.customer("Tomás Byrne", branch=galway, consents=["payment_insight"])
    facts = facts_for_decision(party.id, at=clock.now())
    made = authorize(
        actor=system("insights.cashflow"),
        action="product.offer",
        resource=Resource("Party", str(party.id), facts.attributes),
        parameters={"product": "savings"},
        at=clock.now(),
        purposes=["payment_insight"],
        consents=list(facts.consents.values()),
    )

    page = officer.get(f"/decisions/{made.id}/").text

    assert f'href="/customers/{party.id}/permissions/payment_insight/"' in page
    assert str(facts.consents["payment_insight"]) in page


def test_a_damaged_record_is_shown_with_what_is_wrong(ines: Customer, adviser: Actor, officer: Client) -> None:
    made = refusal(ines, adviser)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE sentinel_policyversion SET policies = policies || '// later'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SET LOCAL ROLE bankos_app")
    policy.text_of.cache_clear()

    page = officer.get(f"/decisions/{made.id}/")

    assert page.status_code == 200
    assert "Does not hold" in page.text
    assert "Nothing can be told any more" in officer.get(f"/decisions/{made.id}/letter/").text


def test_the_letter_is_addressed_and_says_what_it_is_about(bank: Bank, ines: Customer, adviser: Actor, officer: Client) -> None:
    letter = officer.get(f"/decisions/{refusal(ines, adviser).id}/letter/").text.split("<article")[1]

    assert "<address>Ines Marchetti" in letter
    assert "our decision of" in letter
    assert "decided about “Offer credit” (€500.00): the answer is no." in letter
    assert "contest it. You can reach us" in letter


def test_no_result_is_no_bundle_of_everything(ines: Customer, adviser: Actor, officer: Client) -> None:
    refusal(ines, adviser)

    for kind in ("csv", "bundle"):
        answer = officer.get(f"/decisions/export/{kind}/?rule=unknown")
        assert (answer.status_code, answer["Location"]) == (302, "/decisions/?rule=unknown")
    assert officer.get("/decisions/export/pdf/").status_code == 404
    assert not DomainEvent.objects.filter(type="sentinel.decisions.exported").exists()


def test_too_many_are_not_cut_off_silently(ines: Customer, adviser: Actor, officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LARGEST_EXPORT", 1)
    for _ in range(2):
        refusal(ines, adviser)

    answer = officer.get("/decisions/export/csv/?outcome=deny", follow=True)

    assert "More than 1 decisions fit." in answer.text


def test_what_was_exported_is_kept_without_what_was_typed(ines: Customer, adviser: Actor, officer: Client) -> None:
    refusal(ines, adviser)

    officer.get("/decisions/export/csv/?who=Marchetti&outcome=deny")

    told = DomainEvent.objects.get(type="sentinel.decisions.exported").data
    assert told == {"kind": "csv", "decisions": 1, "filter": {"outcome": "deny", "who": ""}}


def test_an_export_asks_as_often_however_many_customers_a_name_may_mean(
    bank: Bank, ines: Customer, adviser: Actor, officer: Client, queries_of: Callable[..., int]
) -> None:
    def export() -> None:
        b"".join(officer.get("/decisions/export/csv/?who=Marchetti").streaming_content)  # type: ignore[attr-defined]

    refusal(ines, adviser)
    few = queries_of(export)
    for _ in range(5):
        refusal(ines, adviser)

    assert queries_of(export) == few
