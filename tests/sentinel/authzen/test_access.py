"""Who may ask a store, and what everybody else learns: nothing."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from bankos.platform import clock, metering
from bankos.platform.actors import Role
from bankos.platform.ids import uuid7
from sentinel.authzen.messages import LARGEST_BODY
from sentinel.models import Decision, StoreClient
from tests import arranging

from .certification import ALICE, ONE, READ
from .service import REQUESTS, Caller, administrator, client_of, deploy, make, person, signed_in

pytestmark = pytest.mark.django_db

BODY = json.dumps({"subject": ALICE, "action": READ, "resource": ONE}).encode()


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer bk_wrong", "Bearer é", f"Bearer {'x' * 5_000}", "Basic YTpi", "bk_secret"], ids=repr
)
def test_who_is_not_known_is_told_how_to_ask(authorization: str) -> None:
    app = deploy()
    headers = {"Authorization": authorization.replace("bk_secret", app.secret or "")} if authorization else {}

    for endpoint in REQUESTS:
        for store in ("records", "nowhere"):
            response = Caller(store).send(endpoint, BODY, **headers)

            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"].startswith('Bearer realm="authzen"')
            assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_answer_to_a_stranger_is_the_same_whether_or_not_there_is_a_store() -> None:
    deploy()
    known, unknown = (Caller(store, "bk_guess").send("evaluation", BODY) for store in ("records", "nowhere"))

    assert known.content == unknown.content
    assert known.status_code == unknown.status_code == 401


def test_a_client_asks_its_own_store_and_no_other() -> None:
    app = deploy()
    other = deploy("ledgers")
    foreign, missing = (Caller(store, app.secret).send("evaluation", BODY) for store in ("ledgers", "nowhere"))

    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert other.send("evaluation", BODY).status_code == 200


def test_what_one_store_knows_another_does_not() -> None:
    deploy()
    make("empty")
    app = client_of("empty")
    policies = client_of("empty", manages=True).manage("put", "policies/", policy_texts())
    assert policies.status_code == 200

    assert app.ask("search/resource", {"subject": ALICE, "action": READ, "resource": {"type": "record"}}) == {"results": []}


def policy_texts() -> dict[str, str]:
    from .certification import POLICIES, SCHEMA

    return {"policies": POLICIES, "schema": SCHEMA}


def test_a_page_token_of_one_store_is_none_in_another() -> None:
    said = {"subject": {"type": "user"}, "action": READ, "resource": ONE}
    token = deploy().ask("search/subject", said | {"page": {"limit": 1}})["page"]["next_token"]

    assert deploy("ledgers").send("search/subject", json.dumps(said | {"page": {"token": token}}).encode()).status_code == 400


def test_a_revoked_client_asks_nothing_any_more(authority: None) -> None:
    app = deploy()
    client = StoreClient.objects.get(store="records", may_manage=False)
    browser = signed_in(administrator())

    assert browser.delete(f"/api/v1/stores/records/clients/{client.pk}/").status_code == 204
    assert app.send("evaluation", BODY).status_code == 401
    assert browser.delete(f"/api/v1/stores/records/clients/{client.pk}/").status_code == 404


def test_a_session_of_the_console_counts_for_nothing_here() -> None:
    deploy()
    browser = signed_in(administrator())

    assert browser.post("/authzen/records/access/v1/evaluation", BODY, content_type="application/json").status_code == 401


def test_only_post_is_answered() -> None:
    app = deploy()
    for endpoint in REQUESTS:
        response = app.http.get(
            f"/authzen/records/access/v1/{endpoint}", headers={"Authorization": f"Bearer {app.secret}", "X-Request-ID": "9"}
        )
        assert (response.status_code, response.headers["Allow"], response.headers["X-Request-ID"]) == (405, "POST", "9")


def test_a_body_has_its_limit() -> None:
    app = deploy()
    padded = json.dumps({"subject": ALICE, "action": READ, "resource": ONE, "padding": "x" * (LARGEST_BODY - 200)}).encode()

    assert app.send("evaluation", padded).status_code == 200
    for length in (LARGEST_BODY, 3 * LARGEST_BODY):
        assert app.send("evaluation", padded + b" " * length).status_code == 400


def test_secrets_are_kept_as_hashes_only() -> None:
    app = deploy()
    assert app.secret is not None
    assert app.secret.startswith("bk_")
    assert len(app.secret) >= 43

    for client in StoreClient.objects.all():
        assert app.secret not in json.dumps([client.secret_sha256, client.name])
        assert len(client.secret_sha256) == 64


def test_what_runs_a_store_does_not_make_others_that_do() -> None:
    make("records")
    manager = client_of("records", manages=True)

    assert manager.manage("post", "clients/", {"name": "twin", "may_manage": True, "reason": "Two are better"}).status_code == 403
    assert signed_in(person("bela", Role.TEAM_LEAD)).get("/api/v1/stores/records/clients/").status_code == 404


# ---- how often ----


def hasty(per_minute: int, *, manages: bool = False) -> Caller:
    """A client of the deployed store with a rate of its own."""
    _, secret = arranging.let_ask("records", name="hasty", manages=manages, per_minute=per_minute, at=clock.now())
    return Caller("records", secret)


def statuses(caller: Caller, endpoint: str, body: bytes, times: int) -> list[int]:
    return [caller.send(endpoint, body).status_code for _ in range(times)]


SEARCH = json.dumps({"subject": {"type": "user"}, "action": READ, "resource": ONE}).encode()


def batch_of(items: int) -> bytes:
    return json.dumps({"subject": ALICE, "action": READ, "resource": ONE, "evaluations": [{}] * items}).encode()


def test_a_client_that_asks_too_often_is_told_when_to_come_back() -> None:
    patient, now = deploy(), clock.now()
    caller = hasty(12)  # a batch at once, then one evaluation in five seconds

    with clock.stopped_at(now):
        assert statuses(caller, "evaluations", batch_of(98), 1) == [200]
        answers = [caller.send("evaluation", BODY, **{"X-Request-ID": "7"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answers[-1].headers["X-Request-ID"] == "7"
        assert patient.send("evaluation", BODY).status_code == 200, "each client for itself"
    wait = int(answers[-1].headers["Retry-After"])
    assert wait == 5
    with clock.stopped_at(now + timedelta(seconds=wait)):
        assert statuses(caller, "evaluation", BODY, 2) == [200, 429]


def test_what_was_refused_for_its_rate_leaves_no_decision() -> None:
    deploy()
    caller = hasty(6)
    with clock.stopped_at(clock.now()):
        assert statuses(caller, "evaluations", batch_of(99), 2) == [200, 429]
        assert statuses(caller, "evaluation", BODY, 2) == [429, 429], "the batch that was refused had begun to count"

    assert Decision.objects.filter(store="records").count() == 99


@pytest.mark.parametrize(
    ("endpoint", "body", "passed"),
    [
        ("evaluations", batch_of(1), 100),
        ("evaluations", batch_of(50), 2),
        ("evaluations", batch_of(100), 1),
        ("search/subject", SEARCH, 10),
        ("evaluation", b"{", 100),
        ("evaluations", batch_of(101), 100),
    ],
    ids=["a batch of 1", "a batch of 50", "a batch of 100", "a search", "nonsense", "too large a batch"],
)
def test_work_is_counted_and_not_requests(endpoint: str, body: bytes, passed: int) -> None:
    deploy()
    caller = hasty(60)

    with clock.stopped_at(clock.now()):
        answers = statuses(caller, endpoint, body, passed + 1)

    assert 429 not in answers[:passed]
    assert answers[passed] == 429


def test_a_client_at_rest_may_send_the_largest_batch_whatever_its_rate() -> None:
    deploy()
    for per_minute in (1, 60, 6_000):
        assert hasty(per_minute).send("evaluations", batch_of(100)).status_code == 200


def test_changes_of_a_store_count_too_and_are_answered_as_problems() -> None:
    deploy()
    with clock.stopped_at(clock.now()):
        manager = hasty(60, manages=True)
        answers = [manager.manage("get", "policies/") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["Content-Type"] == "application/problem+json"
    assert (answers[-1].json()["code"], int(answers[-1].headers["Retry-After"])) == ("throttled", 10)


@pytest.mark.parametrize("rate", [0, -1, 1_000_001, "many"])
def test_a_rate_that_is_none_is_refused(rate: object) -> None:
    make("records")
    said = json.dumps({"name": "x", "per_minute": rate, "reason": "It asks"})
    answer = signed_in(administrator()).post("/api/v1/stores/records/clients/", said, content_type="application/json")

    assert answer.status_code == 400
    assert "per_minute" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_processes_count_together() -> None:
    """Every thread has a connection of its own, as processes have: of forty requests at once, ten go on."""
    now, key = clock.now(), f"test:{uuid7()}"

    def ask(_: int) -> bool:
        try:
            return metering.wait_before(key, per_minute=60, at=now) is None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(ask, range(40))) == 10


def test_counting_waits_for_no_disk() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'platform_meter'")
        assert cursor.fetchone() == ("u",)
