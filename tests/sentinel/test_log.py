import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from bankos.platform import clock
from bankos.platform.ids import uuid7
from sentinel import actions, approvals, decisions, erasure, merkle, models, notes, policy, transparency, verify
from sentinel.authority import Decision, Outcome, Question, authorize_many, consume
from sentinel.transparency import Presence, Selection
from sentinel.verification import Check

from .desk import TRANSFER, ask, compliance, forget, lead, parameters, party, staff, use_of
from .policy_life import officer
from .texts import EXAMPLES, POLICIES, SCHEMA

# What goes wrong in a thread goes wrong.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
PastTheGuards = Callable[[], AbstractContextManager[None]]
VERIFY = Path(decisions.__file__).with_name("verify.py")


def in_force(past_the_guards: PastTheGuards) -> None:
    """The starting set in force by nobody's decision, which only the owner can do: the log begins with what a test decides."""
    models.PolicyStore.objects.get_or_create(name=policy.BANK, defaults={"title": "The bank", "created_at": clock.now()})
    drafted = policy.draft(policies=POLICIES, schema=SCHEMA, examples=EXAMPLES, note="", at=clock.now())
    change(past_the_guards, "UPDATE sentinel_policyversion SET state = 'active', activated_at = now() WHERE id = %s", drafted.pk)


@pytest.fixture
def log(db: None, bank_actions: None, past_the_guards: PastTheGuards) -> None:
    """A log that holds all that was decided before this test, most of it void because other tests were rolled back."""
    in_force(past_the_guards)
    taken_up()


@pytest.fixture
def fresh_log(transactional_db: None, bank_actions: None, past_the_guards: PastTheGuards) -> None:
    """An empty log, for tests that commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("ALTER SEQUENCE sentinel_log_place RESTART")
        cursor.execute("SET ROLE bankos_app")
    in_force(past_the_guards)
    taken_up()


def taken_up() -> int:
    return transparency.integrate(at=clock.now())


def used(decision: Decision) -> Decision:
    consume(decision.token, **use_of(decision))
    return decision


def log_check(decision: Decision) -> Check:
    found = decisions.verify(decision.id, actor=compliance()).checks
    return next(check for check in found if check.name == "log")


def place_of(decision: Decision) -> int:
    return models.Decision.objects.values_list("leaf_index", flat=True).get(pk=decision.id)


def change(past_the_guards: PastTheGuards, statement: str, *values: Any) -> None:
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def verified(bundle: Path) -> tuple[int, str]:
    """What the auditor's program says: its exit code and its words."""
    run = subprocess.run([sys.executable, str(VERIFY), str(bundle)], capture_output=True, text=True, timeout=60, check=False)
    return run.returncode, run.stdout + run.stderr


def exported(folder: Path, **chosen: Any) -> tuple[transparency.Exported, int, str]:
    bundle = folder / "bundle.jsonl"
    done = transparency.export(bundle, actor=compliance(), **chosen)
    return (done, *verified(bundle))


# Taking up


@pytest.mark.usefixtures("log")
def test_what_was_decided_and_used_is_taken_up_in_the_order_of_its_places() -> None:
    size = transparency.status().size
    decision = used(ask())

    assert taken_up() == 2

    entries = models.LogEntry.objects.filter(index__gte=size).order_by("index").values_list("index", "kind", "subject_id")
    assert list(entries) == [(size, "decision", decision.id), (size + 1, "consumption", decision.id)]
    assert bytes(models.LogEntry.objects.get(pk=size).leaf_hash) == merkle.leaf_hash(decision.token.encode())


@pytest.mark.usefixtures("log")
def test_taking_up_twice_changes_nothing() -> None:
    ask()
    taken_up()
    before = models.Checkpoint.objects.count()

    assert taken_up() == 0
    assert models.Checkpoint.objects.count() == before


@pytest.mark.usefixtures("log")
def test_a_checkpoint_signs_the_root_over_all_entries() -> None:
    for _ in range(5):
        ask()
    taken_up()

    last = transparency.status().last_checkpoint
    assert last is not None
    assert last.root == merkle.root(bytes(hash) for hash in models.LogEntry.objects.order_by("index").values_list("leaf_hash", flat=True))
    assert last.holds
    said = notes.parse_checkpoint(notes.parse_note(last.note).text)
    assert (said.origin, said.size) == ("bankos.sentinel/meridian-bank", models.LogEntry.objects.count())


