"""Running a store over HTTP: who may, what takes effect, and what is refused with its reason and place."""

import json
from typing import Any
from unittest.mock import ANY

import pytest
from django.test import Client

from bankos.platform.actors import Role
from sentinel import policy
from sentinel.models import PolicyStep, PolicyStore, PolicyVersion, StoreEntity

from .certification import ALICE, ENTITIES, ONE, POLICIES, READ, SCHEMA, WRITE
from .service import Caller, administrator, client_of, deploy, entity_json, make, person, signed_in

pytestmark = pytest.mark.django_db

TEXTS = {"policies": POLICIES, "schema": SCHEMA}
STATUS = "application/problem+json"


def put(manager: Caller, **texts: Any) -> Any:
    return manager.manage("put", "policies/", TEXTS | texts)


def problems(response: Any) -> list[dict[str, Any]]:
    assert (response.status_code, response.headers["Content-Type"]) == (422, STATUS), response.content
    return response.json()["errors"]


@pytest.fixture
def manager() -> Caller:
    make("records")
    return client_of("records", manages=True)


def entities(*said: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"entities": list(said)} | more


# ---- who may ----


def test_administrators_make_stores_and_nobody_else(authority: None) -> None:
    said = json.dumps({"name": "records", "title": "Records", "reason": "It asks"})
    make("ledgers")
    others = (signed_in(person("tessa", Role.TEAM_LEAD)), signed_in(person("cora", Role.COMPLIANCE)))

    for browser in others:
        assert browser.post("/api/v1/stores/", said, content_type="application/json").status_code == 403
    manager = client_of("ledgers", manages=True)
    headers = {"Authorization": f"Bearer {manager.secret}"}
    assert manager.http.post("/api/v1/stores/", said, content_type="application/json", headers=headers).status_code == 403
    assert Client().post("/api/v1/stores/", said, content_type="application/json").status_code == 401
    assert not PolicyStore.objects.filter(name="records").exists()


def test_a_name_is_taken_once(manager: Caller) -> None:
    again = signed_in(administrator()).post(
        "/api/v1/stores/", json.dumps({"name": "records", "title": "X", "reason": "Y"}), content_type="application/json"
    )

    assert (again.status_code, again.json()["code"]) == (409, "store_exists")


@pytest.mark.parametrize("name", ["", "a b", "../bank", "x" * 41, "ü"])
def test_a_name_is_part_of_an_address(name: str) -> None:
    said = json.dumps({"name": name, "title": "X", "reason": "Y"})

    assert signed_in(administrator()).post("/api/v1/stores/", said, content_type="application/json").status_code == 400


def test_an_owner_runs_the_own_store_and_sees_no_other(authority: None) -> None:
    owner = person("olga", Role.BRANCH_STAFF)
    make("records", owner=owner)
    make("ledgers")
    browser = signed_in(owner)

    assert [store["name"] for store in browser.get("/api/v1/stores/").json()] == ["records"]
    assert browser.put("/api/v1/stores/records/policies/", json.dumps(TEXTS), content_type="application/json").status_code == 200
    made = browser.post(
        "/api/v1/stores/records/clients/", json.dumps({"name": "app", "reason": "It asks"}), content_type="application/json"
    )
    assert (
        Caller("records", made.json()["secret"])
        .send("evaluation", json.dumps({"subject": ALICE, "action": READ, "resource": ONE}).encode())
        .status_code
        == 200
    )
    foreign, missing = (browser.get(f"/api/v1/stores/{store}/policies/") for store in ("ledgers", "nowhere"))
    assert (foreign.status_code, foreign.content) == (404, missing.content)


@pytest.mark.parametrize("address", ["", "entities/", "policies/", "policies/1/", "policies/1/schema/", "clients/"])
def test_a_store_shows_itself_to_those_who_run_it_only(address: str) -> None:
    app = deploy()
    deploy("ledgers")
    strangers = (Caller("records"), Caller("records", "bk_guess"))
    without_business = (app, Caller("records", client_of("ledgers", manages=True).secret))

    assert [caller.manage("get", address).status_code for caller in strangers] == [401, 401]
    assert [caller.manage("get", address).status_code for caller in without_business] == [404, 404]
    assert signed_in(person("tessa", Role.TEAM_LEAD)).get(f"/api/v1/stores/records/{address}").status_code == 404
    assert client_of("records", manages=True).manage("get", address).status_code == 200


def test_a_session_is_protected_against_forged_requests() -> None:
    make("records")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(administrator(), backend="django.contrib.auth.backends.ModelBackend")

    assert browser.put("/api/v1/stores/records/policies/", json.dumps(TEXTS), content_type="application/json").status_code == 403


# ---- policies ----


