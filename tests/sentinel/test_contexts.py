"""What a decision rested on: readable while the customer's key is there, gone with it, and never mixed up."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from bankos.platform import clock, vault
from bankos.platform.ids import uuid7
from sentinel import decisions, policy, replay, tokens
from sentinel.authority import BadRequest
from sentinel.contexts import ContentErased, content_of
from sentinel.models import ContextKey
from sentinel.models import Decision as Row

from .desk import ask, compliance, forget, party

pytestmark = pytest.mark.usefixtures("authority")


def row(decision: Any) -> Row:
    return Row.objects.select_related("context_key").get(pk=decision.id)


def test_nothing_of_the_facts_stands_in_the_row_or_the_token() -> None:
    decision = ask(resource=party(age_years=41, branch="B1"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(d)::text FROM sentinel_decision d WHERE id = %s", [decision.id])
        stored = cursor.fetchone()[0]

    assert "age_years" not in stored
    assert "age_years" not in str(tokens.read(decision.token))
    assert content_of(row(decision))["request"]["resource"]["attrs"]["age_years"] == 41


def test_all_decisions_about_a_customer_share_one_key_and_others_have_their_own() -> None:
    first, second, other = ask(), ask(), ask(resource=party("party-2"))

    assert row(first).context_key_id == row(second).context_key_id != row(other).context_key_id


def test_an_erased_key_takes_the_content_of_all_and_leaves_the_proof() -> None:
    first, other = ask(), ask(resource=party("party-2"))

    forget(("Party", "party-1"), decision_id=uuid7())

    with pytest.raises(ContentErased):
        content_of(row(first))
    assert content_of(row(other))
    proof = decisions.verify(first.id, actor=compliance())
    assert proof.ok
    assert any("erased" in check.detail for check in proof.checks)
    assert decisions.decision_of(first.id, actor=compliance()).context is None


def test_details_are_kept_sealed_with_what_the_decision_rests_on_and_go_with_it() -> None:
    decision = ask(details={"evidence": "call 4711", "heard_on": "phone"})

    assert content_of(row(decision))["details"] == {"evidence": "call 4711", "heard_on": "phone"}
    assert "4711" not in str(tokens.read(decision.token))
    assert replay.decision(decision.id).outcome == decision.outcome
    assert decisions.verify(decision.id, actor=compliance()).ok
    assert "details" not in content_of(row(ask()))

    forget(("Party", "party-1"), decision_id=uuid7())
    with pytest.raises(ContentErased):
        content_of(row(decision))


@pytest.mark.parametrize("details", [{"said": object()}, {"said": "x" * 40_000}], ids=["no JSON", "too long"])
def test_details_are_plain_json_of_bounded_length(details: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="details"):
        ask(details=details)


def test_after_erasing_a_new_decision_has_a_new_key() -> None:
    first = ask()
    forget(("Party", "party-1"), decision_id=uuid7())

    second = ask()

    assert content_of(row(second))
    assert row(second).context_key_id != row(first).context_key_id


def test_the_same_content_has_another_hash_each_time() -> None:
    at = clock.now()

    assert row(ask(at=at)).context_hash != row(ask(at=at)).context_hash


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sentinel_contextkey",
        "UPDATE sentinel_contextkey SET subject_id = 'party-2'",
        "UPDATE sentinel_contextkey SET wrapped = NULL",
        "UPDATE sentinel_contextkey SET erased_at = now()",
    ],
)
def test_a_key_is_neither_moved_nor_half_erased(statement: str) -> None:
    ask()
    with (
        pytest.raises(DatabaseError, match="permission denied for table sentinel_contextkey"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_erased_key_never_comes_back() -> None:
    ask()
    forget(("Party", "party-1"), decision_id=uuid7())
    with pytest.raises(DatabaseError, match="permission denied for table sentinel_contextkey"), transaction.atomic():
        ContextKey.objects.update(wrapped=vault.wrap(vault.new_data_key()), erased_at=None)


def test_a_new_master_key_takes_over_and_the_old_one_can_go(settings: Any, tmp_path: Any) -> None:
    # The bank's first policies were decided with the key of before; without it nothing new is begun.
    forget(("PolicyVersion", str(policy.active().id)), decision_id=uuid7())
    settings.MASTER_KEYS, settings.MASTER_KEYS_DIR = "", tmp_path / "master"
    decision, gone = ask(), ask(resource=party("party-2"))
    forget(("Party", "party-2"), decision_id=uuid7())
    out = StringIO()

    call_command("rotate_master_key", stdout=out)
    (tmp_path / "master" / "0001.key").unlink()
    vault.unwrap.cache_clear()

    assert out.getvalue().startswith("1 keys")
    assert content_of(row(decision))
    with pytest.raises(ContentErased):
        content_of(row(gone))