@pytest.mark.usefixtures("log")
def test_a_log_keeps_its_name_when_the_bank_changes_its_own(settings: Any) -> None:
    ask()
    taken_up()
    settings.BANK_NAME = "Another Name"
    ask()
    taken_up()

    assert transparency.status().last_checkpoint.note.startswith("bankos.sentinel/meridian-bank\n")


@pytest.mark.usefixtures("log")
def test_each_checkpoint_shows_that_it_continues_the_one_before() -> None:
    made = []
    for count in (1, 3, 2, 7):
        for _ in range(count):
            ask()
        taken_up()
        made.append(transparency.status().last_checkpoint)

    for first, second in pairwise(made):
        proof = transparency.consistency_of(first.size, second.size)
        assert merkle.verify_consistency(first.size, second.size, first.root, second.root, proof.hashes)


@pytest.mark.usefixtures("log")
def test_the_checkpoint_of_a_moment_is_the_latest_of_that_moment() -> None:
    ask()
    then = clock.now()
    transparency.integrate(at=then)
    ask()
    transparency.integrate(at=then + timedelta(hours=1))

    assert transparency.checkpoint(then + timedelta(minutes=59)).created_at == then
    assert transparency.checkpoint(then + timedelta(hours=1)).size == transparency.checkpoint(then).size + 1
    assert transparency.checkpoint(then - timedelta(days=365)) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh_log")
def test_many_are_taken_up_in_transactions_of_a_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentinel.transparency.integrator.LEAVES_A_TRANSACTION", 7)
    question = Question(staff(), TRANSFER, party(), parameters(TRANSFER))
    authorize_many([question] * 40, at=clock.now())

    assert taken_up() == 40
    assert transparency.status().last_checkpoint.root == merkle.root(
        bytes(hash) for hash in models.LogEntry.objects.order_by("index").values_list("leaf_hash", flat=True)
    )
    assert models.LogNode.objects.count() == sum(40 >> level for level in range(1, 6))


# Places that may still be filled


