"""What somebody with the application's database role, and nothing else, can do to evidence: add rows that count for nothing."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform import clock
from bankos.platform.ids import uuid7
from sentinel import actions, approvals, decisions, erasure, models, redaction, tokens, transparency
from sentinel.actions import Ran
from sentinel.authority import ApprovalNotValid, Decision, consume
from sentinel.automation import levels, stops
from sentinel.automation.stops import Scope
from sentinel.automation.subjects import Automation
from sentinel.autonomy import Level
from tests import machines

from .desk import TRANSFER, ask, compliance, insights, lead, party, staff, use_of
from .policy_life import officer

pytestmark = pytest.mark.usefixtures("authority")
ONE, TWO = str(uuid7()), str(uuid7())
VERIFY = Path(decisions.__file__).with_name("verify.py")
Step = tuple[str, str, int, int, int]


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def refused(statement: str, *values: Any) -> str:
    with pytest.raises(DatabaseError) as error:
        run(statement, *values)
    return str(error.value)


def next_place() -> int:
    return int(run("SELECT sentinel_next_leaf()")[0][0])


def written(like: Decision | models.Decision, **changed: Any) -> UUID:
    """A decision's row by hand: a copy with changes, at a place of its own unless `changed` says another."""
    id = uuid7()
    values = {"id": str(id), "leaf_index": next_place()} | changed
    run(
        "INSERT INTO sentinel_decision SELECT (jsonb_populate_record(d, %s)).* FROM sentinel_decision d WHERE id = %s",
        json.dumps(values),
        like.pk if isinstance(like, models.Decision) else like.id,
    )
    return id


def used(decision_id: UUID) -> UUID:
    run("INSERT INTO sentinel_consumption (id, decision_id, consumed_at) VALUES (gen_random_uuid(), %s, clock_timestamp())", decision_id)
    return decision_id


def erased(subject: str) -> Ran:
    """A customer really erased, by two people."""
    asked = erasure.erase(UUID(subject), actor=officer("maeve"), reason="Asked for", at=clock.now())
    assert asked.request_id is not None
    return actions.approve(asked.request_id, actor=officer("niamh"), at=clock.now())


def waiting_for(subject: str, note: str = "Ines asked for it") -> models.ApprovalRequest:
    view = approvals.request(ask(staff(), amount="5000.00", resource=party(subject)), at=clock.now(), note=note)
    return models.ApprovalRequest.objects.get(pk=view.id)


# Erasing


@pytest.mark.parametrize("place", [-1, -1001, -(2**40)])
def test_no_decision_stands_outside_the_log(place: int) -> None:
    assert "decision_has_a_place" in refused_copy(ask(), leaf_index=place)
    assert "consumption_has_a_place" in refused(
        "INSERT INTO sentinel_consumption (id, leaf_index, decision_id, consumed_at) VALUES (gen_random_uuid(), %s, %s, now())",
        place,
        ask().id,
    )


def refused_copy(like: Decision, **changed: Any) -> str:
    with pytest.raises(DatabaseError) as error:
        written(like, **changed)
    return str(error.value)


@pytest.mark.parametrize("forged", ["no token", "own token under another id", "token of an ordinary permit", "a token another key signed"])
def test_a_decision_the_bank_did_not_make_erases_nothing(forged: str) -> None:
    request = waiting_for("party-1")
    like = ask(resource=party("party-1"))
    token = {
        "no token": "forged",
        "own token under another id": like.token,
        "token of an ordinary permit": ask().token,
        "a token another key signed": f"{like.token.rsplit('.', 1)[0]}.{'A' * 86}",
    }[forged]
    decision = used(written(like, action="customer.erase", outcome="permit", token=token))

    for attempt in (
        lambda: redaction.redact(decision, "sentinel_approvalrequest", "note", [request.pk]),
        lambda: redaction.before(decision, "sentinel_approvalrequest", [request.pk]),
        lambda: redaction.replace(decision, "customers_sourcechunk", "raw", uuid7(), b""),
        lambda: redaction.erase_keys(decision, ["party-1"]),
    ):
        with pytest.raises(DatabaseError, match=r"not signed by the bank|not the one that was signed"), transaction.atomic():
            attempt()
    request.refresh_from_db()
    assert request.note
    assert models.ContextKey.objects.filter(subject_id="party-1", erased_at=None).exists()


