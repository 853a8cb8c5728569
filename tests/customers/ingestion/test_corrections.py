"""What a source corrects or deletes of its ledger: reversed, never changed; the same in the end in whatever order it is heard."""

import random
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform.actors import Actor
from customers import flows, timeline
from customers.ingestion.feeds import meridian
from customers.ingestion.landed import Landing, Loaded
from customers.ingestion.loading import KINDS
from customers.ingestion.records import GoneRecord, Record, TransactionRecord
from customers.ingestion.settling import settle
from customers.models import SourceFile
from tests.customers.ingestion.extracts import AT, IBAN, rows, send, send_one_customer
from tests.customers.state_hash import table_hashes

pytestmark = pytest.mark.django_db

OTHER = "IE77"


def entry(key: str, amount: str, *, day: int = 2, position: int = 0, account: str = IBAN, balance: str = "100") -> TransactionRecord:
    booked, order = date(2026, 11, day), int(key)
    return TransactionRecord(
        int(key) + 1,
        key,
        account,
        booked,
        order,
        Decimal(amount),
        "EUR",
        Decimal(balance),
        "card",
        "",
        "Velo Rentals",
        "",
        "7519",
        position,
    )


def gone(key: str, position: int = 0) -> GoneRecord:
    return GoneRecord(1, "transaction", key, position)


def hear(*records: Record) -> list[Loaded]:
    """Load what a source says, each run of one kind as a batch. What stands at a position is a change; what doesn't, an extract's."""
    file = SourceFile.objects.latest("id")
    runs = groupby(records, key=lambda record: (type(record), bool(record.position) or isinstance(record, GoneRecord)))
    loaded = [
        KINDS[kind].load([record._replace(line=line) for line, record in enumerate(batch)], Landing("core", file.pk, AT, corrects))
        for (kind, corrects), batch in runs
    ]
    settle(file.pk, at=AT)
    return loaded


def booked() -> list[tuple[str, str, int, bool]]:
    """Every row: key, amount, day, whether it reverses another; in the order of its versions."""
    found = rows("SELECT source_key, amount, booking_date, reverses IS NOT NULL FROM customers_transaction ORDER BY source_key, version")
    return [(key, str(amount), day.day, reverses) for key, amount, day, reverses in found]


def balance() -> tuple[str, int] | None:
    ((amount, day),) = rows("SELECT balance, balance_date FROM customers_arrangement WHERE source_key = %s", [IBAN])
    return None if amount is None else (str(amount), day.day)


def sums() -> list[tuple[object, ...]]:
    """The money of each account and day."""
    return rows(
        """SELECT a.source_key, booking_date, sum(amount) FROM customers_transaction t JOIN customers_arrangement a ON a.id = arrangement_id
            GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY 1, 2"""
    )


@pytest.fixture
def bank(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.ACCOUNTS, {"account_no": OTHER})


def test_a_correction_reverses_what_stood_and_books_what_stands(bank: None) -> None:
    hear(entry("1", "-10"), entry("2", "-5", balance="95"))

    hear(entry("2", "-6", balance="94", position=7))

    assert booked() == [("1", "-10.00", 2, False), ("2", "-5.00", 2, False), ("2", "5.00", 2, True), ("2", "-6.00", 2, False)]
    assert balance() == ("94.00", 2)
    assert sums() == [(IBAN, date(2026, 11, 2), Decimal("-16.00"))]


def test_an_entry_moved_to_another_month_counts_there_only(bank: None) -> None:
    hear(entry("1", "-10"))
    hear(entry("1", "-10", position=3)._replace(booking_date=date(2026, 10, 31)))

    assert sums() == [(IBAN, date(2026, 10, 31), Decimal("-10.00"))]
    assert balance() == ("100.00", 31)


def test_a_deleted_entry_is_reversed_on_its_own_day_and_the_balance_is_the_one_before(bank: None) -> None:
    hear(entry("1", "-10", day=1, balance="90"), entry("2", "-5", balance="85"))

    hear(gone("2", 5))
    assert booked()[-1] == ("2", "5.00", 2, True)
    assert balance() == ("90.00", 1)

    hear(gone("1", 6))
    assert (balance(), sums()) == (None, [])