def in_a_thread(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


class OpenTransaction:
    """A writer that has decided, and has not committed yet."""

    def __init__(self) -> None:
        self._decided, self._end = threading.Event(), threading.Event()
        self._commits = True
        self._thread = in_a_thread(self._work)
        assert self._decided.wait(timeout=20)

    def _work(self) -> None:
        with transaction.atomic():
            # The first decision about a customer makes a key, for which others about the same one wait.
            self.decision = ask(resource=party(str(uuid7())))
            self._decided.set()
            assert self._end.wait(timeout=20)
            transaction.set_rollback(not self._commits)

    def end(self, *, commit: bool) -> None:
        self._commits = commit
        self._end.set()
        self._thread.join(timeout=20)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh_log")
def test_a_place_is_waited_for_until_its_transaction_has_committed() -> None:
    before = ask()
    writer = OpenTransaction()
    after = ask()

    assert taken_up() == 1
    assert taken_up() == 0
    assert log_check(before).detail.startswith("entry 0; 1 entries signed")
    assert log_check(after).sentence == "The log takes it up with its next checkpoint, usually within 10 seconds."
    assert transparency.status().waiting == 2

    writer.end(commit=True)
    assert taken_up() == 2
    assert list(models.LogEntry.objects.order_by("index").values_list("subject_id", flat=True)) == [before.id, writer.decision.id, after.id]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh_log")
def test_a_place_whose_transaction_was_rolled_back_is_void() -> None:
    writer = OpenTransaction()
    after = ask()
    assert taken_up() == 0

    writer.end(commit=False)

    assert taken_up() == 2
    assert list(models.LogEntry.objects.order_by("index").values_list("kind", "subject_id")) == [("void", None), ("decision", after.id)]
    assert bytes(models.LogEntry.objects.get(pk=0).leaf_hash) == merkle.leaf_hash(b'{"index":0,"type":"void"}')


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh_log")
def test_a_place_is_never_void_while_an_older_transaction_is_open_however_often_one_looks() -> None:
    """The writer's number is larger than that of every transaction that has ended, which a snapshot's bounds do not tell apart."""
    writer = OpenTransaction()
    for _ in range(3):
        assert taken_up() == 0

    with transaction.atomic():
        ask()
        transaction.set_rollback(True)
    for _ in range(3):
        assert taken_up() == 0

    writer.end(commit=True)
    assert taken_up() == 2
    assert list(models.LogEntry.objects.order_by("index").values_list("kind", flat=True)) == ["decision", "void"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh_log")
def test_a_void_place_is_not_kept_waiting_by_transactions_that_began_later() -> None:
    first = OpenTransaction()
    assert taken_up() == 0
    second = OpenTransaction()
    assert taken_up() == 0

    first.end(commit=False)

    assert taken_up() == 1
    second.end(commit=True)
    assert taken_up() == 1
    assert list(models.LogEntry.objects.order_by("index").values_list("kind", flat=True)) == ["void", "decision"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh_log")
def test_a_savepoint_that_was_rolled_back_leaves_its_place_void_and_no_more() -> None:
    with transaction.atomic():
        first = ask()
        try:
            with transaction.atomic():
                ask()
                raise LookupError
        except LookupError:
            last = ask()

    assert taken_up() == 3
    assert list(models.LogEntry.objects.order_by("index").values_list("subject_id", flat=True)) == [first.id, None, last.id]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh_log")
def test_an_integrator_never_runs_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        taken_up()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh_log")
def test_of_writers_and_integrators_all_at_once_each_decision_gets_exactly_its_own_entry(tmp_path: Path) -> None:
    done = threading.Event()

    def write(n: int) -> None:
        for turn in range(12):
            with transaction.atomic():
                decision = ask()
                if turn % 3:
                    used(decision)
                transaction.set_rollback((turn + n) % 4 == 0)

    def integrate() -> None:
        while not done.is_set():
            taken_up()

    writers = [in_a_thread(lambda n=n: write(n)) for n in range(4)]
    integrators = [in_a_thread(integrate) for _ in range(2)]
    for thread in writers:
        thread.join(timeout=120)
    done.set()
    for thread in integrators:
        thread.join(timeout=60)
    taken_up()

    assert transparency.status().waiting == 0
    logged = dict(models.LogEntry.objects.filter(kind="decision").values_list("subject_id", "index"))
    assert logged == dict(models.Decision.objects.values_list("id", "leaf_index"))
    assert len(logged) == 36
    assert models.LogEntry.objects.filter(kind="consumption").count() == models.Consumption.objects.count() == 24
    for chosen in (Selection(), Selection(until=clock.now())):
        done, code, words = exported(tmp_path, selection=chosen)
        assert (code, done.damage) == (0, []), words


# Append-only


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("table", ["sentinel_logentry", "sentinel_lognode", "sentinel_checkpoint"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("role", ["bankos_app", "NONE"], ids=["the application", "the owner"])
def test_the_log_cannot_be_changed(table: str, statement: str, role: str) -> None:
    ask(), ask()
    taken_up()
    column = "size" if table.endswith("checkpoint") else "index"
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
            cursor.execute(statement.format(table, column, column))
        cursor.execute("SET LOCAL ROLE bankos_app")


# What verification finds


@pytest.mark.usefixtures("log")
def test_a_decision_that_was_taken_up_and_used_is_shown_to_be_in_the_log() -> None:
    decision = used(ask())
    taken_up()

    check = log_check(decision)

    assert (check.ok, check.sentence) == (True, "It is in the signed log at its place: nothing was removed before or after it.")
    assert decisions.verify_token(decision.token).ok


@pytest.mark.usefixtures("log")
def test_a_use_that_came_later_does_not_make_a_decision_wait_again() -> None:
    decision = ask()
    taken_up()
    used(decision)

    assert log_check(decision).sentence.startswith("It is in the signed log")


TAMPERING: dict[str, tuple[str, str]] = {
    "the token": ("UPDATE sentinel_decision SET token = left(token, -4) || 'AAAA' WHERE id = %(id)s", "The log holds something else"),
    "the place": ("UPDATE sentinel_decision SET leaf_index = 1000000 WHERE id = %(id)s", "Its token was made for another place"),
    "the moment of its use": (
        "UPDATE sentinel_consumption SET consumed_at = consumed_at + interval '1 microsecond' WHERE decision_id = %(id)s",
        "The record of its use is not",
    ),
    "the id of its use": (
        "UPDATE sentinel_consumption SET id = gen_random_uuid() WHERE decision_id = %(id)s",
        "The record of its use is not",
    ),
    "the place of its use": (
        "UPDATE sentinel_consumption SET leaf_index = 1000000 WHERE decision_id = %(id)s",
        "The record of its use is not",
    ),
    "its use is gone": ("DELETE FROM sentinel_consumption WHERE decision_id = %(id)s", "The log holds a use of it"),
    "its entry is gone": ("DELETE FROM sentinel_logentry WHERE index = %(place)s", "The log holds something else"),
    "its entry is of another": (
        "UPDATE sentinel_logentry SET subject_id = %(other)s WHERE index = %(place)s",
        "The log holds something else",
    ),
    "a hash above it": (
        "UPDATE sentinel_lognode SET hash = sha256(hash) WHERE level = 1 AND index = (%(place)s / 2) # 1",
        "The log itself is not what the bank signed",
    ),
    "a hash is gone": ("DELETE FROM sentinel_lognode", "The log itself is not what the bank signed"),
    "the entry and its hash, consistently": (
        "UPDATE sentinel_decision SET token = left(token, -4) || 'AAAA' WHERE id = %(id)s;"
        "UPDATE sentinel_logentry SET leaf_hash = (SELECT sha256('\\x00'::bytea || token::bytea) FROM sentinel_decision WHERE id = %(id)s)"
        " WHERE index = %(place)s",
        "The log itself is not what the bank signed",
    ),
    "the root": ("UPDATE sentinel_checkpoint SET root = sha256(root)", "The log itself is not what the bank signed"),
    "the note": ("UPDATE sentinel_checkpoint SET note = replace(note, 'meridian', 'other')", "The log itself is not what the bank signed"),
}


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("tampering", TAMPERING)
def test_whatever_is_changed_past_the_guards_is_found_at_the_decision(past_the_guards: PastTheGuards, tampering: str) -> None:
    decisions_made = [used(ask()) for _ in range(4)]
    decision, other = decisions_made[1], decisions_made[2]
    taken_up()
    statement, sentence = TAMPERING[tampering]
    with past_the_guards(), connection.cursor() as cursor:
        for one in statement.split(";"):
            cursor.execute(one, {"id": decision.id, "other": other.id, "place": place_of(decision)})

    check = log_check(decision)

    assert not check.ok
    assert check.sentence.startswith(sentence)


@pytest.mark.usefixtures("log")
def test_two_decisions_that_changed_places_are_both_found(past_the_guards: PastTheGuards) -> None:
    first, second = ask(), ask()
    taken_up()
    swapped(past_the_guards, first, second)

    assert not log_check(first).ok
    assert not log_check(second).ok


def swapped(past_the_guards: PastTheGuards, first: Decision, second: Decision) -> None:
    places = place_of(first), place_of(second)
    for id, place in ((first.id, 1_000_000), (second.id, places[0]), (first.id, places[1])):
        change(past_the_guards, "UPDATE sentinel_decision SET leaf_index = %s WHERE id = %s", place, id)


def slipped_in(past_the_guards: PastTheGuards, like: Decision, place: int) -> Any:
    """A copy of a decision at another place, with a token the bank's key signed for that place: the key alone is not enough."""
    from sentinel.tokens import read, sign

    id = uuid7()
    token = sign({**read(like.token), "jti": str(id), "log": {"index": place}})
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sentinel_decision SELECT (jsonb_populate_record(d, %s)).* FROM sentinel_decision d WHERE id = %s",
            [f'{{"id": "{id}", "leaf_index": {place}, "token": "{token}"}}', like.id],
        )
    return id


@pytest.mark.usefixtures("log")
def test_a_decision_slipped_in_later_is_found_at_the_decision(past_the_guards: PastTheGuards) -> None:
    decision, place = with_a_void_place()

    stranger = slipped_in(past_the_guards, decision, place)

    check = next(check for check in decisions.verify(stranger, actor=compliance()).checks if check.name == "log")
    assert (check.ok, check.sentence) == (False, "The log holds something else at its place.")
    assert log_check(decision).ok


def with_a_void_place() -> tuple[Decision, int]:
    decision = ask()
    with transaction.atomic():
        place = place_of(ask())
        transaction.set_rollback(True)
    ask()
    taken_up()
    return decision, place


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sentinel_lognode SET hash = sha256(hash)",
        "UPDATE sentinel_logentry SET leaf_hash = sha256(leaf_hash)",
        "UPDATE sentinel_checkpoint SET root = sha256(root)",
        "UPDATE sentinel_checkpoint SET note = replace(note, 'meridian', 'other')",
        "DELETE FROM sentinel_logentry WHERE index = (SELECT max(index) FROM sentinel_logentry)",
    ],
)
def test_nothing_more_is_signed_over_a_log_that_is_not_what_was_signed(past_the_guards: PastTheGuards, statement: str) -> None:
    for _ in range(5):
        ask()
    taken_up()
    last = models.Checkpoint.objects.latest("size").size
    change(past_the_guards, statement)

    ask()
    with pytest.raises(transparency.LogDamaged):
        taken_up()

    assert models.Checkpoint.objects.latest("size").size == last


# Bundles


@pytest.mark.usefixtures("log")
def test_a_bundle_of_the_whole_log_verifies(tmp_path: Path) -> None:
    for _ in range(3):
        used(ask())
        taken_up()

    done, code, words = exported(tmp_path)

    assert code == 0, words
    assert done.entries == done.size == transparency.status().size
    assert done.damage == []
    assert f"{done.size:,} entries, rebuilt from all entries" in words
    assert "uses         3, each of a permit, in time, once" in words


@pytest.mark.usefixtures("log")
def test_a_second_person_s_word_is_followed_from_the_permit_to_the_request(tmp_path: Path) -> None:
    asker = staff()
    waiting = approvals.request(ask(asker, amount="5000.00"), at=clock.now())
    approvals.approve(waiting.id, actor=lead(), at=clock.now())
    permit = ask(asker, amount="5000.00", approval=waiting.id)
    assert permit.outcome is Outcome.PERMIT
    taken_up()

    for chosen in (Selection(), Selection(decisions=(permit.id,))):
        transparency.export(tmp_path / "bundle.jsonl", actor=compliance(), selection=chosen)
        report = verify.verify(verify.BundleFile(tmp_path / "bundle.jsonl"))
        assert report.faults == []
        assert (report.approved, report.approved_outside, report.consumptions_outside) == (1, 0, 0)


@pytest.mark.usefixtures("log")
def test_a_bundle_of_some_decisions_brings_their_use_and_nothing_else(tmp_path: Path) -> None:
    wanted, other = used(ask()), used(ask())
    taken_up()
    ask()
    taken_up()

    done, code, words = exported(tmp_path, selection=Selection(decisions=(wanted.id,)))

    assert code == 0, words
    assert done.entries == 2
    assert "checkpoints  2, all signed, each continuing the one before" in words
    assert str(other.id) not in (tmp_path / "bundle.jsonl").read_text()


@pytest.mark.usefixtures("log")
def test_a_bundle_of_a_period_holds_the_decisions_made_in_it(tmp_path: Path) -> None:
    now = clock.now()
    early, late = ask(at=now - timedelta(minutes=3)), ask(at=now)
    taken_up()

    for since, until, expected in (
        (now - timedelta(minutes=3), now, 1),
        (now - timedelta(minutes=3), None, 2),
        (None, now - timedelta(minutes=3), 0),
        (now, now + timedelta(minutes=1), 1),
    ):
        done, code, words = exported(tmp_path, selection=Selection(since=since, until=until))
        assert (code, done.entries) == (0, expected), words
    assert late.token in (tmp_path / "bundle.jsonl").read_text()
    assert early.token not in (tmp_path / "bundle.jsonl").read_text()


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("entries_at_once", [1, 2, 3, 1000])
def test_a_bundle_is_the_same_however_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries_at_once: int) -> None:
    made = tuple(used(ask()).id for _ in range(3))
    taken_up()
    whole, some = (list(transparency.lines(actor=compliance(), selection=chosen)) for chosen in (Selection(), Selection(decisions=made)))
    monkeypatch.setattr("sentinel.transparency.exports.ENTRIES_AT_ONCE", entries_at_once)

    assert list(transparency.lines(actor=compliance())) == whole
    assert list(transparency.lines(actor=compliance(), selection=Selection(decisions=made))) == some


@pytest.mark.usefixtures("log")
def test_contexts_come_along_when_asked_for_with_the_decision_that_erased_them(tmp_path: Path) -> None:
    customer = uuid7()
    kept, gone = ask(), ask(resource=party(str(customer)))
    taken_up()
    asked = erasure.erase(customer, actor=officer("maeve"), reason="Asked for", at=clock.now())
    assert asked.request_id is not None
    done = actions.approve(asked.request_id, actor=officer("niamh"), at=clock.now())

    chosen = Selection(decisions=(kept.id, gone.id))
    early, _, words = exported(tmp_path, selection=chosen, with_context=True)
    assert early.entries == 2, "the decision to erase is not signed yet: nobody could look it up"
    assert "contexts     1 as their decisions say, 0 erased by decisions about their customers, 1 not included" in words
    taken_up()

    late, code, words = exported(tmp_path, selection=chosen, with_context=True)
    assert code == 0, words
    # With the decision that erased it come its use, its second person's answer with its use, and what was asked; all of them are gone, too.
    assert late.entries == 7
    assert "contexts     1 as their decisions say, 4 erased by decisions about their customers, 0 not included" in words
    assert "agreements   1," in words
    assert str(done.decision.id) in (tmp_path / "bundle.jsonl").read_text()
    assert "0 erased by decisions about their customers, 2 not included" in exported(tmp_path, selection=chosen)[2]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("by", ["no decision", "no erasing", "another customer's"])
def test_a_context_that_was_destroyed_without_a_decision_to_erase_this_customer_is_named(tmp_path: Path, by: str) -> None:
    kept, other = ask(), uuid7()
    ask(resource=party(str(other)))
    asked = erasure.erase(other, actor=officer("maeve"), reason="Asked for", at=clock.now())
    assert asked.request_id is not None
    done = actions.approve(asked.request_id, actor=officer("niamh"), at=clock.now())
    wrong = {"no decision": uuid7(), "no erasing": kept.id, "another customer's": done.decision.id}[by]
    said = {"no decision": "is not in", "no erasing": "permits no erasing", "another customer's": "is about another customer"}[by]
    forget(("Party", "party-1"), decision_id=wrong)
    taken_up()

    for chosen in (Selection(), Selection(decisions=(kept.id,))):
        _, code, words = exported(tmp_path, selection=chosen, with_context=True)
        assert code == 1
        assert said in words


@pytest.mark.usefixtures("log")
def test_a_context_that_was_changed_is_named_by_the_export(tmp_path: Path, past_the_guards: PastTheGuards) -> None:
    decision = ask()
    taken_up()
    change(past_the_guards, "UPDATE sentinel_decision SET context_cipher = '' WHERE id = %s", decision.id)

    [damage] = exported(tmp_path, with_context=True)[0].damage

    assert (damage.decision_id, damage.sentence) == (decision.id, "What it rested on is not what was encrypted for it.")


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("is_whole", [True, False], ids=["the whole log", "this decision"])
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE sentinel_decision SET token = left(token, -4) || 'AAAA' WHERE id = %s", "Its record is not what the log holds."),
        ("DELETE FROM sentinel_decision WHERE id = %s", "Its record is gone."),
        ("DELETE FROM sentinel_consumption WHERE decision_id = %s", "Its record is gone."),
        (
            "UPDATE sentinel_consumption SET consumed_at = consumed_at - interval '1 s' WHERE decision_id = %s",
            "Its record is not what the log holds.",
        ),
    ],
    ids=["decision changed", "decision gone", "use gone", "use changed"],
)
def test_a_bundle_of_a_changed_record_names_it_and_does_not_verify(
    tmp_path: Path, past_the_guards: PastTheGuards, statement: str, sentence: str, is_whole: bool
) -> None:
    ask()
    about_its_use = "consumption" in statement
    decision = used(ask()) if about_its_use else ask()
    place = place_of(decision) + about_its_use
    taken_up()
    change(past_the_guards, statement, decision.id)

    done, code, words = exported(tmp_path, selection=Selection() if is_whole else Selection(decisions=(decision.id,)))

    assert [(damage.index, damage.decision_id, damage.sentence) for damage in done.damage] == [(place, decision.id, sentence)]
    assert code == 1
    assert f"entry {place}: its hash is not the one the log holds" in words


