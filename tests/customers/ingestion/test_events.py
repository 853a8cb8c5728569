"""One event per touched party and file, with the version raised."""

from pathlib import Path

import pytest

from customers.ingestion.feeds import meridian
from tests.customers.ingestion.extracts import count, rows, send, send_one_customer

pytestmark = pytest.mark.django_db


def events() -> list[tuple[str, str]]:
    return rows("SELECT subject, data ->> 'changed' FROM platform_domainevent WHERE type = 'customers.state.changed' ORDER BY id")


def test_many_rows_of_one_party_are_one_event(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    before, ((party, version),) = len(events()), rows("SELECT id, version FROM customers_party WHERE golden_id = id")
    send(tmp_path, meridian.TRANSACTIONS, *({"entry_id": str(number)} for number in range(30)))

    assert events()[before:] == [(str(party), '["transactions"]')]
    assert rows("SELECT version FROM customers_party WHERE golden_id = id") == [(version + 1,)]
    assert count("touchedparty") == 0


def test_nothing_new_is_no_event(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.TRANSACTIONS, {"entry_id": "1"})
    before = events()
    send(tmp_path, meridian.TRANSACTIONS, {"entry_id": "1"}, {"entry_id": "1"})
    send(tmp_path, meridian.CLIENTS, {}, {})

    assert events() == before


def test_all_holders_of_an_account_are_told(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.CUSTOMERS, {"customer_no": "7", "name": "OKAFOR TOM", "national_id": "T"})
    send(tmp_path, meridian.ACCOUNT_HOLDERS, {"customer_no": "7", "role": "joint"})
    before = len(events())
    send(tmp_path, meridian.TRANSACTIONS, {})

    assert {party for party, _ in events()[before:]} == {
        str(party) for (party,) in rows("SELECT id FROM customers_party WHERE golden_id = id")
    }
