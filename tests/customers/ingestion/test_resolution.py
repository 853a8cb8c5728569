"""Which party a record is about."""

from pathlib import Path

import pytest

from customers import ingestion
from customers.ingestion.feeds import meridian
from tests.customers.ingestion.extracts import count, rows, send, send_one_customer

pytestmark = pytest.mark.django_db


def parties() -> list[tuple[str, str]]:
    """The customers: golden parties."""
    return rows("SELECT number, name FROM customers_party WHERE golden_id = id ORDER BY number")


def facts(attribute: str) -> list[tuple[str, str, str]]:
    return rows("SELECT system_id, value, normalised FROM customers_partyfact WHERE attribute = %s ORDER BY id", [attribute])


def test_five_systems_know_one_customer(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    for feed in (meridian.CONSENTS, meridian.CONTACTS, meridian.LOANS, meridian.CARDS, meridian.STANDING_ORDERS, meridian.SIGNALS):
        assert send(tmp_path, feed, {}).rejected == 0

    assert parties() == [("C-204 881 37", "Inès Marchetti-Okafor")]
    assert rows("SELECT system_id, kind, value FROM customers_partyidentifier ORDER BY 1, 2") == [
        ("core", "customer_no", "20488137"),
        ("core", "national_id", "31415926A"),
        ("crm", "client_id", "CL1"),
    ]
    held = rows("SELECT a.kind FROM customers_arrangement a JOIN customers_arrangementrole r ON r.arrangement_id = a.id ORDER BY 1")
    assert held == [("card",), ("current",), ("loan",)]
    assert (count("consent"), count("interaction"), count("signal"), count("paymentschedule")) == (1, 1, 1, 2)


def test_each_systems_spelling_is_kept_and_the_crms_is_shown(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.CARDS, {})
    send(tmp_path, meridian.LOANS, {})

    assert facts("name") == [
        ("core", "MARCHETTI INES", "marchetti ines"),
        ("crm", "Inès Marchetti-Okafor", "ines marchetti okafor"),
        ("cards", "INES MARCHETTI", "ines marchetti"),
        ("lending", "I. Marchetti", "i marchetti"),
    ]
    assert rows("SELECT name, search_name FROM customers_party WHERE golden_id = id") == [
        ("Inès Marchetti-Okafor", "i marchetti ines marchetti ines marchetti okafor marchetti ines")
    ]
    assert facts("phone") == [("crm", "087 123 4417", "353871234417")]
    assert facts("email") == [("crm", "Ines@posteo.example", "ines@posteo.example")]


def test_a_changed_attribute_is_a_new_fact_and_the_newest_counts(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.CLIENTS, {"last_name": "Okafor"}, {"last_name": "Okafor"})
    send(tmp_path, meridian.CLIENTS, {"last_name": "Okafor", "town": "Cork"})

    assert [value for _, value, _ in facts("name")] == ["MARCHETTI INES", "Inès Marchetti-Okafor", "Inès Okafor"]
    assert [value for _, value, _ in facts("town")] == ["Galway", "Cork"]
    assert parties() == [("C-204 881 37", "Inès Okafor")]


@pytest.mark.parametrize(
    ("client", "joins"),
    [
        ({"first_name": "Ines", "last_name": "MARCHETTI"}, True),
        ({"first_name": "Marchetti", "last_name": "Inès"}, True),
        ({"first_name": "Ines", "last_name": "Marchetti", "birth_date": "1986-06-14"}, False),
        ({"first_name": "Ines", "last_name": "Marchetti", "birth_date": ""}, False),
        ({"first_name": "Ines", "last_name": "Marchett"}, False),
    ],
)
def test_a_client_without_number_joins_who_has_their_names_and_birth_date(tmp_path: Path, client: dict[str, str], joins: bool) -> None:
    send(tmp_path, meridian.BRANCHES, {})
    send(tmp_path, meridian.CUSTOMERS, {})
    send(tmp_path, meridian.CLIENTS, {"customer_no": ""} | client)

    assert len(parties()) == (1 if joins else 2)
    assert count("party") == 2


def test_of_two_alike_nobody_is_joined(tmp_path: Path) -> None:
    send(tmp_path, meridian.BRANCHES, {})
    send(tmp_path, meridian.CUSTOMERS, {"customer_no": "1", "national_id": "A"}, {"customer_no": "2", "national_id": "B"})
    send(tmp_path, meridian.CLIENTS, {"customer_no": "", "first_name": "Ines", "last_name": "Marchetti"})

    assert [number for number, _ in parties()] == ["C-000 000 01", "C-000 000 02", "R-000 000 01"]


def test_a_client_that_turns_out_to_be_somebody_else_waits_for_a_person(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.CUSTOMERS, {"customer_no": "7", "name": "OKAFOR TOM", "national_id": "T"})
    report = send(tmp_path, meridian.CLIENTS, {"client_id": "CL1", "customer_no": "7"})

    assert (report.added, report.rejected) == (0, 1)
    assert [reject.code for reject in ingestion.open_rejects()] == ["two_parties"]


def test_a_shared_sign_in_address_tells_nobody(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.CLIENTS, {"client_id": "CL2", "customer_no": "", "first_name": "Tom"})
    send(tmp_path, meridian.SIGNALS, {})

    assert [(reject.code, reject.reason) for reject in ingestion.open_rejects()] == [
        ("shared_email", "2 customers share this e-mail address; it doesn't tell who signed in.")
    ]


def test_guardians_and_owners_stand_to_each_other(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.CLIENTS, {"client_id": "CL2", "customer_no": "", "first_name": "Nora", "birth_date": "2015-01-01"})
    send(tmp_path, meridian.CLIENTS, {"client_id": "CL3", "customer_no": "", "company_name": "Velo Rentals", "birth_date": ""})
    send(tmp_path, meridian.RELATIONSHIPS, {}, {"related_client_id": "CL3", "relation": "owner_of"})

    assert rows("""SELECT p.name, r.kind, o.name, o.kind FROM customers_partyrelationship r JOIN customers_party p ON p.id = r.party_id
                     JOIN customers_party o ON o.id = r.other_id ORDER BY r.kind""") == [
        ("Inès Marchetti-Okafor", "guardian", "Nora Marchetti-Okafor", "person"),
        ("Inès Marchetti-Okafor", "owner", "Velo Rentals", "organisation"),
    ]


def test_core_banking_decides_where_a_customer_is_at_home(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.BRANCHES, {"branch_code": "COR1"})
    send(tmp_path, meridian.CLIENTS, {"branch_code": "COR1"})
    assert rows("SELECT b.code FROM customers_party p JOIN customers_branch b ON b.id = p.home_branch_id WHERE p.golden_id = p.id") == [
        ("GAL1",)
    ]

    send(tmp_path, meridian.CUSTOMERS, {"branch_code": "COR1"})
    assert rows("SELECT b.code FROM customers_party p JOIN customers_branch b ON b.id = p.home_branch_id WHERE p.golden_id = p.id") == [
        ("COR1",)
    ]