def test_the_same_word_again_changes_nothing(bank: None) -> None:
    words = [entry("1", "-10"), entry("1", "-11", position=4), entry("2", "-1", position=5), gone("2", 6)]
    hear(*words)
    before = booked()

    assert [loaded.added for loaded in hear(*words)] == [0, 0, 0]
    assert booked() == before


def test_of_two_words_from_one_place_the_last_counts(bank: None) -> None:
    file = SourceFile.objects.latest("id")
    for amount in ("-1", "-2", "-2"):
        KINDS[TransactionRecord].load([entry("1", amount)], Landing("core", file.pk, AT, corrects=True))

    assert booked() == [("1", "-1.00", 2, False), ("1", "1.00", 2, True), ("1", "-2.00", 2, False)]


def test_an_extract_read_late_does_not_undo_what_the_source_changed_since(bank: None) -> None:
    hear(entry("1", "-11", position=4), gone("2", 5))

    (loaded,) = hear(entry("1", "-10"), entry("2", "-1"))

    assert (loaded.added, loaded.complaints) == (0, {})
    assert booked() == [("1", "-11.00", 2, False)]


def test_the_correction_of_a_row_that_cannot_be_booked_waits_as_any_row(bank: None) -> None:
    hear(entry("1", "-10"))

    (loaded,) = hear(entry("1", "-11", position=4, account="IE00NOBODY"), entry("3", "-1", position=5)._replace(currency="USD"))

    assert [complaint.code for complaint in loaded.complaints.values()] == ["unknown_account", "wrong_currency"]
    assert booked() == [("1", "-10.00", 2, False)]


WORDS = st.lists(
    st.tuples(
        st.integers(1, 4).map(str),
        st.one_of(
            st.none(), st.tuples(st.sampled_from(["-1", "2", "3"]), st.integers(1, 28), st.sampled_from([IBAN, OTHER]), st.integers(0, 9))
        ),
    ),
    min_size=1,
    max_size=12,
)


def said(words: list[tuple[str, tuple[str, int, str, int] | None]]) -> list[Record]:
    """The words as one log: each at a place of its own, the first of each key an extract's if it is an entry."""
    found: list[Record] = []
    for place, (key, word) in enumerate(words):
        position = place + 1 if any(record.source_key == key for record in found) else 0
        if word is None:
            found.append(gone(key, place + 1))
        else:
            amount, day, account, euros = word
            found.append(entry(key, amount, day=day, position=position, account=account, balance=str(euros)))
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS, seed=st.integers(), twice=st.booleans())
def test_any_order_and_repetition_ends_in_the_same(bank: None, words, seed: int, twice: bool) -> None:
    log = said(words)

    def after(records: list[Record]) -> tuple[object, ...]:
        with transaction.atomic():
            hear(*records)
            result = (sums(), table_hashes()["transaction"], table_hashes()["arrangement"])
            transaction.set_rollback(True)
        return result

    mixed = log * 2 if twice else log[:]
    random.Random(seed).shuffle(mixed)
    assert after(mixed) == after(log)
    one_by_one = [record for record in log for _ in range(2)]
    assert after(one_by_one) == after(log)


def test_staff_see_what_was_taken_back_and_forecasts_leave_it_out(ines: UUID, in_galway: Actor) -> None:
    hear(entry("901", "-250", position=3)._replace(booking_date=date(2026, 11, 21), method="transfer", counterparty="Corrib Lettings"))
    hear(gone("901", 4))

    titles = [(line.title, str(line.amount.amount)) for line in timeline.entries_of(ines, actor=in_galway, limit=2).entries if line.amount]
    moved = flows.movements(since=date(2026, 11, 21), until=date(2026, 11, 21))

    assert titles == [("Taken back: Corrib Lettings", "250.00"), ("Corrib Lettings", "-250.00")]
    assert moved.empty