@pytest.mark.parametrize("kind", ["used for something else", "not used", "over", "not a permit"])
def test_a_decision_that_permits_no_erasing_now_erases_nothing(kind: str) -> None:
    """Signed by the bank's own key, all of them."""
    request = waiting_for("party-1")
    like = ask(resource=party("party-1"))
    if kind == "used for something else":
        decision = used(like.id)
    else:
        claims = tokens.read(like.token)
        claims["authorization_details"][0]["type"] = "customer.erase"
        if kind == "over":
            claims["exp"] = int((clock.now() - timedelta(seconds=1)).timestamp())
        if kind == "not a permit":
            claims["outcome"] = "needs_approval"
        id, place = uuid7(), next_place()
        decision = written_as(like, id, place, tokens.sign({**claims, "jti": str(id), "log": {"index": place}}))
        if kind != "not used":
            used(decision)

    with pytest.raises(DatabaseError, match="permits no erasing"), transaction.atomic():
        redaction.redact(decision, "sentinel_approvalrequest", "note", [request.pk])


def written_as(like: Decision, id: UUID, place: int, token: str) -> UUID:
    run(
        "INSERT INTO sentinel_decision SELECT (jsonb_populate_record(d, %s)).* FROM sentinel_decision d WHERE id = %s",
        json.dumps({"id": str(id), "leaf_index": place, "token": token}),
        like.id,
    )
    return id


def test_erasing_one_customer_opens_nobody_elses_rows() -> None:
    mine, other = waiting_for(ONE), waiting_for(TWO)
    decision = erased(ONE).decision.id

    assert models.ApprovalRequest.objects.get(pk=mine.pk).note == ""
    with pytest.raises(DatabaseError, match="not of the customer"), transaction.atomic():
        redaction.redact(decision, "sentinel_approvalrequest", "note", [other.pk])
    with pytest.raises(DatabaseError, match="not of the customer"), transaction.atomic():
        redaction.redact(decision, "sentinel_approvalrequest", "note", [mine.pk, other.pk])
    with pytest.raises(DatabaseError, match="names another customer"), transaction.atomic():
        redaction.erase_keys(decision, [ONE, TWO])
    assert models.ApprovalRequest.objects.get(pk=other.pk).note


def test_what_does_not_tell_whose_it_is_goes_by_the_banks_own_order_only() -> None:
    waiting_for(ONE)
    decision = erased(ONE).decision.id
    rows, replaces = "SELECT sentinel_redact(%s, %s, %s, %s, %s)", "SELECT sentinel_replace(%s, %s, %s, %s, %s, %s)"
    id, another = str(uuid7()), str(uuid7())
    order = tokens.sign(
        {"decision": str(decision), "table": "customers_sourcechunk", "column": "raw", "row": id, "content": "0"}, type=redaction.ORDER
    )
    for signed in ("forged", None, tokens_of(decision), order):
        assert "signed no order" in refused(rows, decision, "customers_sourcefile", "name", [id], signed)
        assert "signed no order" in refused(replaces, decision, "customers_sourcechunk", "raw", id, b"other bytes", signed)
    redaction.replace(decision, "customers_sourcechunk", "raw", UUID(id), b"")  # with one it may, were there such a row
    assert "signed no order" in refused(replaces, decision, "customers_sourcechunk", "raw", another, b"", order)


def tokens_of(decision: UUID) -> str:
    return models.Decision.objects.values_list("token", flat=True).get(pk=decision)


@pytest.mark.django_db(transaction=True)
def test_a_decision_to_erase_serves_one_transaction() -> None:
    mine = waiting_for(ONE)
    decision = erased(ONE).decision.id
    for attempt in (
        lambda: redaction.redact(decision, "sentinel_approvalrequest", "note", [mine.pk]),
        lambda: redaction.erase_keys(decision, [ONE]),
    ):
        with pytest.raises(DatabaseError, match="used for another erasing"), transaction.atomic():
            attempt()


