"""Change events of a source's own tables: any order, any number of times, the newest of each row counts."""

import base64
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers import ingestion
from customers.ingestion.feeds import meridian
from customers.models import SourcePosition
from tests.customers.ingestion.exporters import change
from tests.customers.ingestion.extracts import AT, IBAN, rows, rows_of, send_one_customer
from tests.customers.state_hash import table_hashes

pytestmark = pytest.mark.django_db

(ENTRY,) = rows_of(meridian.TRANSACTIONS, {"balance_after": "164.00"})
(ACCOUNT,) = rows_of(meridian.ACCOUNTS, {})
(HOLDER,) = rows_of(meridian.ACCOUNT_HOLDERS, {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    send_one_customer(tmp_path / "before")
    return tmp_path


def read(folder: Path, *lines: str) -> ingestion.FileReport:
    path = folder / f"{len(list(folder.iterdir()))}.json"
    path.write_text("".join(f"{line}\n" for line in lines))
    return ingestion.ingest("core", [path], at=AT).files[0]


def entries() -> list[tuple]:
    return rows("SELECT amount FROM customers_transaction ORDER BY id")


def test_an_entry_is_inserted_changed_and_deleted_by_reversing(folder: Path) -> None:
    changed = ENTRY | {"amount": "-13.00"}
    report = read(
        folder,
        "null",
        change(meridian.TRANSACTIONS, ENTRY, position=10),
        change(meridian.TRANSACTIONS, changed, before=ENTRY, position=11),
        change(meridian.TRANSACTIONS, None, before=dict.fromkeys(ENTRY) | {"entry_id": "1"}, position=12),
        json.dumps({"key": {"entry_id": "1"}, "value": None}),
    )

    assert (report.feed, report.rejected) == ("debezium", 0)
    assert sum(amount for (amount,) in entries()) == 0

    read(folder, change(meridian.TRANSACTIONS, ENTRY, position=13))
    assert sum(amount for (amount,) in entries()) == Decimal("-12.50")


def test_an_account_changes_closes_and_loses_its_holder(folder: Path) -> None:
    read(
        folder,
        change(meridian.ACCOUNTS, ACCOUNT | {"overdraft_limit": "900.00"}, before=ACCOUNT, position=20),
        change(meridian.ACCOUNTS, ACCOUNT | {"overdraft_limit": "100.00"}, before=ACCOUNT, position=19),
    )
    assert rows("SELECT principal, status FROM customers_arrangement") == [(Decimal("900.00"), "active")]

    keys = dict.fromkeys(ACCOUNT) | {"account_no": IBAN}
    read(
        folder,
        change(meridian.ACCOUNTS, None, before=keys, position=30),
        change(meridian.ACCOUNT_HOLDERS, None, before=HOLDER, position=31),
    )
    read(folder, change(meridian.ACCOUNTS, ACCOUNT, position=29), change(meridian.ACCOUNT_HOLDERS, HOLDER, position=28))

    assert rows("SELECT status FROM customers_arrangement") == [("closed",)]
    assert rows("SELECT count(*) FROM customers_arrangementrole") == [(0,)]


def test_a_customer_the_source_deletes_stays_known_and_is_marked(folder: Path) -> None:
    (customer,) = rows_of(meridian.CUSTOMERS, {})
    known = rows("SELECT count(*) FROM customers_party")
    report = read(folder, change(meridian.CUSTOMERS, None, before=customer, position=5))

    assert (report.added, report.rejected) == (1, 0)
    assert rows("SELECT count(*) FROM customers_party") == known
    assert list(SourcePosition.objects.values_list("feed", "key", "gone")) == [("meridian.customers", "20488137", True)]


def test_what_cannot_be_followed_waits_with_its_reason(folder: Path) -> None:
    read(
        folder,
        change(meridian.TRANSACTIONS, ENTRY, position=10),
        '{"op": "c", "source": {"table": "other"}, "after": {"x": 1}, "before": null}',
        change(meridian.BRANCHES, None, before={"branch_code": "GAL1", "name": "x", "town": "x"}, position=11),
        change(meridian.TRANSACTIONS, ENTRY | {"booked_on": "2026-02-30"}, position=12),
        change(meridian.TRANSACTIONS, ENTRY, position=0),
        "{not json",
        change(meridian.TRANSACTIONS, None, operation="t", position=13),
    )

    assert [(reject.line, reject.code) for reject in ingestion.open_rejects()] == [
        (2, "unknown_table"), (3, "cannot_go"), (4, "bad_date"), (5, "bad_position"), (6, "unknown_table"), (7, "unknown_table"),
    ]  # fmt: skip


def test_days_moments_and_decimals_are_read_by_their_schema(folder: Path) -> None:
    after = ENTRY | {
        "booked_on": 20_759,
        "amount": base64.b64encode((-1250).to_bytes(2, "big", signed=True)).decode(),
        "balance_after": base64.b64encode((16400).to_bytes(3, "big", signed=True)).decode(),
    }
    decimal = {"type": "bytes", "name": "org.apache.kafka.connect.data.Decimal", "parameters": {"scale": "2"}}
    fields = [
        {"field": "booked_on", "type": "int32", "name": "io.debezium.time.Date"}, {"field": "amount"} | decimal,
        {"field": "balance_after"} | decimal,
    ]  # fmt: skip
    payload = json.loads(change(meridian.TRANSACTIONS, ENTRY, position=10)) | {"after": after}
    report = read(folder, json.dumps({"schema": {"fields": [{"field": "after", "fields": fields}]}, "payload": payload}))

    assert report.rejected == 0
    assert rows("SELECT booking_date::text, amount::text, balance_after::text FROM customers_transaction") == [
        ("2026-11-02", "-12.50", "164.00")
    ]


@pytest.mark.parametrize(
    "sources",
    [
        [{"connector": "mysql", "file": "binlog.000009", "pos": 900}, {"connector": "mysql", "file": "binlog.000010", "pos": 4}],
        [
            {"connector": "sqlserver", "change_lsn": "00000027:00000ac0:0002"},
            {"connector": "sqlserver", "change_lsn": "00000027:00000ac0:0010"},
        ],
        [{"connector": "oracle", "scn": "99"}, {"connector": "oracle", "scn": "100"}],
        [{"connector": "mongodb", "ts_ms": 1, "ord": 2}, {"connector": "mongodb", "ts_ms": 1, "ord": 3}],
    ],
)
def test_each_database_tells_its_order_in_its_own_way(folder: Path, sources: Sequence[dict]) -> None:
    def event(limit: str, source: dict) -> str:
        message = json.loads(change(meridian.ACCOUNTS, ACCOUNT | {"overdraft_limit": limit}, position=1))
        return json.dumps(message | {"source": source | {"table": "accounts"}})

    first, second = event("1.00", sources[0]), event("2.00", sources[1])
    assert read(folder, second, first).rejected == 0
    assert rows("SELECT principal FROM customers_arrangement") == [(Decimal("2.00"),)]


HISTORY = [
    change(meridian.TRANSACTIONS, ENTRY, position=10),
    change(meridian.TRANSACTIONS, ENTRY | {"amount": "-13.00", "balance_after": "163.50"}, before=ENTRY, position=14),
    change(meridian.TRANSACTIONS, ENTRY | {"entry_id": "2", "amount": "5.00", "balance_after": "168.50"}, position=15),
    change(meridian.TRANSACTIONS, None, before=ENTRY | {"entry_id": "2"}, position=18),
    change(meridian.ACCOUNTS, ACCOUNT | {"overdraft_limit": "900.00"}, before=ACCOUNT, position=16),
    change(meridian.ACCOUNTS, ACCOUNT | {"overdraft_limit": "100.00"}, before=ACCOUNT, position=17),
    change(meridian.ACCOUNT_HOLDERS, HOLDER | {"role": "joint"}, before=HOLDER, position=19),
]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(HISTORY))), twice=st.sets(st.integers(0, len(HISTORY) - 1)), cut=st.integers(0, len(HISTORY)))
def test_the_same_events_in_any_order_and_number_are_one_state(folder: Path, order: list[int], twice: set[int], cut: int) -> None:
    """What stands in the end; by which reversals it came to stand there may differ."""
    heard = [HISTORY[place] for place in [*order, *sorted(twice)]]
    standing = """SELECT t.source_key, t.amount, t.balance_after FROM customers_transaction t JOIN customers_bookedentry e
                  ON (e.system_id, e.source_key, e.transaction_id) = (t.system_id, t.source_key, t.id) ORDER BY 1"""
    states = []
    for pieces in ([HISTORY], [heard[:cut], heard[cut:]]):
        with transaction.atomic(), TemporaryDirectory() as temporary:
            for piece in filter(None, pieces):
                read(Path(temporary), *piece)
            states.append((rows(standing), {name: one for name, one in table_hashes().items() if name != "transaction"}))
            transaction.set_rollback(True)

    assert states[0] == states[1]
    assert states[0][0] == [("1", Decimal("-13.00"), Decimal("163.50"))]
