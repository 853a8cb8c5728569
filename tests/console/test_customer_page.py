"""The customer's page asks the database for each thing once, however many of its parts want to know."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bankos.platform import clock
from customers import members
from customers.visibility import NotVisible
from sentinel import policy
from tests.bank import Bank, Branch

pytestmark = pytest.mark.django_db


def asked_for_members(queries: CaptureQueriesContext) -> list[str]:
    """Those that read a customer with all its records."""
    return [one["sql"] for one in queries.captured_queries if 'AS "national_id"' in one["sql"] and 'AS "shown"' in one["sql"]]


def test_a_page_asks_once_whose_customer_it_is(bank: Bank, galway: Branch) -> None:
    policy.load_starting_set(at=clock.now())
    staff = bank.staff(branch=galway)
    ines = bank.customer("Ines Marchetti", branch=galway)
    bank.savings(ines)
    desk = bank.desk(staff)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert desk.get(f"/customers/{ines.id}/").status_code == 200
    assert len(asked_for_members(queries)) <= 2, "once for who asks, and once for the floors that ask sentinel"
    with CaptureQueriesContext(connection) as queries:
        members.customer_of(ines.id, actor=staff)
        members.customer_of(ines.id, actor=staff)
    assert len(asked_for_members(queries)) == 2, "and elsewhere each time: what was written meanwhile is seen"


def test_what_is_remembered_for_one_is_not_shown_to_another(bank: Bank, galway: Branch, cork: Branch) -> None:
    ines, here, elsewhere = bank.customer("Ines Marchetti", branch=galway), bank.staff(branch=galway), bank.staff(branch=cork)
    with members.asked_once():
        assert members.customer_of(ines.id, actor=here).golden.pk == ines.id
        with pytest.raises(NotVisible):
            members.customer_of(ines.id, actor=elsewhere)