@pytest.mark.usefixtures("log")
def test_a_bundle_names_records_that_changed_places(tmp_path: Path, past_the_guards: PastTheGuards) -> None:
    first, second = ask(), ask()
    place = place_of(first)
    taken_up()
    swapped(past_the_guards, first, second)

    done, code, words = exported(tmp_path)

    assert [damage.index for damage in done.damage] == [place, place + 1]
    assert (code, f"entry {place}: " in words) == (1, True)


@pytest.mark.usefixtures("log")
def test_a_bundle_names_a_record_that_was_slipped_in(tmp_path: Path, past_the_guards: PastTheGuards) -> None:
    decision, place = with_a_void_place()
    stranger = slipped_in(past_the_guards, decision, place)

    done, code, words = exported(tmp_path)

    assert [str(damage) for damage in done.damage] == [f"Entry {place}, decision {stranger}: Its record was slipped in."]
    assert (code, f"entry {place}: its hash is not the one the log holds" in words) == (1, True)


@pytest.mark.usefixtures("log")
def test_only_who_oversees_takes_decisions_out_of_the_bank(tmp_path: Path) -> None:
    ask()
    taken_up()

    for actor in (staff(), lead()):
        with pytest.raises(transparency.MayNotExport):
            transparency.export(tmp_path / "bundle.jsonl", actor=actor)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("log")
