"""Mappings: what converters make of texts, what is wrong with a definition, and that a mapped file is read like any other."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.ingestion import mapping
from customers.ingestion.converters import BadValue
from customers.ingestion.feeds import berka, meridian
from customers.ingestion.formats.json_text import flat
from customers.ingestion.mapping import CONVERSIONS, KINDS, BadMapping, Wanted
from customers.ingestion.mapping.conversions import BadSetting

TRANSACTION = KINDS["transaction"]
AMOUNT = TRANSACTION.target("amount")
BOOKED = TRANSACTION.target("booking_date")


def converted(target, by: str, *texts: str, **given: str):
    return CONVERSIONS[by].make(target, given)(*texts)


@pytest.mark.parametrize("name", KINDS)
def test_every_field_of_every_record_can_be_filled(name: str) -> None:
    for target in KINDS[name].targets:
        assert mapping.fitting(target), target.name
        assert target.label


@pytest.mark.parametrize("target", [target for kind in KINDS.values() for target in kind.targets], ids=lambda target: target.name)
def test_a_setting_means_the_same_for_every_converter_of_a_field(target) -> None:
    """The form shows each setting once."""
    seen: dict[str, object] = {}
    for conversion in mapping.fitting(target):
        for setting in conversion.settings:
            assert seen.setdefault(setting.name, setting) == setting


def test_the_day_of_a_moment_is_that_of_the_bank() -> None:
    assert converted(BOOKED, "day_of", "2026-06-30T23:30:00+00:00") == date(2026, 7, 1)
    assert converted(BOOKED, "day_of", "1795426860", moment="epoch") == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "settings", "value"),
    [
        ("1.234,50", {"decimal": ",", "thousands": "."}, "1234.50"),
        ("-1.234.567,05", {"decimal": ",", "thousands": "."}, "-1234567.05"),
        ("1234,5", {"decimal": ",", "thousands": "."}, "1234.5"),
        ("1 234,50", {"decimal": ",", "thousands": " "}, "1234.50"),
        ("1\u00a0234,50", {"decimal": ",", "thousands": " "}, "1234.50"),
        ("1'234.50", {"thousands": "'"}, "1234.50"),
        ("12,50-", {"decimal": ","}, "-12.50"),
        ("+12.50", {}, "12.50"),
        ("12.50", {"sign": "opposite"}, "-12.50"),
        ("-12.50", {"sign": "opposite"}, "12.50"),
        ("12.50", {"sign": "out"}, "-12.50"),
    ],
)
def test_an_amount_is_read_as_the_source_writes_it(text: str, settings: dict[str, str], value: str) -> None:
    assert converted(AMOUNT, "amount", text, **settings) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("12.50", {"decimal": ","}),
        ("1,23,456.00", {"thousands": ","}),
        ("1.23,50", {"decimal": ",", "thousands": "."}),
        ("12,5x", {"decimal": ","}),
        ("--12", {}),
        ("-12-", {}),
        ("", {"decimal": ","}),
        ("1e5", {}),
        ("NaN", {}),
        ("12,505", {"decimal": ","}),
    ],
)
def test_what_is_no_amount_here_is_refused(text: str, settings: dict[str, str]) -> None:
    with pytest.raises(BadValue):
        converted(AMOUNT, "amount", text, **settings)


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=2),
    st.sampled_from([(",", "."), (",", " "), (".", ","), (".", "'"), (".", "")]),
)
def test_an_amount_written_in_any_way_comes_back(amount: Decimal, marks: tuple[str, str]) -> None:
    point, thousands = marks
    written = f"{amount:,.2f}".replace(",", "\x00").replace(".", point).replace("\x00", thousands)

    assert converted(AMOUNT, "amount", written, decimal=point, thousands=thousands) == amount


def test_a_sign_can_stand_in_a_column_of_its_own() -> None:
    said = {"out_words": "D, DBIT", "in_words": "C"}
    read = CONVERSIONS["amount_with_sign"].make(AMOUNT, said)

    assert (read("12.50", "D"), read("12.50", "DBIT"), read("12.50", "C")) == (Decimal("-12.50"), Decimal("-12.50"), Decimal("12.50"))
    with pytest.raises(BadValue, match="“X” says neither"):
        read("12.50", "X")
    for wrong in ({}, {"out_words": "D"}, {"out_words": "D", "in_words": "D, C"}):
        with pytest.raises(BadSetting):
            CONVERSIONS["amount_with_sign"].make(AMOUNT, wrong)


def test_money_out_and_money_in_can_be_two_columns() -> None:
    read = CONVERSIONS["amount_of_two"].make(AMOUNT, {})

    assert (read("12.50", ""), read("", "12.50")) == (Decimal("-12.50"), Decimal("12.50"))
    for both in (("", ""), ("1", "1")):
        with pytest.raises(BadValue, match="exactly one"):
            read(*both)


@given(st.dates(date(2000, 1, 1), date(2068, 12, 31)), st.sampled_from(sorted(mapping.conversions.DATE_FORMATS)))
def test_a_day_written_in_any_way_comes_back(day: date, pattern: str) -> None:
    assert converted(BOOKED, "day", day.strftime(pattern), pattern=pattern) == day


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2026-02-30", "%Y-%m-%d"),
        ("23.13.2026", "%d.%m.%Y"),
        ("23.11.26", "%d.%m.%Y"),
        ("1586-06-13", "%Y-%m-%d"),
        ("2026112", "%Y%m%d"),
        ("", "%d.%m.%Y"),
    ],
)
def test_what_is_no_day_here_is_refused(text: str, pattern: str) -> None:
    with pytest.raises(BadValue):
        converted(BOOKED, "day", text, pattern=pattern)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2026-11-23T09:41:00+00:00", "iso"),
        ("2026-11-23 09:41:00", "%Y-%m-%d %H:%M:%S"),
        ("23.11.2026 09:41", "%d.%m.%Y %H:%M"),
        ("1795426860", "epoch"),
        ("1795426860000", "epoch_ms"),
    ],
)
def test_a_moment_is_read_as_the_source_writes_it(text: str, pattern: str) -> None:
    target = KINDS["consent"].target("occurred_at")
    assert converted(target, "moment", text, pattern=pattern) == datetime(2026, 11, 23, 9, 41, tzinfo=UTC)


def test_a_code_table_says_what_codes_mean() -> None:
    target = KINDS["party"].target("kind")
    read = CONVERSIONS["table"].make(target, {"table": "P = person\nO = organisation\n* = person"})

    assert (read("O"), read(" P "), read("?")) == ("organisation", "person", "person")
    for wrong, sentence in (
        ("", "one line for each"),
        ("P person", "isn’t written as"),
        ("P = human", "is not one of person, organisation"),
        ("P = person\nP = person", "there twice"),
    ):
        with pytest.raises(BadSetting, match=sentence):
            CONVERSIONS["table"].make(target, {"table": wrong})


GERMAN = ("Buchungstag", "Betrag", "Waehrung", "Konto", "Beleg", "Saldo", "Art")
SAID = {
    "source_key": {"from": ["Beleg"], "by": "text", "with": {}},
    "account_key": {"from": ["Konto"], "by": "text", "with": {}},
    "booking_date": {"from": ["Buchungstag"], "by": "day", "with": {"pattern": "%d.%m.%Y"}},
    "sequence": {"from": ["Beleg"], "by": "number_within", "with": {}},
    "amount": {"from": ["Betrag"], "by": "amount", "with": {"decimal": ",", "thousands": "."}},
    "currency": {"from": ["Waehrung"], "by": "currency", "with": {}},
    "balance_after": {"from": ["Saldo"], "by": "amount", "with": {"decimal": ",", "thousands": "."}},
    "method": {"from": ["Art"], "by": "table", "with": {"table": "K = card\nU = transfer"}},
}


def test_a_mapping_becomes_a_feed() -> None:
    feed = mapping.feed_of(name="ledger.entries.v1", system="ledger", kind=TRANSACTION, header=GERMAN, definition=SAID)
    record = feed.reader(GERMAN)(2, ["02.11.2026", "-1.012,50", "EUR", "IE29", "B-17", "", "K"])

    assert feed.recognises([*reversed(GERMAN), "one more"])
    assert not feed.recognises([name for name in GERMAN if name != "Betrag"])
    assert (record.booking_date, record.amount, record.sequence, record.balance_after, record.method, record.purpose) == (
        date(2026, 11, 2), Decimal("-1012.50"), 17, None, "card", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "said", "sentence"),
    [
        ("amount", None, "Amount, money in is positive is needed"),
        ("amount", {"from": ["Betrag"], "by": "day"}, "cannot be read that way"),
        ("amount", {"from": ["Nirgends"], "by": "amount"}, "no column “Nirgends”"),
        ("amount", {"from": ["Betrag", "Saldo"], "by": "amount"}, "takes 1 column, not 2"),
        ("amount", {"from": ["Betrag"], "by": "amount", "with": {"thousands": "."}}, "by the same character"),
        ("amount", {"from": ["Betrag"], "by": "amount", "with": {"colour": "red"}}, "has no setting “colour”"),
        ("amount", {"from": "Betrag", "by": "amount"}, "choose a column"),
        ("currency", {"always": "euro"}, "is not a currency"),
        ("booking_date", {"always": "yesterday"}, "is not a date"),
        ("purpose", {"from": ["Art"], "by": "text", "with": "none"}, "cannot be read"),
        ("colour", {"always": "red"}, "have no field “colour”"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field: str, said, sentence: str) -> None:
    errors = mapping.checked(TRANSACTION, GERMAN, {**SAID, field: said})

    assert list(errors) == [field]
    assert sentence in errors[field]
    with pytest.raises(BadMapping):
        mapping.feed_of(name="x", system="ledger", kind=TRANSACTION, header=GERMAN, definition={**SAID, field: said})


def test_columns_called_like_fields_are_suggested() -> None:
    found = mapping.suggested(TRANSACTION, ["Booking date", "tx.amount", "CURRENCY", "other"])

    assert {name: said["from"] for name, said in found.items()} == {
        "booking_date": ["Booking date"], "amount": ["tx.amount"], "currency": ["CURRENCY"],
    }  # fmt: skip


def test_equal_mappings_have_equal_fingerprints() -> None:
    assert mapping.fingerprint("transaction", GERMAN, SAID) == mapping.fingerprint("transaction", GERMAN, dict(reversed(SAID.items())))
    assert mapping.fingerprint("transaction", GERMAN, SAID) != mapping.fingerprint("loan", GERMAN, SAID)


def test_nested_json_is_read_by_paths() -> None:
    assert flat({"a": {"b": 1, "c": [True, {"d": None}]}, "e": {}, "f": "x"}) == {
        "a.b": "1",
        "a.c.0": "yes",
        "a.c.1.d": "",
        "e": "{}",
        "f": "x",
    }


@pytest.mark.parametrize("feed", [*meridian.FEEDS, *berka.FEEDS], ids=lambda feed: feed.name)
def test_what_the_known_feeds_fill_a_mapping_can_fill(feed) -> None:
    kind = next(kind for kind in KINDS.values() if kind.record is feed.record)
    assert {target.name for target in kind.targets} == set(feed.fields)
    assert kind.moment == feed.moment or feed.moment is None
    assert {target.wanted for target in kind.targets} <= set(Wanted)