# Keys


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sentinel_contextkey SET wrapped = NULL, erased_at = now(), erased_by = gen_random_uuid()",
        "UPDATE sentinel_contextkey SET wrapped = '\\x00'",
        "UPDATE sentinel_contextkey SET subject_id = 'another'",
        "DELETE FROM sentinel_contextkey",
        "INSERT INTO sentinel_contextkey (id, subject_type, subject_id, made_at, erased_at)"
        " VALUES (gen_random_uuid(), '', '', now(), now())",
        "INSERT INTO sentinel_contextkey SELECT * FROM sentinel_contextkey ON CONFLICT (id) DO UPDATE SET wrapped = NULL",
        "INSERT INTO sentinel_erasing SELECT id, 1, 'party-1', '{party-1}', now() FROM sentinel_decision",
        "INSERT INTO sentinel_redaction (id) VALUES (gen_random_uuid())",
    ],
)
def test_what_decisions_rest_on_is_not_the_applications_to_destroy(statement: str) -> None:
    ask()
    assert any(words in refused(statement) for words in ("permission denied", "begins in use"))


# The log


@pytest.mark.parametrize("table", ["sentinel_logentry", "sentinel_lognode", "sentinel_checkpoint", "sentinel_loghorizon"])
@pytest.mark.parametrize("statement", ["INSERT INTO {0} SELECT * FROM {0}", "UPDATE {} SET {1} = {1}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_writes_nothing_into_the_log(table: str, statement: str) -> None:
    column = {"sentinel_checkpoint": "size", "sentinel_loghorizon": "last_index"}.get(table, "index")
    assert "permission denied" in refused(statement.replace("{}", "{0}").format(table, column))


def test_nothing_is_slipped_in_where_something_stands_or_nothing_was_given_out() -> None:
    ask()
    transparency.integrate(at=clock.now())
    like = ask()
    held = models.LogEntry.objects.values_list("index", flat=True)
    for place in (next(iter(held)), next_place() + 10, next_place() + 10**9):
        assert "was not given out" in refused_copy(like, leaf_index=place)


@pytest.mark.parametrize("garbage", ["no token", "another's token", "record says more", "a use of it"])
def test_what_the_bank_did_not_sign_is_quarantined_and_the_log_verifies(tmp_path: Path, garbage: str) -> None:
    transparency.integrate(at=clock.now())
    good = ask()
    changed: dict[str, Any] = {
        "no token": {"token": "forged"},
        "another's token": {},
        "record says more": {},
        "a use of it": {"token": "no"},
    }[garbage]
    if garbage == "record says more":
        denied = ask(amount="50000.00")
        id, place = uuid7(), next_place()
        claims = {**tokens.read(denied.token), "jti": str(id), "log": {"index": place}}
        forged = written_as(denied, id, place, tokens.sign(claims))
        with connection.cursor() as cursor:  # a bit more than the application could: its columns say what the token does not
            cursor.execute("SET LOCAL ROLE NONE; SET LOCAL session_replication_role = replica")
            cursor.execute("UPDATE sentinel_decision SET outcome = 'permit' WHERE id = %s", [forged])
            cursor.execute("SET LOCAL session_replication_role = origin; SET LOCAL ROLE bankos_app")
    else:
        forged = written(good, **changed)
    if garbage == "a use of it":
        used(forged)
    later = ask()
    consume(later.token, **use_of(later))

    transparency.integrate(at=clock.now())

    kinds = dict(models.LogEntry.objects.values_list("index", "kind"))
    places = dict(models.Decision.objects.values_list("pk", "leaf_index"))
    assert kinds[places[forged]] == "quarantined"
    assert kinds[places[good.id]] == kinds[places[later.id]] == "decision"
    if garbage == "a use of it":
        assert kinds[models.Consumption.objects.get(decision=forged).leaf_index] == "quarantined"
    assert kinds[models.Consumption.objects.get(decision=later.id).leaf_index] == "consumption"
    code, words = verified(tmp_path)
    assert code == 0, words
    assert "quarantined" in words
    assert not decisions.verify(forged, actor=compliance()).ok


ODD: list[dict[str, Any]] = [{"on_behalf_of": [1]}, {"on_behalf_of": "text"}, {"model": 7}, {"token": "é.é.é"}, {"consents": []}]
ODD += [{"approvals": {"0": []}}, {"parameters": [[]]}, {"obligations": [""]}, {"context_cipher": "\\x00"}, {"resource_id": "\ud7ff"}]


@pytest.mark.parametrize("changed", ODD, ids=str)
def test_no_record_is_so_odd_that_the_log_stops(tmp_path: Path, changed: dict[str, Any]) -> None:
    like = ask()
    written(like, **{"token": like.token} | changed)
    later = ask()

    transparency.integrate(at=clock.now())

    place = models.Decision.objects.values_list("leaf_index", flat=True).get(pk=later.id)
    assert models.LogEntry.objects.get(pk=place).kind == "decision"
    for with_context in (False, True):
        code, words = verified(tmp_path, with_context=with_context)
        assert code == 0, words


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "20000-01-01", "0044-03-15 BC"])
@pytest.mark.parametrize("column", ["issued_at", "expires_at"])
def test_a_moment_that_is_none_is_not_taken(column: str, moment: str) -> None:
    assert "decision_has_real_moments" in refused_copy(ask(), **{column: moment})


