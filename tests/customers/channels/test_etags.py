"""A tag stands for one body: the same tag, the same state; and whoever holds it is answered without the state being built."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bankos.platform import clock
from bankos.platform.actors import Actor
from customers import consents
from tests.bank import Bank, Customer

from .conftest import Deploy


def test_what_is_at_hand_is_not_built_again(deploy: Deploy, ines: Customer) -> None:
    program, path = deploy(), f"customers/{ines.id}/"
    whole = program.get(path)
    tag = whole.headers["ETag"]
    assert tag.startswith('"')
    with CaptureQueriesContext(connection) as queries:
        again = program.get(path, If_None_Match=f'"other", {tag}')
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert len(queries) == 7  # two to know who asks how often, five for the tag
    assert program.get(path, If_None_Match=f"W/{tag}").status_code == 304  # as compression leaves it
    assert program.get(path, If_None_Match='"other"').status_code == 200


def test_the_timeline_has_a_tag_of_its_own(bank: Bank, deploy: Deploy, ines: Customer) -> None:
    program, path = deploy(), f"customers/{ines.id}/timeline/"
    tag = program.get(path).headers["ETag"]
    assert program.get(path, If_None_Match=tag).status_code == 304
    bank.contact(ines, "Asked for a new card", at=clock.now() - timedelta(hours=1))
    bank.deliver()
    assert program.get(path, If_None_Match=tag).status_code == 200


def test_two_who_see_different_things_never_share_a_tag(deploy: Deploy, bank: Bank, ines: Customer, sean: Customer) -> None:
    bank.hold(bank.current_account(ines), sean)
    bank.deliver()
    everybody, galway = deploy(), deploy(branches=(ines.branch.code,))
    path = f"customers/{ines.id}/"
    one, other = everybody.get(path), galway.get(path)
    assert one.json()["people"] != other.json()["people"]
    assert one.headers["ETag"] != other.headers["ETag"]


def changes(bank: Bank, ines: Customer, sean: Customer, administrator: Actor, adviser: Actor) -> dict[str, Callable[[], None]]:
    """Everything that can happen to a state, one by one."""
    account = bank.current_account(ines)
    bank.hold(account, sean)
    bank.deliver()

    def rename() -> None:
        bank._row("crm/clients.csv", client_id=sean.client, customer_no=sean.number, first_name="Seán", last_name="Brady-Byrne",
                  birth_date="1986-06-13", phone="", email=sean.email, street="1 Quay Street", town="Cork", postcode="", language="en",
                  branch_code=sean.branch.code, created_at="2014-11-26T10:00:00+00:00")  # fmt: skip
        bank.deliver()

    return {
        "money": lambda: bank.transactions(account, [(clock.today(), "-5.00", "Café")]) or bank.deliver(),
        "a new account": lambda: bank.savings(ines) and bank.deliver(),
        "a consent from the CRM": lambda: bank.says(ines, "marketing") or bank.deliver(),
        "a consent": lambda: consents.change_consent(
            ines.id, purpose="marketing", given=False, channel="phone", actor=adviser, at=clock.now()
        ),
        "another name of a joint holder": rename,
        "a relationship": lambda: bank.guardian(sean, of=ines) or bank.deliver(),
        "a loan": lambda: bank.loan(ines, days_past_due=4) and bank.deliver(),
        "a card": lambda: bank.card(ines) and bank.deliver(),
        "a source that sends again": lambda: bank.contact(sean, "Called", at=clock.now()) or bank.deliver(),
    }


def test_the_same_tag_means_the_same_body(
    bank: Bank, deploy: Deploy, ines: Customer, sean: Customer, administrator: Actor, adviser: Actor
) -> None:
    program = deploy()
    seen: dict[str, object] = {}

    def look() -> str:
        answer = program.get(f"customers/{ines.id}/")
        assert seen.setdefault(answer.headers["ETag"], answer.json()) == answer.json(), "one tag, two bodies"
        return answer.headers["ETag"]

    for what, happens in changes(bank, ines, sean, administrator, adviser).items():
        before, body = look(), program.get(f"customers/{ines.id}/").json()
        happens()
        after = look()
        assert (before == after) is (body == seen[after]) or body == seen[after], what


@pytest.mark.parametrize("later", [timedelta(days=1), timedelta(days=300)])
def test_time_alone_changes_what_a_state_says(deploy: Deploy, ines: Customer, later: timedelta) -> None:
    program = deploy()
    path = f"customers/{ines.id}/"
    tag = program.get(path).headers["ETag"]
    with clock.stopped_at(clock.now() + later):
        assert program.get(path).headers["ETag"] != tag
