"""One field finds a customer by whatever is known of them, and says why."""

from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from bankos.platform.actors import Actor, Role
from customers import search
from customers.models import PartyFact, SearchLog
from tests.bank import Bank


@pytest.mark.parametrize(
    ("text", "why", "exact"),
    [
        ("087 123 4417", "Phone match", True),
        ("+353871234417", "Phone match", True),
        ("00353 87 123-4417", "Phone match", True),
        ("+353 (0)87 123 4417", "Phone match", True),
        ("ines@POSTEO.example", "E-mail match", True),
        ("C-204 881 37", "Customer number", True),
        ("c20488137", "Customer number", True),
        ("20488137", "Customer number", True),
        ("IE29MRDN93115212345678", "Account number", True),
        ("ie29 mrdn 9311 5212 3456 78", "Account number", True),
        ("5678", "Account or card •• 5678", False),
        ("Inès Marchetti", "Name", False),
        ("INES marchetti-OKAFOR", "Name", False),
        ("okafor ines", "Name", False),
        ("Marcheti", "Similar name", False),
    ],
)
def test_a_customer_is_found_by_any_spelling(ines: UUID, in_galway: Actor, text: str, why: str, exact: bool) -> None:
    first = search.find(text, actor=in_galway)[0]

    assert (first.party_id, first.why, first.exact) == (ines, why, exact)
    assert first.detail == "born 1986 · Galway · Galway Eyre Square"


@pytest.mark.parametrize("text", ["", " ", "zz", "0000", "%", "_", "'; DROP TABLE", "\x00", "+", "999999999999999999999", "-", "é" * 500])
def test_what_fits_nobody_finds_nobody(ines: UUID, in_galway: Actor, text: str) -> None:
    assert search.find(text, actor=in_galway) == []


def test_a_company_and_a_person_are_found_by_their_official_numbers(bank: Bank) -> None:
    ines = bank.customer("Ines Byrne")
    cafe = bank.business(owner=ines)
    actor = bank.staff(Role.CONTACT_CENTRE)
    company = PartyFact.objects.get(party__golden=cafe.id, attribute="company_number").value
    assert [(match.party_id, match.why) for match in search.find(company.lower(), actor=actor)] == [(cafe.id, "Company number")]
    spaced = f"{ines.national_id[:3]} {ines.national_id[3:]}"
    assert [(match.party_id, match.why) for match in search.find(spaced, actor=actor)] == [(ines.id, "Identity number")]


def test_a_key_comes_before_a_likeness(ines: UUID, sean: UUID, contact_centre: Actor) -> None:
    assert [match.exact for match in search.find("087 765 4321", actor=contact_centre)] == [True]


def test_every_search_is_recorded_without_what_was_typed(ines: UUID, in_galway: Actor) -> None:
    search.find("Inès Marchetti", actor=in_galway)

    (log,) = SearchLog.objects.all()
    assert (log.actor_id, log.text_length, log.found) == (in_galway.id, 14, 1)
    assert not [field for field in SearchLog._meta.get_fields() if "text" in field.name and field.name != "text_length"]
    with (
        pytest.raises(DatabaseError, match="permission denied for table customers_searchlog"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM customers_searchlog")