def test_no_place_is_taken_twice() -> None:
    permit = ask()
    decision, use = permit.id, "INSERT INTO sentinel_consumption (id, leaf_index, decision_id, consumed_at)"
    place = models.Decision.objects.values_list("leaf_index", flat=True).get(pk=decision)
    assert "was not given out" in refused(use + " VALUES (gen_random_uuid(), %s, %s, clock_timestamp())", place, decision)
    used(decision)
    taken = models.Consumption.objects.get(decision=decision).leaf_index
    assert "was not given out" in refused_copy(permit, leaf_index=taken)


def verified(folder: Path, *, with_context: bool = False) -> tuple[int, str]:
    bundle = folder / "bundle.jsonl"
    transparency.export(bundle, actor=compliance(), with_context=with_context)
    done = subprocess.run([sys.executable, str(VERIFY), str(bundle)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


# Machines


def automation() -> Automation:
    """One that may suggest, and whose evidence would allow a step more."""
    machines.let(subject="insights.cashflow", action=TRANSFER, level=Level.SUGGEST, reason="New", at=clock.now())
    return Automation("insights.cashflow", TRANSFER)


def decided(action: str, resource: str, parameters: dict[str, str], *, by: str = "maeve", **said: Any) -> UUID:
    """A used permit of the bank's own making, as if the policies had permitted this."""
    like = ask()
    id, place = uuid7(), next_place()
    claims = tokens.read(like.token)
    claims |= {"jti": str(id), "log": {"index": place}, "outcome": "permit", "act": {**claims["act"], "sub": by}} | said
    claims["authorization_details"][0] |= {
        "type": action,
        "resource": {"type": "Automation", "id": resource},
        "parameters": parameters,
    }
    return used(written_as(like, id, place, tokens.sign(claims)))


SET = """
UPDATE sentinel_autonomysetting
   SET level = %s, decision_id = %s, changed_by = 'maeve', changed_at = clock_timestamp() + interval '1 second'
"""


def a_raise(key: str, level: str = "act_with_approval", limits: str = "") -> UUID:
    return decided("autonomy.raise", key, {"level": level, "limits": limits})


def test_what_was_decided_gives_a_machine_its_level() -> None:
    one = automation()
    run(SET, "act_with_approval", a_raise(one.key))
    assert one.leave().level is Level.ACT_WITH_APPROVAL
    run(SET, "off", decided("autonomy.lower", one.key, {"level": "off"}))
    assert one.leave().level is Level.OFF


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sentinel_autonomysetting SET level = 'act_alone'",
        "UPDATE sentinel_autonomysetting SET level = 'off'",
        "UPDATE sentinel_autonomysetting SET subject = ''",
        "UPDATE sentinel_autonomysetting SET limit_per_day = NULL, changed_at = '2020-01-01'",
        "DELETE FROM sentinel_autonomysetting",
        "INSERT INTO sentinel_autonomysetting SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(),"
        " 'segment', 'young', 'level', 'act_alone'))).* FROM sentinel_autonomysetting s",
        "INSERT INTO sentinel_autonomysetting SELECT * FROM sentinel_autonomysetting ON CONFLICT (id) DO UPDATE SET level = 'act_alone'",
        "MERGE INTO sentinel_autonomysetting s USING (SELECT 1) one ON true WHEN MATCHED THEN UPDATE SET level = 'act_alone'",
        "UPDATE sentinel_historicalautonomysetting SET level = 'off'",
        "DELETE FROM sentinel_historicalautonomysetting",
    ],
)
def test_no_statement_alone_frees_a_machine(statement: str) -> None:
    one = automation()
    assert any(words in refused(statement) for words in ("no decision sets", "not deleted", "permission denied"))
    assert one.leave().level is Level.SUGGEST


