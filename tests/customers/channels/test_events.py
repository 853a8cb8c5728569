"""Events in: whatever form they have, whoever they are about, however often and in whatever order they come."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform import actors, clock, events
from customers import state, timeline
from customers.channels.events import applying
from customers.ingestion import open_rejects, rerun
from customers.ingestion.feeds.channels import kind_of
from customers.models import EventArrival, EventKind, EventPost, PartyIdentifier, Signal, SourceFile, TouchedParty, WaitingArrival
from tests.bank import Bank, Customer

from .conftest import Deploy, Program

CLOUD, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


@pytest.fixture
def app(deploy: Deploy) -> Program:
    return deploy(name="app")


def cloud(**said: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": "e-1", "source": "/app", "type": "bank.app.travel_notice",
        "time": "2026-11-20T09:12:00Z", "data": {"country": "PT", "campaign": "autumn"}, **said,
    }  # fmt: skip


def track(**said: Any) -> dict[str, Any]:
    return {
        "type": "track", "event": "Travel Notice", "messageId": "m-1", "timestamp": "2026-11-20T09:12:00Z",
        "properties": {"country": "PT"}, "context": {"campaign": {"name": "autumn"}}, **said,
    }  # fmt: skip


def send(app: Program, body: Any, content_type: str = "application/json", **headers: str) -> Any:
    answer = app.post("events/", body, Content_Type=content_type, **headers)
    assert answer.status_code == 202, answer.content
    return [one["status"] for one in answer.json()["events"]]


def signals_of(customer: Customer) -> list[Any]:
    ours = actors.system("test")
    return list(timeline.entries_of(customer.id, actor=ours, kinds=["signal"]).entries)


def test_a_cloud_event_is_in_the_state_when_it_is_answered(app: Program, ines: Customer) -> None:
    version = state.state_of(ines.id, actor=actors.system("test"), at=clock.now()).version
    assert send(app, cloud(subject=ines.email), CLOUD) == ["accepted"]

    [entry] = signals_of(ines)
    assert (entry.title, entry.source) == ("Travel notice", "Digital channels")
    kept = Signal.objects.get(party__golden=ines.id)
    assert (kept.channel, kept.campaign, kept.details) == ("app", "autumn", {"country": "PT"})
    assert state.state_of(ines.id, actor=actors.system("test"), at=clock.now()).version == version + 1


def test_every_form_means_the_same(app: Program, ines: Customer) -> None:
    binary = {"Ce-Specversion": "1.0", "Ce-Id": "b-1", "Ce-Source": "/app", "Ce-Type": "bank.travel_notice", "Ce-Subject": str(ines.id),
              "Ce-Time": "2026-11-20T09:12:00Z"}  # fmt: skip
    answer = app.ask("post", "events/", {"country": "PT", "campaign": "autumn"}, **{k.replace("-", "_"): v for k, v in binary.items()})
    assert answer.status_code == 202
    assert send(app, cloud(subject=str(ines.id)), CLOUD) == ["accepted"]
    assert send(app, [cloud(id="e-2", subject=ines.email)], BATCH) == ["accepted"]
    assert send(app, track(context={"traits": {"email": ines.email.upper()}, "campaign": {"name": "autumn"}})) == ["accepted"]
    assert send(app, {"batch": [track(messageId="m-2", traits={"email": ines.email})]}) == ["accepted"]

    told = Signal.objects.filter(party__golden=ines.id).values_list("kind", "channel", "campaign", "details", "occurred_at").distinct()
    assert Signal.objects.filter(party__golden=ines.id).count() == 5
    assert len(told) == 1


def test_what_came_is_kept_byte_by_byte_and_cannot_be_changed(app: Program, ines: Customer) -> None:
    body = json.dumps(cloud(subject=ines.email), indent=3).encode()
    app.post("events/", body, Content_Type=CLOUD)
    post = EventPost.objects.get()
    assert zlib.decompress(post.body) == body
    with pytest.raises(Exception, match=r"permission denied|append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE customers_eventpost SET body = ''")


def test_the_same_event_counts_once_and_another_of_its_name_is_told(app: Program, ines: Customer) -> None:
    first = cloud(subject=ines.email)
    assert send(app, first, CLOUD) == ["accepted"]
    assert send(app, [first, cloud(subject=ines.email, type="bank.card_frozen"), first], BATCH) == ["duplicate", "conflict", "duplicate"]
    assert [one.title for one in signals_of(ines)] == ["Travel notice"]


def test_a_request_with_a_key_counts_once(app: Program, ines: Customer) -> None:
    nameless = {name: value for name, value in cloud(subject=ines.email).items() if name not in ("id", "time")}
    first = app.post("events/", nameless, Content_Type=CLOUD, Idempotency_Key="k-1")
    again = app.post("events/", nameless, Content_Type=CLOUD, Idempotency_Key="k-1")
    assert (first.status_code, again.json()) == (202, first.json())
    other = app.post("events/", cloud(subject=ines.email), Content_Type=CLOUD, Idempotency_Key="k-1")
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    assert EventPost.objects.count() == Signal.objects.count() == 1
    assert send(app, nameless, CLOUD) == ["accepted"]  # without one nobody can tell


def test_an_identify_ties_the_channels_own_ids_to_a_customer(app: Program, ines: Customer) -> None:
    early = [track(messageId="m-1", userId="u-7"), track(messageId="m-2", anonymousId="a-9")]
    assert send(app, {"batch": early}) == ["accepted", "accepted"]
    assert signals_of(ines) == []
    assert {one.code for one in open_rejects("digital")} == {"unknown_login"}

    identify = {"type": "identify", "messageId": "m-3", "userId": "u-7", "anonymousId": "a-9", "traits": {"email": ines.email}}
    assert send(app, identify) == ["accepted"]
    events.drain("customers.waiting_events")
    assert len(signals_of(ines)) == 2
    assert list(open_rejects("digital")) == []
    assert send(app, track(messageId="m-4", userId="u-7")) == ["accepted"]
    assert len(signals_of(ines)) == 3


def test_an_event_waits_for_its_customer(bank: Bank, app: Program) -> None:
    assert send(app, cloud(subject="Fiona@Example.org"), CLOUD) == ["accepted"]
    [waits] = open_rejects("digital")
    assert waits.code == "unknown_login"
    fiona = bank.customer("Fiona Walsh", email="fiona@example.org")
    bank.deliver()
    events.drain("customers.waiting_events")
    assert [one.title for one in signals_of(fiona)] == ["Travel notice"]


def test_of_two_customers_with_one_address_nobody_is_guessed(bank: Bank, app: Program) -> None:
    bank.customer("Fiona Walsh", email="home@example.org")
    bank.customer("Peter Walsh", email="home@example.org", born=None)
    bank.deliver()
    send(app, cloud(subject="home@example.org"), CLOUD)
    [waits] = open_rejects("digital")
    assert waits.code == "shared_email"


def test_an_id_that_meant_somebody_else_before_is_for_a_person_to_look_at(bank: Bank, app: Program, ines: Customer, sean: Customer) -> None:
    bank.deliver()
    for place, customer in enumerate((ines, sean, ines)):
        send(app, {"type": "identify", "messageId": f"i-{place}", "userId": "u-7", "traits": {"email": customer.email}})
    assert list(PartyIdentifier.objects.filter(kind="user_id").values_list("party__golden", flat=True)) == [ines.id]
    assert [one.code for one in open_rejects("digital")] == ["contradicts"]


def test_an_unknown_kind_is_kept_and_runs_when_it_is_known(app: Program, ines: Customer) -> None:
    send(app, cloud(subject=ines.email, type="bank.app.Sunset Watched"), CLOUD)
    [waits] = open_rejects("digital")
    assert (waits.code, "sunset_watched" in waits.reason) == ("unknown_type", True)
    EventKind.objects.create(code="sunset_watched", title="Sunset watched")
    assert rerun("digital", at=clock.now()).accepted == 1
    assert [one.title for one in signals_of(ines)] == ["Sunset watched"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"type": ""}, "missing"),
        ({"source": ""}, "missing"),
        ({"specversion": "0.3"}, "missing"),
        ({"time": "yesterday"}, "bad_date"),
        ({"time": "2026-11-20T09:12:00"}, "bad_date"),
        ({"time": {"at": 5}}, "bad_date"),
        ({"data": {"channel": "telepathy"}}, "unknown_word"),
        ({"data": {"text": "x" * 5_000}}, "too_long"),
        ({"subject": "x" * 200}, "too_long"),
        ({"type": 7}, "bad_type"),
    ],
)
def test_a_bad_event_is_answered_with_its_reason_and_kept_for_correction(
    app: Program, ines: Customer, said: dict[str, Any], code: str
) -> None:
    good, bad = cloud(id="good", subject=ines.email), {**cloud(id="bad", subject=ines.email), **said}
    answer = app.post("events/", [good, bad], Content_Type=BATCH).json()["events"]
    assert [one["status"] for one in answer] == ["accepted", "rejected"]
    assert answer[1]["reason"]
    [waits] = open_rejects("digital")
    assert waits.code == code
    assert len(signals_of(ines)) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", CLOUD, 400),
        (b"\xff", CLOUD, 400),
        (b"[" * 100_000, BATCH, 400),
        (b'{"id": NaN}', CLOUD, 400),
        (b'{"id": "a\\u0000"}', CLOUD, 400),
        (b'{"id": "\\ud800"}', CLOUD, 400),
        (b"5", CLOUD, 400),
        (b"[]", BATCH, 400),
        (b"[5]", BATCH, 400),
        (b'{"batch": [1]}', "application/json", 400),
        (b"{}", "text/plain", 400),
        (b" " * 1_000_001, CLOUD, 413),
        (b" " * 4_000_000, CLOUD, 413),
        (json.dumps([{}] * 501).encode(), BATCH, 413),
    ],
    ids=range(14),
)
def test_what_holds_no_events_is_refused_whole(app: Program, body: bytes, content_type: str, status: int) -> None:
    answer = app.post("events/", body, Content_Type=content_type)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert not EventPost.objects.exists()


def test_when_too_much_waits_nothing_is_taken(app: Program, settings: Any) -> None:
    settings.EVENTS_WAITING_AT_MOST = 0
    assert send(app, cloud(subject="nobody@example.org"), CLOUD) == ["accepted"]
    waiting = EventArrival.objects.get()
    WaitingArrival.objects.create(arrival=waiting)
    answer = app.post("events/", cloud(id="e-2"), Content_Type=CLOUD)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "backlog", "5")
    assert EventArrival.objects.count() == 1


def test_a_program_of_a_branch_tells_of_its_customers_only(deploy: Deploy, bank: Bank, ines: Customer, sean: Customer) -> None:
    bank.deliver()
    galway = deploy(branches=(ines.branch.code,))
    send(galway, [cloud(id="1", subject=ines.email), cloud(id="2", subject=sean.email), cloud(id="3", subject="no@body.example")], BATCH)
    assert len(signals_of(ines)) == 1
    assert signals_of(sean) == []
    [one, other] = open_rejects("digital")
    assert (one.code, one.reason) == (other.code, other.reason)


def test_an_app_that_speaks_for_a_customer_tells_of_that_one(deploy: Deploy, ines: Customer) -> None:
    app = deploy(reach="spoken_for")
    assert app.post("events/", cloud(), Content_Type=CLOUD, for_=ines).status_code == 202
    assert len(signals_of(ines)) == 1


def test_a_signal_about_one_customer_rests_on_a_decision(deploy: Deploy, ines: Customer, sean: Customer) -> None:
    agent = deploy(kind="agent", branches=(ines.branch.code,))
    said = {"kind": "travel_notice", "channel": "web", "details": {"country": "PT"}, "id": "s-1"}
    for _ in range(2):
        assert agent.post(f"customers/{ines.id}/signals/", said).status_code == 202
    assert agent.post(f"customers/{sean.id}/signals/", said).status_code == 404
    kept = Signal.objects.get(party__golden=ines.id)
    assert (kept.channel, kept.details) == ("web", {"country": "PT"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor_id, outcome FROM sentinel_decision WHERE action = 'signal.record'")
        assert cursor.fetchall() == [(f"client:{agent.client.pk}", "permit")] * 2


def test_no_log_says_whom_an_event_is_about(app: Program, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture) -> None:
    send(app, cloud(subject="somebody.private@example.org", time="nonsense"), CLOUD)
    told = caplog.text + "".join(capfd.readouterr())
    assert "private" not in told


@pytest.mark.parametrize(
    "type",
    [
        "Loan Application Abandoned",
        "loan_application_abandoned",
        "com.bank.v2.LoanApplicationAbandoned",
        "urn/x/loan-application-abandoned",
    ],
)
def test_a_kind_has_one_spelling(type: str) -> None:
    assert kind_of(type) == "loan_application_abandoned"


def _stories(ines: Customer, fiona: str) -> list[dict[str, Any]]:
    """What happened in the app: to a customer, and to somebody the bank only comes to know in the middle."""
    moment = clock.now() - timedelta(days=3)
    told = []
    for place in range(4):
        at = (moment + timedelta(hours=place)).isoformat()
        told.append(cloud(id=f"c-{place}", subject=ines.email, time=at, data={"place": place}))
        told.append(track(messageId=f"t-{place}", userId="u-1", timestamp=at, properties={"place": place}))
        told.append(track(messageId=f"a-{place}", anonymousId="a-1", timestamp=at))
        told.append(cloud(id=f"f-{place}", subject=fiona, time=at))
    told.append({"type": "identify", "messageId": "i-1", "userId": "u-1", "traits": {"email": ines.email}})
    told.append({"type": "identify", "messageId": "i-2", "userId": "u-1", "anonymousId": "a-1"})
    return told


@given(order=st.permutations(range(18)), again=st.lists(st.integers(0, 17), max_size=8), cuts=st.sets(st.integers(1, 25), max_size=5),
       appears=st.integers(0, 5))  # fmt: skip
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_order_repetition_and_cutting_change_nothing(
    bank: Bank, deploy: Deploy, administrator: Any, order: list[int], again: list[int], cuts: set[int], appears: int
) -> None:
    bank.branch()
    bank.deliver()
    with _undone():
        app, ines = deploy(), bank.customer()
        assert ines.id
        address = f"fiona{ines.number}@example.org"
        stories = _stories(ines, address)
        sent = [stories[place] for place in [*order, *again]]
        edges = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
        pieces = [sent[start:end] for start, end in pairwise(edges)]
        fiona = None
        for place, piece in enumerate([*pieces, []]):
            if place == min(appears, len(pieces)):
                fiona = bank.customer(f"Fiona {'abcdefghij'[int(ines.number[-1])]}", email=address)
                bank.deliver()
            if piece:
                app.post("events/", piece, Content_Type=BATCH)
        while events.drain("customers.waiting_events"):
            pass
        assert fiona is not None
        assert len(signals_of(ines)) == 12
        assert [one.title for one in signals_of(fiona)] == ["Travel notice"] * 4
        assert list(open_rejects("digital")) == []
        assert not WaitingArrival.objects.exists()


@contextmanager
def _undone() -> Iterator[None]:
    """A transaction that leaves nothing behind: each example begins with the same bank."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("again", [1, 2])
def test_who_applies_twice_changes_nothing(app: Program, ines: Customer, again: int) -> None:
    send(app, cloud(subject=ines.email), CLOUD)
    for _ in range(again):
        assert applying.apply_waiting(seconds=1)
    assert len(signals_of(ines)) == 1


def test_a_customer_whom_a_killed_process_did_not_tell_of_is_told_of_by_the_sweep(app: Program, ines: Customer) -> None:
    send(app, cloud(subject=ines.email), CLOUD)
    before = state.state_of(ines.id, actor=actors.system("test"), at=clock.now()).version
    TouchedParty.objects.create(file=SourceFile.objects.get(name__startswith="events of"), party_id=ines.id)
    applying.announce_left_over(at=clock.now())
    assert state.state_of(ines.id, actor=actors.system("test"), at=clock.now()).version == before + 1
    assert not TouchedParty.objects.exists()