def test_policies_are_in_force_as_soon_as_they_are_put(manager: Caller) -> None:
    app = client_of("records")
    evaluation = {"subject": ALICE, "action": READ, "resource": ONE}
    closed = POLICIES + '\n@id("closed") @sentence("S.") @customer("C.") @owner("O") @basis("B") forbid (principal, action, resource);'

    assert put(manager).json()["number"] == 1
    assert app.ask("evaluation", evaluation)["decision"] is True
    assert put(manager, policies=closed, note="Closed for the holidays").json()["number"] == 2
    assert app.ask("evaluation", evaluation)["decision"] is False

    listed = manager.manage("get", "policies/").json()
    assert [(version["number"], version["state"], version["note"]) for version in listed] == [
        (2, "active", "Closed for the holidays"),
        (1, "retired", ""),
    ]
    steps = PolicyStep.objects.filter(version__store="records").order_by("id").values_list("version__number", "kind", "actor_name")
    assert list(steps) == [
        (1, "drafted", "manager"),
        (1, "activated", "manager"),
        (2, "drafted", "manager"),
        (1, "retired", "manager"),
        (2, "activated", "manager"),
    ]


def test_the_texts_in_force_put_again_change_nothing(manager: Caller) -> None:
    assert put(manager).json() == put(manager, note="Again").json()
    assert PolicyVersion.objects.filter(store="records").count() == 1


def test_an_older_text_can_be_put_back_in_force(manager: Caller) -> None:
    old = put(manager).json()
    put(manager, policies=POLICIES + "\n// remark")

    back = put(manager).json()
    assert (back["number"], back["state"], back["sha256"]) == (3, "active", old["sha256"])