@pytest.mark.parametrize(
    "wrong", ["action", "automation", "level", "limits", "unsigned", "over", "not a permit", "another's", "upwards by lowering", "evidence"]
)
def test_a_decision_frees_a_machine_only_for_what_it_says(wrong: str) -> None:
    one = automation()
    up, ago = {"level": "act_with_approval", "limits": ""}, int((clock.now() - timedelta(hours=1)).timestamp())
    decision = {
        "action": lambda: decided("mandate.grant", one.key, up),
        "automation": lambda: a_raise("another/" + one.key),
        "level": lambda: a_raise(one.key, level="watch"),
        "limits": lambda: a_raise(one.key, limits="1.00:EUR:1:8-20"),
        "unsigned": lambda: used(written(ask(), token="forged")),
        "over": lambda: decided("autonomy.raise", one.key, up, exp=ago),
        "not a permit": lambda: decided("autonomy.raise", one.key, up, outcome="needs_approval"),
        "another's": lambda: decided("autonomy.raise", one.key, up, by="niamh"),
        "upwards by lowering": lambda: decided("autonomy.lower", one.key, up),
        "evidence": lambda: decided("autonomy.raise", one.key, up, iat=int((clock.now() + timedelta(hours=1)).timestamp())),
    }[wrong]()
    said = refused(SET, "act_with_approval", decision)
    assert any(words in said for words in ("no decision sets", "takes freedom away", "not signed by the bank"))
    assert one.leave().level is Level.SUGGEST


def test_a_raise_is_not_played_again_once_it_was_taken_back() -> None:
    one = automation()
    first = a_raise(one.key)
    run(SET, "act_with_approval", first)
    run(SET, "watch", decided("autonomy.lower", one.key, {"level": "watch"}))
    assert "no decision sets" in refused(SET, "act_with_approval", first)


def stopped(drill: bool = False) -> models.AutomationStop:
    scope, value = ("action", "automation.drill") if drill else ("everything", "")
    return models.AutomationStop.objects.create(
        scope=scope,
        value=value,
        reason="Now",
        drill=drill,
        stopped_by="x",
        stopped_by_name="x",
        stopped_at=clock.now(),
        stop_decision_id=uuid7(),
    )


LIFT = "UPDATE sentinel_automationstop SET lifted_at = now(), lifted_by = 'maeve', lift_decision_id = %s WHERE id = %s"


def test_stopping_takes_nothing_and_going_on_takes_what_was_decided() -> None:
    stop = stopped()
    assert ask(insights()).rules[0].id == "automation-stopped"
    for decision in (
        decided("automation.start", str(uuid7()), {}),
        decided("automation.stop", str(stop.pk), {}),
        decided("automation.start", str(stop.pk), {}, by="niamh"),
        decided("automation.start", str(stop.pk), {}, outcome="needs_approval"),
        decided("automation.start", str(stop.pk), {}, exp=int((clock.now() - timedelta(hours=1)).timestamp())),
        None,
    ):
        assert "no decision lifts" in refused(LIFT, decision, stop.pk)
    run(LIFT, decided("automation.start", str(stop.pk), {}), stop.pk)
    assert "no decision lifts" in refused("UPDATE sentinel_automationstop SET lifted_at = NULL")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sentinel_automationstop",
        "TRUNCATE sentinel_automationstop CASCADE",
        "UPDATE sentinel_automationstop SET drill = true",
        "UPDATE sentinel_automationstop SET scope = 'branch', value = 'nowhere'",
        "UPDATE sentinel_automationstop SET lifted_at = now()",
        "UPDATE sentinel_automationstop SET id = gen_random_uuid()",
        "INSERT INTO sentinel_automationstop SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(),"
        " 'scope', 'branch', 'value', 'galway', 'drill', true))).* FROM sentinel_automationstop s",
        "INSERT INTO sentinel_automationstop SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(),"
        " 'lifted_at', now()))).* FROM sentinel_automationstop s",
        "INSERT INTO sentinel_automationstop SELECT * FROM sentinel_automationstop ON CONFLICT (id) DO UPDATE SET lifted_at = now()",
    ],
)
def test_no_statement_alone_lets_machines_go_on(statement: str) -> None:
    stopped()
    assert any(words in refused(statement) for words in ("no decision lifts", "begins in force", "permission denied"))
    assert ask(insights()).rules[0].id == "automation-stopped"


