from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bankos.platform import clock
from bankos.platform.actors import Role
from bankos.platform.ids import uuid7
from sentinel import authority, decision_story, decisions
from sentinel.authority import Outcome, TokenInvalid, consume
from sentinel.decisions import NotVisible, decision_of, search, verify, verify_token
from sentinel.models import Decision
from sentinel.tokens import read

from .desk import CREDIT, ask, compliance, customer, insights, lead, party, person, staff, use_of
from .policy_life import put_in_force
from .texts import without

pytestmark = pytest.mark.usefixtures("authority")


def test_a_decision_is_read_with_its_rules_in_words_and_who_asked() -> None:
    user = get_user_model().objects.create(username="tom", name="Tom Byrne", branch_code="B1")
    actor = person(Role.BRANCH_STAFF, id=user.pk)
    decision = ask(actor)
    consume(decision.token, **use_of(decision))

    found = decision_of(decision.id, actor=actor)

    assert found.short_id == "dt_" + decision.id.hex[-8:].upper()
    assert (found.actor_name, found.action_title) == ("Tom Byrne", "Transfer.between_own_accounts")
    assert [(rule.id, rule.effect, rule.owner) for rule in found.rules] == [("staff-serve-customers", "permit", "Retail Operations")]
    assert found.consumed_at is not None
    assert found.claims["jti"] == str(decision.id)
    assert found.context["resource"]["attrs"]["age_years"] == 41


def test_who_asked_is_named_without_keeping_the_name() -> None:
    named = {ask(actor).id: name for actor, name in [(staff(), "A former employee"), (insights(), "insights.cashflow")]}
    named[ask(customer("party-1")).id] = "The customer"

    assert {id: decision_of(id, actor=compliance()).actor_name for id in named} == named


def test_reading_a_decision_takes_two_queries() -> None:
    decision = ask()

    with CaptureQueriesContext(connection) as captured:
        decision_of(decision.id, actor=compliance())

    assert len(captured) == 2


def test_explaining_a_decision_takes_eight_queries() -> None:
    decision = ask()
    decision_story.dossier_of(decision.id, actor=compliance(), at=clock.now())

    with CaptureQueriesContext(connection) as captured:
        decision_story.dossier_of(decision.id, actor=compliance(), at=clock.now())

    assert len(captured) <= 8


def test_compliance_sees_all_and_others_their_own_and_what_they_may_see() -> None:
    asker = staff()
    decision = ask(asker)
    administrator = person(Role.ADMINISTRATOR)

    for actor in (asker, compliance(), administrator):
        assert decision_of(decision.id, actor=actor).id == decision.id
    assert decision_of(decision.id, actor=lead(), visible_resources=lambda type, id: (type, id) == ("Party", "party-1"))
    for given in ({}, {"visible_resources": lambda type, id: False}):
        with pytest.raises(NotVisible):
            decision_of(decision.id, actor=lead(), **given)
        with pytest.raises(NotVisible):
            verify(decision.id, actor=lead(), **given)


def test_a_decision_that_does_not_exist_answers_like_one_that_may_not_be_seen() -> None:
    with pytest.raises(NotVisible):
        decision_of(uuid7(), actor=compliance())


def found(actor: Any = None, **given: Any) -> list[Any]:
    return [decision.id for decision in search(actor=actor or compliance(), **given).decisions]


def test_decisions_are_found_by_what_people_have_at_hand() -> None:
    user = get_user_model().objects.create(username="tom", name="Tom Byrne")
    wanted = ask(person(Role.BRANCH_STAFF, id=user.pk), resource=party("party-9")).id
    refused = ask(action=CREDIT, resource=party(days_past_due=1)).id
    shown = decision_of(wanted, actor=compliance())

    for text in (shown.short_id, shown.short_id.lower(), shown.short_id[3:], str(wanted), shown.token, " byrne ", str(user.pk)):
        assert found(text=text) == [wanted], text
    assert found(text="credit") == found(text="no-credit-in-arrears") == found(outcome=Outcome.DENY) == found(action=CREDIT) == [refused]
    assert found(resource=("Party", "party-9")) == [wanted]
    assert found(text="nothing like it") == found(text=shown.token[:-5] + "AAAAA") == []
    assert found()[:2] == [refused, wanted]


def test_the_list_goes_on_where_the_page_before_ended() -> None:
    made = [ask().id for _ in range(5)][::-1]
    first = search(actor=compliance(), limit=3)

    assert [decision.id for decision in first.decisions] == made[:3]
    # The oldest put the first policies in force.
    oldest = Decision.objects.get(action="policy.activate").pk
    assert found(after=first.next_after) == [*made[3:], oldest]
    assert search(actor=compliance(), limit=6).next_after is None