def test_each_text_can_be_read_back_byte_by_byte(manager: Caller) -> None:
    policies = POLICIES.replace("\n", "\r\n") + "  \n"
    put(manager, policies=policies, examples=json.dumps({"evaluations": []}))

    assert manager.manage("get", "policies/1/").json()["policies"] == policies
    text = manager.manage("get", "policies/1/policies/")
    assert text.content.decode() == policies
    assert text.headers["Content-Disposition"] == 'attachment; filename="records-1-policies.cedar"'
    assert manager.manage("get", "policies/1/examples/").content == b'{"evaluations": []}'
    assert manager.manage("get", "policies/1/secret/").status_code == 404
    assert manager.manage("get", "policies/2/").status_code == 404


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            {"policies": "\n\npermit (principal, action, resource)\nwhen { principal.x == };"},
            {"part": "policies", "line": 4, "detail": ANY},
        ),
        (
            {"policies": "permit (principal, action, resource);"},
            {"part": "policies", "line": 1, "detail": "this policy lacks @id, @sentence, @customer, @owner, @basis"},
        ),
        ({"policies": POLICIES.replace("principal.role", "principal.rank")}, {"part": "policies", "line": 5, "detail": ANY}),
        ({"schema": SCHEMA + "\nentity = ;"}, {"part": "schema", "line": 12, "detail": ANY}),
        ({"policies": "// none", "schema": "namespace N { entity user; }"}, {"part": "schema", "line": 1, "detail": ANY}),
        ({"policies": POLICIES.replace("users-read", "u" * 81)}, {"part": "policies", "detail": ANY}),
        ({"examples": "{"}, {"part": "examples", "pointer": "", "detail": ANY}),
        (
            {"examples": '{"evaluations": [{}]}'},
            {"part": "examples", "pointer": "/evaluations/0/decision", "detail": "must be true or false"},
        ),
        ({"examples": '{"entities": [{"type": "user"}]}'}, {"part": "examples", "pointer": "/entities/0/id", "detail": "is missing"}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_used_is_refused_with_its_place_and_nothing_is_kept(
    manager: Caller, texts: dict[str, str], expected: dict[str, Any]
) -> None:
    assert expected in problems(put(manager, **texts))
    assert not PolicyVersion.objects.filter(store="records").exists()


def example(decision: bool, **more: Any) -> dict[str, Any]:
    return {"says": "An example", "subject": ALICE, "action": WRITE, "resource": ONE, "decision": decision} | more


def test_policies_whose_examples_do_not_hold_stay_out_of_force(manager: Caller) -> None:
    put(manager)
    wrong = {"evaluations": [example(True), example(False), example(True, rules=["users-read"]), example(True, action={"name": "fly"})]}

    found = problems(put(manager, policies=POLICIES + "\n", examples=json.dumps(wrong)))

    assert [problem["pointer"] for problem in found] == ["/evaluations/1", "/evaluations/2", "/evaluations/3"]
    assert found[0]["detail"] == "does not hold. Expected: decision false. Came out: decision true by alice-writes."
    assert policy.active("records").number == 1


def test_examples_bring_their_own_entities_and_know_no_others(manager: Caller) -> None:
    archived = {"type": "record", "id": "record-1", "attributes": {"status": "archived"}}
    manager.manage("put", "entities/", entities(archived))

    assert put(manager, examples=json.dumps({"evaluations": [example(True)]})).status_code == 200
    assert put(manager, examples=json.dumps({"entities": [archived], "evaluations": [example(False)]})).status_code == 200


# ---- entities ----


def test_entities_are_written_whole_read_by_pages_and_removed(manager: Caller) -> None:
    put(manager)
    assert manager.manage("put", "entities/", entities(*(entity_json(entity) for entity in ENTITIES))).json() == {
        "written": 4,
        "removed": 0,
    }
    rewritten = {"type": "user", "id": "bob", "attributes": {}, "parents": [{"type": "team", "id": "night"}]}
    change = entities(rewritten, removed=[{"type": "record", "id": "record-2"}, {"type": "record", "id": "never"}])
    assert manager.manage("put", "entities/", change).json() == {"written": 1, "removed": 1}

    first = manager.manage("get", "entities/?limit=2").json()
    after = first["next_after"]
    second = manager.manage("get", f"entities/?limit=2&after_type={after['type']}&after_id={after['id']}").json()

    listed = [*first["entities"], *second["entities"]]
    assert [(one["type"], one["id"]) for one in listed] == [("record", "record-1"), ("user", "alice"), ("user", "bob")]
    assert listed[2]["attributes"] == {}
    assert listed[2]["parents"] == rewritten["parents"]
    assert second["next_after"] is None
    assert len(manager.manage("get", "entities/?type=user").json()["entities"]) == 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (entities({"type": "user", "id": "a", "attributes": {"role": 7}}), "expected to have type string"),
        (entities({"type": "spaceship", "id": "a"}), "the schema in force has no type spaceship"),
        (entities({"type": "ledger", "id": "a"}), "status"),
        (entities({"type": "user", "id": "a", "parents": [{"type": "record", "id": "b"}]}), "ancestor"),
        (entities({"type": "user", "id": "a"}, {"type": "user", "id": "a"}), "named twice"),
        (entities(*({"type": "user", "id": str(n)} for n in range(1_001))), "at most 1,000 at once"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_entity_nobody_could_ask_about_is_refused_with_its_reason(manager: Caller, said: dict[str, Any], reason: str) -> None:
    put(manager)

    found = problems(manager.manage("put", "entities/", said))

    assert reason in found[0]["detail"]
    assert not StoreEntity.objects.filter(store="records").exists()


def test_groups_cannot_belong_to_each_other(manager: Caller) -> None:
    put(manager, schema=SCHEMA.replace("entity team;", "entity team in [team];"))
    circle = [{"type": "team", "id": one, "parents": [{"type": "team", "id": other}]} for one, other in ("ab", "bc", "ca")]

    assert manager.manage("put", "entities/", entities(*circle[:2])).status_code == 200
    assert "cycle" in problems(manager.manage("put", "entities/", entities(circle[2])))[0]["detail"]


def test_entities_too_large_to_be_read_together_are_refused(manager: Caller) -> None:
    put(manager, schema=SCHEMA.replace("entity team;", "entity team in [team] { note?: String };"))
    chain = [
        {"type": "team", "id": str(n), "attributes": {"note": "x" * 900_000}, "parents": [{"type": "team", "id": str(n + 1)}]}
        for n in range(9)
    ]

    answers = [manager.manage("put", "entities/", entities(one)) for one in reversed(chain)]

    assert [answer.status_code for answer in answers] == [200] * 8 + [422]
    assert "larger than 8,000,000 characters together" in problems(answers[-1])[0]["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"entities": [{"type": "user"}]},
        {"entities": [{"type": "user", "id": ""}]},
        {"entities": [{"type": "user", "id": "a\u0000"}]},
        {"entities": [{"type": "user", "id": "a", "attributes": {"role": "\u0000"}}]},
        {"entities": [{"type": "user", "id": "a", "attributes": []}]},
        {"entities": [{"type": "user", "id": "a", "parents": [{"type": "team"}]}]},
        {"entities": {"type": "user", "id": "a"}},
        {"removed": ["a"]},
        [],
    ],
    ids=str,
)
def test_an_entity_wrongly_written_is_a_bad_request(manager: Caller, wrong: Any) -> None:
    response = manager.manage("put", "entities/", wrong)

    assert (response.status_code, response.headers["Content-Type"]) == (400, STATUS)


def test_groups_and_named_entities_reach_the_policies_however_far(manager: Caller) -> None:
    schema = SCHEMA.replace("entity team;", "entity team in [team];").replace("role?: String", "role?: String, boss?: user")
    boss = """
    @id("boss-reads") @sentence("S.") @customer("C.") @owner("O") @basis("B")
    forbid (principal is user, action == Action::"read", resource)
    when { principal has boss && principal.boss has role && principal.boss.role == "gone" };
    """
    put(manager, schema=schema, policies=POLICIES + boss)
    said = [
        {"type": "team", "id": "night", "parents": [{"type": "team", "id": "all"}]},
        {"type": "team", "id": "all", "parents": [{"type": "team", "id": "suspended"}]},
        {"type": "team", "id": "suspended"},
        {"type": "user", "id": "dave", "parents": [{"type": "team", "id": "night"}]},
        {"type": "user", "id": "eve", "attributes": {"boss": {"type": "user", "id": "frank"}}},
        {"type": "user", "id": "gina", "attributes": {"boss": {"__entity": {"type": "user", "id": "frank"}}}},
        {"type": "user", "id": "frank", "attributes": {"role": "gone"}},
    ]
    assert manager.manage("put", "entities/", entities(*said)).status_code == 200
    app = client_of("records")

    def rules(subject: dict[str, Any]) -> list[str]:
        return app.ask("evaluation", {"subject": subject, "action": READ, "resource": ONE})["context"]["rules"]

    assert rules({"type": "user", "id": "dave"}) == ["suspended-do-nothing"]
    assert rules({"type": "user", "id": "eve"}) == ["boss-reads"]
    assert rules({"type": "user", "id": "gina"}) == ["boss-reads"]
    assert rules({"type": "user", "id": "new", "properties": {"boss": {"type": "user", "id": "frank"}}}) == ["boss-reads"]
    found = app.ask("search/subject", {"subject": {"type": "user"}, "action": READ, "resource": ONE | {"id": "record-9"}})
    assert found == {"results": []}  # about a record nobody knows
    manager.manage("put", "entities/", entities({"type": "record", "id": "record-1"}))
    found = app.ask("search/subject", {"subject": {"type": "user"}, "action": READ, "resource": ONE})
    assert [one["id"] for one in found["results"]] == ["frank"]


def test_a_search_goes_through_more_candidates_than_are_read_at_once() -> None:
    app = deploy()
    manager = client_of("records", manages=True)
    many = [{"type": "record", "id": f"r{n:03}", "attributes": {"status": "archived" if n % 3 else "active"}} for n in range(350)]
    assert (
        manager.manage("put", "entities/", entities(*many, removed=[{"type": "record", "id": f"record-{n}"} for n in (1, 2)])).status_code
        == 200
    )
    said, found = {"subject": ALICE, "action": WRITE, "resource": {"type": "record"}}, []
    page: dict[str, Any] = {"limit": 40}
    while page:
        answer = app.ask("search/resource", said | {"page": page})
        found += [one["id"] for one in answer["results"]]
        token = answer["page"]["next_token"]
        page = {"token": token} if token else {}

    assert found == [f"r{n:03}" for n in range(0, 350, 3)]


# ---- the bank's own store ----


@pytest.fixture
def bank(authority: None) -> Client:
    return signed_in(administrator())


def bank_texts(**more: str) -> str:
    texts = policy.starting_set()
    return json.dumps({"policies": texts.policies + "\n// new", "schema": texts.schema, "examples": texts.examples} | more)


def test_the_banks_policies_are_only_drafted_here(bank: Client) -> None:
    before = policy.active()

    drafted = bank.put("/api/v1/stores/bank/policies/", bank_texts(), content_type="application/json").json()

    assert (drafted["state"], drafted["drafted_by"]) == ("draft", str(administrator().pk))
    assert policy.active() == before


def test_a_draft_for_the_bank_that_cannot_be_read_is_refused_with_its_line(bank: Client) -> None:
    texts = bank_texts(examples='{\n"examples": [\n}')

    refused = bank.put("/api/v1/stores/bank/policies/", texts, content_type="application/json")

    assert {"part": "examples", "line": 3} in [{"part": one["part"], "line": one["line"]} for one in problems(refused)]
    assert PolicyVersion.objects.filter(store="bank").count() == 1


def test_a_program_does_not_write_the_banks_policies(bank: Client) -> None:
    manager = client_of("bank", manages=True)

    response = manager.http.put(
        "/api/v1/stores/bank/policies/",
        bank_texts(),
        content_type="application/json",
        headers={"Authorization": f"Bearer {manager.secret}"},
    )

    assert (response.status_code, response.json()["code"]) == (403, "bank_store")
    assert PolicyVersion.objects.filter(store="bank").count() == 1


def test_the_banks_policies_know_nobody_beforehand(bank: Client) -> None:
    said = json.dumps(entities({"type": "Party", "id": "p1", "attributes": {"days_past_due": 0}}))

    assert bank.put("/api/v1/stores/bank/entities/", said, content_type="application/json").status_code == 403
    assert not StoreEntity.objects.exists()