def test_what_is_not_signed_yet_is_not_exported(tmp_path: Path) -> None:
    taken_up()
    waiting = ask()

    for missing in (waiting.id, uuid7()):
        with pytest.raises(transparency.NotInTheLog, match=str(missing)):
            transparency.export(tmp_path / "bundle.jsonl", actor=compliance(), selection=Selection(decisions=(missing,)))


@pytest.mark.usefixtures("log")
def test_the_command_writes_a_bundle_and_says_how_far_the_log_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decision = ask()
    taken_up()
    bundle = tmp_path / "bundle.jsonl.gz"

    call_command("log", "export", str(bundle), "--decisions", str(decision.id), "--with-context")
    call_command("log", "status")

    size = transparency.status().size
    assert f"1 of {size:,} entries in {bundle}." in (said := capsys.readouterr().out)
    assert f"{size:,} entries, 0 waiting." in said
    assert "— bankos.sentinel/meridian-bank " in said
    code, words = verified(bundle)
    assert code == 0, words


@pytest.mark.usefixtures("log")
def test_the_command_fails_and_names_the_entry_when_a_record_is_not_what_the_log_holds(
    tmp_path: Path, past_the_guards: PastTheGuards
) -> None:
    decision = ask()
    place = place_of(decision)
    taken_up()
    change(past_the_guards, "DELETE FROM sentinel_decision WHERE id = %s", decision.id)

    with pytest.raises(CommandError, match=f"Entry {place}, decision {decision.id}: Its record is gone."):
        call_command("log", "export", str(tmp_path / "bundle.jsonl"))


