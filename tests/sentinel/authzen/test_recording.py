"""What is asked through AuthZEN is a decision like any other: kept, signed, logged, provable, and replayed with the same answer."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bankos.platform import clock, keys
from sentinel import contexts, decisions, policy, tokens
from sentinel.authority import consume
from sentinel.cedar import Question
from sentinel.contexts import content_of
from sentinel.models import AutomationStop, Decision
from sentinel.verification import verify_token

from ..desk import compliance, forget
from .certification import ALICE, BOB, ONE, READ, TWO, WRITE
from .service import Caller, client_of, deploy

pytestmark = pytest.mark.django_db

EVALUATION = {"subject": ALICE, "action": READ, "resource": ONE}


def row_of(answer: dict[str, Any]) -> Decision:
    return Decision.objects.select_related("context_key", "policy_version").get(pk=answer["context"]["decision"])


def proven(row: Decision) -> bool:
    return decisions.verify(row.pk, actor=compliance()).ok


def test_an_answer_names_its_decision_and_carries_it_signed() -> None:
    answer = deploy().ask("evaluation", EVALUATION)

    row, claims = row_of(answer), tokens.read_any(answer["context"]["token"])
    assert row.token == answer["context"]["token"]
    assert (claims["jti"], claims["policy"]["store"], claims["outcome"]) == (str(row.pk), "records", "permit")
    assert (claims["iss"], claims["aud"]) == ("urn:bankos:sentinel:authzen", "urn:bankos:store:records")
    assert (claims["sub_kind"], claims["sub"]) == ("user", "alice")
    assert claims["authorization_details"][0]["type"] == "read"
    assert claims["authorization_details"][0]["resource"] == {"type": "record", "id": "record-1"}
    assert claims["policy"]["determining"] == answer["context"]["rules"] == ["users-read"]
    assert claims["log"] == {"index": row.leaf_index}


def test_a_deny_gives_its_reasons_beside_its_decision() -> None:
    context = deploy().ask("evaluation", {"subject": BOB, "action": WRITE, "resource": ONE})["context"]

    assert set(context) == {"rules", "reason_admin", "reason_user", "decision", "token"}
    assert context["reason_admin"] == {"en": "No rule permits this action to this actor."}


def test_every_item_of_a_batch_is_a_decision_of_its_own() -> None:
    app = deploy()
    said = {
        "subject": ALICE,
        "action": READ,
        "evaluations": [{"resource": ONE}, {}, {"resource": {"type": "spaceship", "id": "x"}}, {"resource": TWO}],
    }

    items = app.ask("evaluations", said)["evaluations"]

    rows = [row_of(item) for item in items]
    assert [row.rules for row in rows] == [["users-read"], ["request-not-understood"], ["request-not-understood"], ["users-read"]]
    assert [row.outcome for row in rows] == ["permit", "deny", "deny", "permit"]
    assert [row.resource_id for row in rows] == ["record-1", "", "x", "record-2"]
    assert sorted(row.leaf_index for row in rows) == list(range(rows[0].leaf_index, rows[0].leaf_index + 4))
    assert all(proven(row) for row in rows)


def test_a_batch_that_ends_early_takes_no_place_in_the_log_in_vain() -> None:
    app = deploy()
    items = [{"action": WRITE}, {"action": READ}, {"action": READ}]
    said = {"subject": BOB, "resource": ONE, "evaluations": items, "options": {"evaluations_semantic": "deny_on_first_deny"}}

    first = row_of(app.ask("evaluations", said)["evaluations"][0])
    second = row_of(app.ask("evaluation", EVALUATION))

    assert second.leaf_index == first.leaf_index + 1


def test_a_decision_keeps_all_it_rested_on_and_is_made_again_from_it() -> None:
    app = deploy()
    said = {
        "subject": ALICE | {"properties": {"department": "Sales"}},
        "action": WRITE,
        "resource": TWO,
        "context": {"ip": "::1", "time": "9"},
    }

    row = row_of(app.ask("evaluation", said))
    content = content_of(row)
    question = Question.from_json(content["question"])

    assert content["client"]["name"] == "records app"
    assert question.resource.attributes == {"status": "archived"}  # as the store knew it
    assert question.context == {"time": "9"}  # what the schema declares
    assert Question.from_json(json.loads(json.dumps(question.as_json()))) == question
    assert row.policy_version is not None
    assert policy.text_of(row.policy_version.pk, row.policy_version.sha256).answer(question).rule_ids == tuple(row.rules)
    assert {"signature", "record", "context", "policy", "replay"} <= {
        check.name for check in decisions.verify(row.pk, actor=compliance()).checks
    }
    assert proven(row)


def test_a_change_of_policies_and_entities_changes_no_decision_made_before() -> None:
    app = deploy()
    row = row_of(app.ask("evaluation", {"subject": BOB, "action": WRITE, "resource": TWO}))
    assert row.outcome == "permit"  # the store says he is an admin
    manager = client_of("records", manages=True)
    assert manager.manage("put", "entities/", {"entities": [], "removed": [{"type": "user", "id": "bob"}]}).json() == {
        "written": 0,
        "removed": 1,
    }

    assert app.ask("evaluation", {"subject": BOB, "action": WRITE, "resource": TWO})["decision"] is False
    assert proven(row)


def test_tampering_with_what_was_kept_is_noticed(past_the_guards: Any) -> None:
    row = row_of(deploy().ask("evaluation", EVALUATION))
    with past_the_guards():
        Decision.objects.filter(pk=row.pk).update(outcome="deny")

    assert not proven(row)


def test_a_refused_request_is_kept_as_far_as_it_can_be_written_down() -> None:
    app = deploy()
    half = {
        "subject": ALICE,
        "action": {"name": "read\u0000\u202e"},
        "resource": {"type": "record" * 80},
        "context": {"deep": {"er": [1.5]}},
    }

    for body in (b"{", json.dumps(half).encode(), json.dumps([half]).encode(), b"x" * 1_000_001):
        assert app.send("evaluation", body).status_code == 400

    rows = list(Decision.objects.filter(store="records").select_related("context_key", "policy_version").order_by("id"))
    assert [(row.outcome, row.rules) for row in rows] == [("deny", ["request-not-understood"])] * 4
    assert [row.actor_id for row in rows] == ["", "alice", "", ""]
    assert rows[1].action.startswith("read~")
    assert len(rows[1].resource_type) == 80
    assert "resource/id is missing" in content_of(rows[1])["refused"]
    assert content_of(rows[1])["asked"]["context"] == {"deep": {"er": ["1.5"]}}
    assert all(proven(row) for row in rows)


def test_names_too_long_for_a_column_stay_apart() -> None:
    app = deploy()
    long = "r" * 300
    first, second = (row_of(app.ask("evaluation", EVALUATION | {"resource": {"type": "record", "id": long + end}})) for end in "ab")

    assert first.resource_id != second.resource_id
    assert len(first.resource_id) <= 200
    assert content_of(first)["question"]["resource"]["uid"]["id"] == long + "a"


def test_a_store_without_policies_answers_nothing() -> None:
    from .service import make

    make("bare")
    app = client_of("bare")

    response = app.send("evaluation", json.dumps(EVALUATION).encode())
    batch = app.ask("evaluations", EVALUATION | {"evaluations": [{}]})["evaluations"][0]

    assert (response.status_code, response.content) == (500, b"This store has no policies in force.")
    assert (batch["decision"], batch["context"]["error"]["status"]) == (False, 500)
    assert row_of(batch).rules == ["not-decided"]
    assert Decision.objects.filter(store="bare").count() == 2


def test_a_fault_of_ours_is_no_permit_and_names_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    app = deploy()
    monkeypatch.setattr(keys, "signing_key", lambda: 1 / 0)

    response = app.send("evaluation", json.dumps(EVALUATION).encode(), **{"X-Request-ID": "r-1"})

    assert (response.status_code, response.content, response.headers["X-Request-ID"]) == (500, b"No decision could be made.", "r-1")


def test_properties_of_an_action_stand_only_as_their_hash() -> None:
    app = deploy()
    row = row_of(app.ask("evaluation", EVALUATION | {"action": {"name": "delete", "properties": {"soft": True, "note": "Ines Byrne"}}}))

    assert row.parameters == {}
    assert row.parameters_hash != row_of(app.ask("evaluation", EVALUATION)).parameters_hash
    assert "Ines" not in json.dumps(tokens.unverified_claims(row.token))


def test_erasing_a_resource_erases_what_was_decided_about_it_in_its_store_only() -> None:
    records, ledgers = deploy(), deploy("ledgers")
    here, there = row_of(records.ask("evaluation", EVALUATION)), row_of(ledgers.ask("evaluation", EVALUATION))

    forget((here.context_key.subject_type, here.context_key.subject_id), decision_id=here.pk)

    assert here.context_key.subject_type == "records/record"
    with pytest.raises(contexts.ContentErased):
        content_of(row_of({"context": {"decision": here.pk}}))
    assert content_of(row_of({"context": {"decision": there.pk}}))["question"]
    assert proven(here)


def test_searches_leave_no_record() -> None:
    app = deploy()
    app.ask("search/subject", {"subject": {"type": "user"}, "action": READ, "resource": ONE})

    assert not Decision.objects.filter(store="records").exists()


def test_an_evaluation_and_a_batch_take_few_queries() -> None:
    app = deploy()
    app.ask("evaluation", EVALUATION)
    batch = json.dumps(EVALUATION | {"evaluations": [{}, {"action": WRITE}] * 50}).encode()

    for endpoint, body, queries in (("evaluation", json.dumps(EVALUATION).encode(), 5), ("evaluations", batch, 6)):
        with CaptureQueriesContext(connection) as captured:
            assert app.send(endpoint, body).status_code == 200
        asked = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
        # The client, its rate (for a batch once more), what the store knows, how things stand, the record.
        assert len(asked) == queries, asked


# ---- the bank's own store ----

TRANSFER = {
    "subject": {"type": "Employee", "id": "e1", "properties": {"roles": ["branch_staff"], "branch": "B1", "line": []}},
    "action": {"name": "transfer.between_own_accounts"},
    "resource": {
        "type": "Party",
        "id": "party-1",
        "properties": {"kind": "person", "age_years": 41, "days_past_due": 0, "branch": "B1", "arrangements": ["a", "b"]},
    },
    "context": {
        "request": {"at": "2026-11-24T10:00:00.000Z", "hour": 10, "weekday": 2, "purposes": []},
        "facts": {},
        "parameters": {
            "from_arrangement": "a",
            "to_arrangement": "b",
            "amount": {"__extn": {"fn": "decimal", "arg": "10.00"}},
            "currency": "EUR",
        },
    },
}


@pytest.fixture
def bank(authority: None) -> Caller:
    return client_of("bank")


def test_the_banks_policies_answer_what_they_are_told(bank: Caller) -> None:
    permitted = bank.ask("evaluation", TRANSFER)
    large = json.loads(json.dumps(TRANSFER))
    large["context"]["parameters"]["amount"]["__extn"]["arg"] = "90000.00"

    assert permitted["decision"] is True
    assert bank.ask("evaluation", large)["decision"] is False
    assert proven(row_of(permitted))


def test_what_the_banks_policies_need_to_know_has_to_be_said(bank: Caller) -> None:
    response = bank.send("evaluation", json.dumps(TRANSFER | {"context": {}}).encode())

    assert response.status_code == 400
    assert b"does not fit the schema" in response.content


def test_a_permit_asked_for_through_authzen_is_never_used_by_the_bank(bank: Caller) -> None:
    answer = bank.ask("evaluation", TRANSFER)
    row = row_of(answer)
    use = {"action": row.action, "resource_type": row.resource_type, "resource_id": row.resource_id, "parameters": {}}
    assert row.outcome == "permit"

    for at in (clock.now(), row.issued_at - timedelta(minutes=2)):  # also of a lying clock
        with pytest.raises(tokens.TokenInvalid, match="an answer to another system"):
            consume(row.token, **use, at=at)
    # Even as the bank's own permit of an hour, signed with its key, the record says that it never lived.
    claims = tokens.read_any(row.token)
    signed = tokens.sign(claims | {"iss": tokens.ISSUER, "aud": tokens.AUDIENCE, "exp": claims["iat"] + 3600})
    for at in (clock.now(), row.issued_at - timedelta(minutes=2)):
        with pytest.raises(tokens.TokenNotAPermit):
            consume(signed, **use, at=at)
    with pytest.raises(IntegrityError, match="is not a permit"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sentinel_consumption (id, decision_id, consumed_at) VALUES (gen_random_uuid(), %s, clock_timestamp())", [row.pk]
        )


def test_even_with_the_databases_clock_behind_such_a_permit_is_none(bank: Caller, past_the_guards: Any) -> None:
    row, later = row_of(bank.ask("evaluation", TRANSFER)), clock.now() + timedelta(hours=1)
    with past_the_guards():
        Decision.objects.filter(pk=row.pk).update(issued_at=later, expires_at=later)

    with pytest.raises(IntegrityError, match="is not a permit"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sentinel_consumption (id, decision_id, consumed_at) VALUES (gen_random_uuid(), %s, clock_timestamp())", [row.pk]
        )


def test_a_stop_of_automation_holds_here_too(bank: Caller) -> None:
    machine = {"type": "System", "id": "insights.cashflow"}
    context = json.loads(json.dumps(TRANSFER["context"]))
    context["request"] |= {"autonomy": "act_alone", "within_limits": True}
    AutomationStop.objects.create(
        scope="everything", reason="drill", stopped_by="e1", stopped_by_name="Ada", stopped_at=clock.now(), stop_decision_id=UUID(int=1)
    )

    stopped = bank.ask("evaluation", TRANSFER | {"subject": machine, "context": context})

    assert stopped["decision"] is False
    assert stopped["context"]["rules"] == ["automation-stopped"]
    assert proven(row_of(stopped))
    assert bank.ask("evaluation", TRANSFER)["decision"] is True  # people go on


def test_in_the_banks_store_nothing_is_searched_for(bank: Caller) -> None:
    said = bank.http.get("/.well-known/authzen-configuration/authzen/bank").json()

    assert set(said) == {"policy_decision_point", "access_evaluation_endpoint", "access_evaluations_endpoint"}
    for endpoint in ("search/subject", "search/resource", "search/action"):
        assert bank.send(endpoint, json.dumps(TRANSFER).encode()).status_code == 404


def test_the_decision_pages_bear_what_other_stores_call_their_own(bank: Caller) -> None:
    answer = bank.ask("evaluation", TRANSFER)
    deploy().ask("evaluation", EVALUATION)

    page = decisions.search(actor=compliance())
    found = decisions.decision_of(UUID(answer["context"]["decision"]), actor=compliance())

    assert {(one.store, one.actor_kind, one.actor_name) for one in page.decisions} >= {
        ("bank", "Employee", "e1"),
        ("records", "user", "alice"),
    }
    assert found.context is not None
    assert found.context["resource"]["uid"] == {"type": "Party", "id": "party-1"}
    assert verify_token(answer["context"]["token"]).ok