# Anything at all


@dataclass(frozen=True, slots=True)
class Column:
    table: str
    name: str
    type: str


TABLES = (
    "sentinel_decision",
    "sentinel_consumption",
    "sentinel_approvalrequest",
    "sentinel_approvalanswer",
    "sentinel_approvaluse",
    "sentinel_approvalmessage",
    "sentinel_contextkey",
    "sentinel_erasing",
    "sentinel_redaction",
    "sentinel_logentry",
    "sentinel_lognode",
    "sentinel_checkpoint",
    "sentinel_loghorizon",
    "sentinel_policystep",
    "platform_publishedkey",
    "platform_domainevent",
    "sentinel_autonomysetting",
    "sentinel_historicalautonomysetting",
    "sentinel_automationstop",
)
CALLS = (
    "SELECT sentinel_redact({uuid}, 'sentinel_approvalrequest', 'note', ARRAY[{uuid}::text], {text})",
    "SELECT sentinel_redact({uuid}, 'sentinel_decision', 'token', ARRAY[{uuid}::text], {text})",
    "SELECT sentinel_before({uuid}, 'customers_party', ARRAY[{uuid}::text])",
    "SELECT sentinel_replace({uuid}, 'customers_sourcechunk', 'raw', {text}, '\\x00', {text})",
    "SELECT sentinel_erase_keys({uuid}, ARRAY['party-1', 'party-2'])",
    "SELECT sentinel_record(jsonb_build_array(jsonb_build_object('id', {uuid}, 'token', {text}, 'leaf_index', {number})))",
    "SELECT sentinel_next_leaf()",
    "SELECT setval('sentinel_log_place', {number})",
    "SELECT sentinel_permits_for_person({uuid}, {uuid}, ARRAY['role.grant'], NULL)",
    "SELECT set_config('bankos.redaction', pg_current_xact_id()::text, true)",
    "SELECT set_config('session_replication_role', 'replica', true)",
)
ids, texts, numbers = st.integers(0, 30), st.integers(0, 30), st.sampled_from([-7, -1, 0, 1, 5, 10**6])
step = st.one_of(
    st.tuples(st.just("update"), st.sampled_from(TABLES), ids, texts, numbers),
    st.tuples(st.just("delete"), st.sampled_from(TABLES), ids, texts, numbers),
    st.tuples(st.just("copy"), st.sampled_from(TABLES[:7]), ids, texts, numbers),
    st.tuples(st.just("copy"), st.sampled_from(TABLES), ids, texts, numbers),
    st.tuples(st.just("call"), st.sampled_from(CALLS), ids, texts, numbers),
)


def columns_of(table: str) -> list[Column]:
    rows = run(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        table,
    )
    return [Column(table, name, type) for name, type in rows]


def evidence() -> dict[str, set[str]]:
    return {
        table: {row for (row,) in run(f"SELECT to_jsonb(t)::text FROM {table} t")} for table in TABLES if table != "sentinel_loghorizon"
    }


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large])
@given(steps=st.lists(step, min_size=5, max_size=25))
def test_no_sequence_of_statements_changes_evidence_or_forges_an_agreement(
    tmp_path: Path, steps: list[tuple[str, str, int, int, int]]
) -> None:
    before = transaction.savepoint()
    one_sequence(tmp_path, steps)
    transaction.savepoint_rollback(before)