def test_a_list_holds_only_what_its_reader_may_see() -> None:
    asker = staff()
    own, other = ask(asker).id, ask().id

    assert found(asker) == [own]
    assert found(asker, resource=("Party", "party-1"), visible_resources=lambda type, id: False) == [own]
    assert found(asker, resource=("Party", "party-1"), visible_resources=lambda type, id: True) == [other, own]


def checks(verification: decisions.Verification) -> dict[str, bool]:
    return {check.name: check.ok for check in verification.checks}


SOUND = {"signature": True, "record": True, "context": True, "policy": True, "replay": True, "log": True, "use": True}


@pytest.mark.parametrize("make", [ask, lambda: ask(insights()), lambda: ask(action=CREDIT, resource=party(age_years=9))])
def test_a_sound_decision_passes_every_check(make: Callable[[], authority.Decision]) -> None:
    decision = make()

    assert checks(verify(decision.id, actor=compliance())) == checks(verify_token(decision.token)) == SOUND


def test_every_check_is_a_plain_sentence() -> None:
    for check in verify(ask().id, actor=compliance()).checks:
        assert check.sentence[0].isupper()
        assert check.sentence.endswith(".")


def test_a_used_permit_says_when() -> None:
    decision = ask()
    consume(decision.token, **use_of(decision))

    assert verify(decision.id, actor=compliance()).checks[-1].sentence == "It was used once, in time."


def test_a_decision_of_an_older_policy_is_made_again_with_that_policy() -> None:
    decision = ask(action=CREDIT, resource=party(days_past_due=1))
    put_in_force(without("no-credit-in-arrears"))

    assert verify(decision.id, actor=compliance()).ok


def test_a_token_with_a_changed_byte_is_not_verified() -> None:
    token = ask().token
    changed = token[:100] + ("A" if token[100] != "A" else "B") + token[101:]

    verification = verify_token(changed)

    assert not verification.ok
    assert checks(verification) == {"signature": False}
    with pytest.raises(TokenInvalid):
        read(changed)


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\r\n", "\0", "\u00a0", "\ufeff", "="])
def test_a_token_has_one_spelling(blank: str) -> None:
    token = ask().token
    middle = token.index(".")
    for changed in (blank + token, token + blank, token[:middle] + blank + token[middle:], token[:40] + blank + token[40:]):
        assert checks(verify_token(changed)) == {"signature": False}, repr(changed[:45])


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("outcome = 'needs_approval'", {"record", "replay"}),
        ("parameters = jsonb_set(parameters, '{amount}', '\"9.00\"')", {"record"}),
        ("parameters_hash = repeat('0', 64)", {"record"}),
        ("actor_id = 'somebody-else'", {"record"}),
        ("resource_id = 'party-2'", {"record"}),
        ("rules = '{staff-own-branch}'", {"record", "replay"}),
        ("issued_at = issued_at - interval '1 day'", {"record"}),
        ("context_cipher = set_byte(context_cipher, 40, get_byte(context_cipher, 40) # 1)", {"context", "replay"}),
        ("context_cipher = ''", {"context", "replay"}),
        ("context_hash = repeat('0', 64)", {"record"}),
        ("token = left(token, -4) || 'AAAA'", {"signature"}),
        ("policy_version_id = NULL", {"record", "policy"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_changed_record_is_found(past_the_guards: Callable[[], Any], change: str, broken: set[str]) -> None:
    decision = ask()
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE sentinel_decision SET {change} WHERE id = %s", [decision.id])

    assert {name for name, ok in checks(verify(decision.id, actor=compliance())).items() if not ok} == broken


def test_the_facts_of_another_decision_cannot_be_put_in_the_place_of_its_own(past_the_guards: Callable[[], Any]) -> None:
    """Both are encrypted with the customer's one key."""
    decision, other = ask(), ask(amount="1.00")
    take = "SELECT context_cipher FROM sentinel_decision WHERE id = %s"
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE sentinel_decision SET context_cipher = ({take}) WHERE id = %s", [other.id, decision.id])

    assert {name for name, ok in checks(verify(decision.id, actor=compliance())).items() if not ok} == {"context", "replay"}


def test_a_changed_policy_text_is_found(past_the_guards: Callable[[], Any]) -> None:
    decision = ask()
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE sentinel_policyversion SET policies = policies || '// later'")

    assert checks(verify(decision.id, actor=compliance()))["policy"] is False


def test_a_use_without_a_permit_is_found(past_the_guards: Callable[[], Any]) -> None:
    decision = ask(amount="50000.00")
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO sentinel_consumption (id, decision_id, consumed_at) VALUES (%s, %s, now())", [uuid7(), decision.id])

    assert checks(verify(decision.id, actor=compliance()))["use"] is False


def test_a_token_whose_record_is_gone_is_found(past_the_guards: Callable[[], Any]) -> None:
    decision = ask()
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM sentinel_decision WHERE id = %s", [decision.id])

    assert checks(verify_token(decision.token)) == {"signature": True, "record": False}