# For anybody


@pytest.mark.usefixtures("log")
def test_anybody_reads_the_checkpoint_and_proofs_and_can_follow_them() -> None:
    anybody = Client()
    decision = ask()
    place = place_of(decision)
    taken_up()
    then = anybody.get("/log/checkpoint").content.decode()
    ask()
    taken_up()

    proof = anybody.get(f"/log/proof/{place}/").json()
    first, second = (notes.parse_checkpoint(notes.parse_note(note).text) for note in (then, proof["checkpoint"]))
    assert merkle.verify_inclusion(
        merkle.leaf_hash(decision.token.encode()), place, second.size, [b64decode(step) for step in proof["proof"]], second.root
    )
    continued = anybody.get(f"/log/consistency/{first.size}/{second.size}/").json()
    steps = [b64decode(step) for step in continued["proof"]]
    assert merkle.verify_consistency(first.size, second.size, first.root, second.root, steps)


@pytest.mark.usefixtures("log")
def test_what_the_log_does_not_hold_is_not_found() -> None:
    taken_up()
    size = transparency.status().size

    for address in (f"/log/proof/{size}/", f"/log/consistency/{size}/{size + 1}/", "/log/consistency/1/0/", f"/log/proof/{2**64}/"):
        assert Client().get(address).status_code == 404, address
    assert Client().post("/log/checkpoint").status_code == 405


@pytest.mark.django_db
def test_without_a_checkpoint_there_is_none() -> None:
    assert Client().get("/log/checkpoint").status_code == 404
    assert transparency.status().last_checkpoint is None


def test_every_answer_of_the_log_has_its_sentence() -> None:
    from sentinel.verification import _IN_THE_LOG

    assert _IN_THE_LOG.keys() == set(Presence)
