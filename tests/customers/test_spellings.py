"""What staff type from what they hear: half a number, letters in the wrong order, words in any order, another alphabet's marks."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform.actors import Actor
from customers import search
from customers.models import SearchLog
from customers.search import Match
from tests.bank import Bank, Customer


@pytest.fixture
def ines(bank: Bank) -> Customer:
    return bank.customer("Ines Marchetti-Okafor", phone="+353 88 900 4417", email="ines@mail.example")


@pytest.fixture
def crowd(bank: Bank, ines: Customer) -> list[Customer]:
    """Others, so that finding everybody is no way to pass."""
    names = ("Seán Ó Briain", "Zofia Wiśniewska", "Máire O'Rourke", "Søren Sørensen", "Anna Byrne", "Joanna Burke", "Li Ng", "Tom Okafor")
    return [bank.customer(name) for name in names]


def found(text: str, actor: Actor) -> list[str]:
    return [match.name for match in search.find(text, actor=actor)]


def best(text: str, actor: Actor) -> Match:
    return search.find(text, actor=actor)[0]


@pytest.mark.parametrize(
    "text",
    [
        "+353 88 900 4417",
        "+353889004417",
        "00353 88 900 4417",
        "+353 (0)88 900 4417",
        "353 88 900 4417",
        "088 900 4417",
        "088-900-4417",
        "088/9004417",
        "(088) 900 4417",
        "0889004417",
        "88 900 4417",
        "tel:+353889004417",
    ],
)
def test_a_phone_number_is_found_however_it_is_written(ines: Customer, crowd: list[Customer], adviser: Actor, text: str) -> None:
    match = best(text, adviser)
    assert (match.party_id, match.exact) == (ines.id, True)
    assert "hone" in match.why


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("marchetti okafor", "Ines Marchetti-Okafor"),
        ("okafor ines", "Ines Marchetti-Okafor"),
        ("MARCHETTI-OKAFOR INES", "Ines Marchetti-Okafor"),
        ("Inês", "Ines Marchetti-Okafor"),
        ("marcheti", "Ines Marchetti-Okafor"),
        ("marchetti okafro", "Ines Marchetti-Okafor"),
        ("okafor marcheti ines", "Ines Marchetti-Okafor"),
        ("ines march", "Ines Marchetti-Okafor"),
        ("sean o briain", "Seán Ó Briain"),
        ("sean obriain", "Seán Ó Briain"),
        ("briain sean", "Seán Ó Briain"),
        ("shean briain", "Seán Ó Briain"),
        ("wisniewska", "Zofia Wiśniewska"),
        ("wisniewski zofia", "Zofia Wiśniewska"),
        ("orourke", "Máire O'Rourke"),
        ("o'rourke maire", "Máire O'Rourke"),
        ("o’rorke", "Máire O'Rourke"),
        ("sorensen", "Søren Sørensen"),
        ("soerensen", "Søren Sørensen"),
        ("byrn anna", "Anna Byrne"),
        ("ng", "Li Ng"),
        ("saen o briain", "Seán Ó Briain"),
        ("sen briain", "Seán Ó Briain"),
        ("anan byrne", "Anna Byrne"),
        ("amna byrne", "Anna Byrne"),
        ("jaonna", "Joanna Burke"),
        ("wiszniewskka", "Zofia Wiśniewska"),
        ("zof wis", "Zofia Wiśniewska"),
        ("ines bellamy okafor", "Ines Marchetti-Okafor"),
    ],
)
def test_a_name_is_found_in_spite_of_typos_marks_and_order(
    ines: Customer, crowd: list[Customer], adviser: Actor, text: str, name: str
) -> None:
    assert found(text, adviser)[:1] == [name]


def test_whole_words_come_before_parts_of_words(ines: Customer, crowd: list[Customer], adviser: Actor) -> None:
    """ "Anna" is Anna before she is Joanna."""
    assert found("anna", adviser)[0] == "Anna Byrne"


def test_the_nearer_of_two_names_comes_first(ines: Customer, crowd: list[Customer], adviser: Actor) -> None:
    assert found("tom okafro", adviser)[0] == "Tom Okafor"


def test_a_name_that_was_typed_whole_comes_before_longer_ones(bank: Bank, adviser: Actor) -> None:
    for name in ("Mary Anne Murphy", "Mary Murphyson", "Mary Murphy", "Maryanne Murphy"):
        bank.customer(name)
    bank.deliver()
    assert found("mary murphy", adviser) == ["Mary Murphy", "Mary Anne Murphy", "Mary Murphyson", "Maryanne Murphy"]


def test_customers_who_may_not_be_seen_take_nobodys_place(bank: Bank, adviser: Actor) -> None:
    elsewhere = bank.branch("Sligo")
    for _ in range(12):
        bank.customer("Mary Murphy", branch=elsewhere)
    own = bank.customer("Mary Murphy").id
    for text in ("mary murphy", "mary", "mary murpyh"):
        assert [match.party_id for match in search.find(text, actor=adviser, limit=5)] == [own], text


@pytest.mark.parametrize("text", ["ines marcheti", "+353 88 900 4417", "ines@mail.example", "9137", "zz top"])
def test_a_search_takes_few_queries(
    ines: Customer, adviser: Actor, django_assert_max_num_queries: Callable[..., AbstractContextManager[object]], text: str
) -> None:
    ines.id  # noqa: B018 - the bank delivers before
    with django_assert_max_num_queries(3):
        search.find(text, actor=adviser)


def test_every_spelling_a_system_knows_finds_the_customer(bank: Bank, ines: Customer, adviser: Actor) -> None:
    bank.card(ines, embossed="INES BALDUCCI")
    bank.deliver()
    assert best("balducci", adviser).party_id == ines.id


def test_an_account_is_found_by_its_number_in_any_grouping(bank: Bank, ines: Customer, adviser: Actor) -> None:
    number = bank.current_account(ines).number
    grouped = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    bank.deliver()
    for text in (number, number.lower(), grouped, grouped.lower(), grouped.replace(" ", "-"), f" {number} "):
        match = best(text, adviser)
        assert (match.party_id, match.exact) == (ines.id, True), text


def test_a_loan_is_found_by_its_number_as_it_is_written(bank: Bank, ines: Customer, adviser: Actor) -> None:
    loan = bank.loan(ines)
    bank.deliver()
    for text in (loan.key, loan.key.lower(), loan.key.replace("-", ""), loan.key.replace("-", " ")):
        assert [match.party_id for match in search.find(text, actor=adviser)] == [ines.id], text


def test_the_last_four_digits_find_account_and_card(bank: Bank, ines: Customer, crowd: list[Customer], adviser: Actor) -> None:
    bank.card(ines, "9137")
    account = bank.savings(crowd[0])
    bank.deliver()
    for text, customer in (("9137", ines), ("•• 9137", ines), (account.number[-4:], crowd[0])):
        match = best(text, adviser)
        assert (match.party_id, match.exact) == (customer.id, False), text
        assert text[-4:] in match.why


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as printed": str,
    "small letter": str.lower,
    "no spaces": lambda number: number.replace(" ", ""),
    "no letter": lambda number: number[2:],
    "dashes": lambda number: number.replace(" ", "-"),
    "digits": lambda number: number[2:].replace(" ", ""),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_customer_number_is_found_with_or_without_letter_spaces_and_dashes(
    ines: Customer, adviser: Actor, spell: Callable[[str], str]
) -> None:
    number = f"C-{ines.number[:3]} {ines.number[3:6]} {ines.number[6:]}"
    match = best(spell(number), adviser)
    assert (match.party_id, match.number, match.exact) == (ines.id, number, True)


def test_a_sure_find_comes_before_a_likeness(bank: Bank, ines: Customer, adviser: Actor) -> None:
    """A business may be called what somebody's e-mail address says."""
    bank.business("Ines Mail Example Ltd", owner=bank.customer("Nuala McGettigan"))
    bank.deliver()
    assert [match.exact for match in search.find("ines@mail.example", actor=adviser)][:1] == [True]
    assert best("ines@mail.example", adviser).party_id == ines.id


def test_two_of_one_name_are_told_apart(bank: Bank, adviser: Actor) -> None:
    for born in (date(1951, 3, 1), date(1999, 8, 30)):
        bank.customer("Mary Murphy", born=born)
    bank.deliver()
    details = [match.detail for match in search.find("mary murphy", actor=adviser)]
    assert len(details) == 2
    assert {"1951" in detail for detail in details} == {True, False}
    assert all("Galway" in detail for detail in details)


def test_a_list_is_no_longer_than_asked(bank: Bank, adviser: Actor) -> None:
    for _ in range(6):
        bank.customer("Mary Murphy", born=None)
    bank.deliver()
    assert len(search.find("murphy", actor=adviser, limit=4)) == 4


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=120), st.text("0123456789+-()/ .CRIE@%_\\\x00", max_size=30)))
def test_no_text_is_too_odd_to_search_for(ines: Customer, adviser: Actor, text: str) -> None:
    before = SearchLog.objects.count()
    search.find(text, actor=adviser)
    assert SearchLog.objects.count() == before + 1
