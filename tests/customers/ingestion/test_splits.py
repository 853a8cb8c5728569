"""However a file is cut into pieces, and however often a piece comes, the state is the same."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from customers import ingestion
from customers.ingestion import files, reading
from customers.ingestion.feed import Feed
from customers.ingestion.feeds import meridian
from tests.customers.ingestion.extracts import AT, IBAN, rows_of, send, send_one_customer, state, write

pytestmark = pytest.mark.django_db

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "entry_id": st.integers(1, 12).map(str),
            "account_no": st.sampled_from([IBAN, "IE77", "IE00NOBODY"]),
            "booked_on": st.sampled_from(["2026-11-01", "2026-11-02", "2026-11-03", "not a day"]),
            "amount": st.sampled_from(["-1.00", "2.00", "3,00"]),
            "balance_after": st.integers(-5, 5).map(lambda euros: f"{euros}.00"),
        }
    ),
    max_size=14,
)
CLIENTS = st.lists(
    st.fixed_dictionaries(
        {
            "client_id": st.sampled_from(["CL1", "CL2", "CL3", "CL4"]),
            "customer_no": st.sampled_from(["", "", "20488137", "7", "999"]),
            "first_name": st.sampled_from(["Ines", "Inès", "Tom"]),
            "last_name": st.sampled_from(["Marchetti", "Okafor"]),
            "birth_date": st.sampled_from(["1986-06-13", "1984-01-01", ""]),
            "phone": st.sampled_from(["087 123 4417", "+353 87 123 4417", ""]),
            "branch_code": st.sampled_from(["GAL1", "GAL1", "COR1", "NOWHERE"]),
        }
    ),
    max_size=10,
)


@pytest.fixture
def bank(tmp_path: Path) -> None:
    send_one_customer(tmp_path)
    send(tmp_path, meridian.BRANCHES, {"branch_code": "COR1"})
    send(tmp_path, meridian.CUSTOMERS, {"customer_no": "7", "name": "OKAFOR TOM", "birth_date": "1984-01-01", "national_id": "T"})
    send(tmp_path, meridian.ACCOUNTS, {"account_no": "IE77"})
    send(tmp_path, meridian.ACCOUNT_HOLDERS, {"account_no": "IE77", "customer_no": "7"})


def after(feed: Feed, pieces: list[list[dict[str, str]]]) -> dict:
    """The state behind these pieces, each a file of its own; forgotten again."""
    with transaction.atomic(), TemporaryDirectory() as folder:
        for number, piece in enumerate(pieces):
            path = write(Path(folder) / f"{number}.csv", feed, rows_of(feed, *piece))
            ingestion.ingest(feed.system, [path], at=AT)
        result = state()
        transaction.set_rollback(True)
    return result


def cut(rows: list[dict[str, str]], places: set[int]) -> list[list[dict[str, str]]]:
    edges = [0, *sorted(place for place in places if place < len(rows)), len(rows)]
    return [rows[start:end] for start, end in pairwise(edges)]


@QUICK
@given(rows=ENTRIES, places=st.sets(st.integers(1, 13)), repeat=st.booleans())
def test_transactions_in_pieces(bank: None, rows: list[dict[str, str]], places: set[int], repeat: bool) -> None:
    pieces = cut(rows, places)

    assert after(meridian.TRANSACTIONS, [*pieces, rows] if repeat else pieces) == after(meridian.TRANSACTIONS, [rows])


@QUICK
@given(rows=CLIENTS, places=st.sets(st.integers(1, 9)))
def test_clients_in_pieces(bank: None, rows: list[dict[str, str]], places: set[int]) -> None:
    pieces = cut(rows, places)
    # The same bytes land once: a piece that repeats an earlier one word for word is that file again, not a newer word.
    assume(all(piece not in pieces[:number] for number, piece in enumerate(pieces)))

    assert after(meridian.CLIENTS, pieces) == after(meridian.CLIENTS, [rows])


@QUICK
@given(rows=CLIENTS, size=st.integers(1, 5))
def test_clients_in_chunks(bank: None, rows: list[dict[str, str]], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "ROWS_PER_CHUNK", size)
        in_chunks = after(meridian.CLIENTS, [rows])

    assert in_chunks == after(meridian.CLIENTS, [rows])


@QUICK
@given(rows=ENTRIES, order=st.randoms(use_true_random=False))
def test_transactions_in_any_order(bank: None, rows: list[dict[str, str]], order) -> None:
    once = list({row["entry_id"]: row for row in rows}.values())
    shuffled = order.sample(once, len(once))

    assert after(meridian.TRANSACTIONS, [shuffled]) == after(meridian.TRANSACTIONS, [once])
    assert files.RejectedRow.objects.count() == 0