def one_sequence(folder: Path, steps: list[Step]) -> None:
    asker = staff()
    open_request = approvals.request(ask(asker, amount="5000.00"), at=clock.now(), note="House deposit")
    other = waiting_for("party-2")
    approvals.approve(other.pk, actor=lead(), at=clock.now(), note="Spoke with him")
    permit = ask(asker)
    consume(permit.token, **use_of(permit))
    machines.let(subject="insights.cashflow", action=TRANSFER, level=Level.SUGGEST, reason="New", at=clock.now())
    levels.lower(Automation("insights.cashflow", TRANSFER), Level.WATCH, actor=officer("maeve"), reason="Strange", at=clock.now())
    stops.stop(Scope.BRANCH, "galway", actor=officer("niamh"), reason="Wrong salaries", at=clock.now())
    transparency.integrate(at=clock.now())
    before = evidence()
    uuids = [row for (row,) in run("SELECT id FROM sentinel_decision UNION SELECT id FROM sentinel_approvalrequest ORDER BY 1")]
    words = [
        *(token for (token,) in run("SELECT token FROM sentinel_decision ORDER BY id")),
        "permit",
        "customer.erase",
        "forged",
        "party-1",
        "",
    ]

    for kind, what, id, text, number in steps:
        try:
            perform(kind, what, uuids[id % len(uuids)], words[text % len(words)], number, id + text)
        except DatabaseError:
            continue

    after = evidence()
    for table, rows in before.items():
        assert rows <= after[table], f"{table} is not what it was"
    for table in ("sentinel_redaction", "sentinel_autonomysetting"):
        assert after[table] == before[table]
    with pytest.raises(ApprovalNotValid):
        ask(asker, amount="5000.00", approval=open_request.id)
    transparency.integrate(at=clock.now())
    code, said = verified(folder)
    assert code == 0, said


def perform(kind: str, what: str, id: UUID, text: str, number: int, turn: int) -> None:
    if kind == "call":
        quoted = {"uuid": f"'{id}'::uuid", "text": "'" + text.replace("'", "''") + "'", "number": str(number)}
        run(what.format(**quoted).replace("%", "%%"))
        return
    if kind == "delete":
        run(f"DELETE FROM {what} WHERE ctid = (SELECT ctid FROM {what} OFFSET %s LIMIT 1)", turn % 3)
        return
    found = columns_of(what)
    values = {one.name: value_for(one, id, text, number) for one in found}
    if kind == "update":
        one = found[turn % len(found)]
        run(
            f'UPDATE {what} SET "{one.name}" = (jsonb_populate_record(NULL::{what}, %s))."{one.name}"',
            json.dumps({one.name: values[one.name]}),
        )
        return
    chosen = [one.name for place, one in enumerate(found) if (turn >> (place % 5)) & 1]
    copied: dict[str, Any] = {name: values[name] for name in chosen}
    if any(one.name == "id" and one.type == "uuid" for one in found):
        copied["id"] = str(uuid7())
    if "leaf_index" in values and number >= 0:
        copied["leaf_index"] = next_place()
    run(
        f"INSERT INTO {what} SELECT (jsonb_populate_record(t, %s)).* FROM (SELECT * FROM {what} OFFSET %s LIMIT 1) t",
        json.dumps(copied),
        turn % 4,
    )


def value_for(column: Column, id: UUID, text: str, number: int) -> Any:
    match column.type:
        case "uuid":
            return str(id)
        case "bigint" | "integer" | "smallint":
            return number
        case "boolean":
            return number > 0
        case "timestamp with time zone":
            return (clock.now() + timedelta(days=number % 400)).isoformat()
        case "bytea":
            return "\\x00"
        case "jsonb":
            return []
        case type if type.endswith("[]"):
            return []
        case _:
            return text[:20] if column.name != "token" else text


def test_erasure_is_reached_through_the_face() -> None:
    """The guards above are not merely closed: what two people agreed to goes through."""
    mine = waiting_for(ONE)
    assert erasure.ERASED
    done = erased(ONE)
    assert done.done
    assert models.ApprovalRequest.objects.get(pk=mine.pk).note == ""
    assert models.Redaction.objects.filter(decision_id=done.decision.id).exists()
    assert not models.ContextKey.objects.filter(subject_id=ONE, erased_at=None).exists()
