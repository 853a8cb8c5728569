"""Who may ask a store, and what everybody else learns: nothing."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from bankos.platform.actors import Role
from sentinel.authzen.messages import LARGEST_BODY
from sentinel.models import StoreClient

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


def test_a_revoked_client_asks_nothing_any_more() -> None:
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


def test_a_command_gives_a_client_its_secret() -> None:
    make("records")
    said = StringIO()
    call_command("authzen_client", "records", "nightly loader", "--manage", stdout=said)

    assert StoreClient.objects.get(name="nightly loader").may_manage
    assert Caller("records", said.getvalue().strip()).manage("get").status_code == 200
    with pytest.raises(CommandError, match="no policy store nowhere"):
        call_command("authzen_client", "nowhere", "x")


def test_what_runs_a_store_does_not_make_others_that_do() -> None:
    make("records")
    manager = client_of("records", manages=True)

    assert manager.manage("post", "clients/", {"name": "twin", "may_manage": True}).status_code == 403
    assert signed_in(person("bela", Role.TEAM_LEAD)).get("/api/v1/stores/records/clients/").status_code == 404
