"""The same rules over HTTP, with refusals as problem details."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.ids import uuid7
from journeys import work
from journeys.models import Effect
from sentinel.actions import Ran

from . import household
from .household import Household

pytestmark = pytest.mark.django_db

SignIn = Callable[[Actor], Client]


@pytest.fixture
def sign_in() -> SignIn:
    def as_person(actor: Actor) -> Client:
        client = Client()
        client.force_login(get_user_model().objects.get(pk=actor.user_id), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_person


def suggest(home: Household) -> str:
    at = clock.now()
    item = work.add(
        kind="suggestion",
        party_id=home.party_id,
        title="Move EUR 120 from savings",
        why="",
        due_at=at + timedelta(days=1),
        branch_code=home.branch,
        subject_id=uuid7(),
        at=at,
    )
    return str(item)


def perform(home: Household, actor: Actor, amount: str = "120.00") -> Ran:
    return household.perform(actor=actor, **home.transfer(amount), at=clock.now(), summary="Moved from savings")


JSON = {"content_type": "application/json"}


def code(response: Any) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def test_nobody_gets_in_without_signing_in(home: Household) -> None:
    for address in ("work/", "approvals/", "effects/"):
        assert Client().get(f"/api/v1/{address}").status_code == 403


def test_the_list_comes_with_its_counts(home: Household, staff: Actor, sign_in: SignIn) -> None:
    item = suggest(home)
    body = sign_in(staff).get("/api/v1/work/?view=suggestions").json()
    assert [row["id"] for row in body["items"]] == [item]
    assert body["counts"] == {"team": 1, "mine": 0, "suggestions": 1, "approvals": 0}


def test_an_unknown_view_is_refused_in_words(staff: Actor, sign_in: SignIn) -> None:
    assert code(sign_in(staff).get("/api/v1/work/?view=everything")) == (400, "invalid")


def test_an_item_is_claimed_once(home: Household, staff: Actor, colleague: Actor, sign_in: SignIn) -> None:
    item = suggest(home)
    assert sign_in(staff).post(f"/api/v1/work/{item}/claim/").json()["mine"] is True
    assert code(sign_in(colleague).post(f"/api/v1/work/{item}/claim/")) == (409, "already_claimed")


def test_next_gives_an_item_or_says_that_nothing_waits(home: Household, staff: Actor, sign_in: SignIn) -> None:
    item = suggest(home)
    client = sign_in(staff)
    assert client.post("/api/v1/work/next/").json()["id"] == item
    assert client.post("/api/v1/work/next/").status_code == 204


def test_what_one_may_not_see_is_as_if_it_were_not(
    home: Household, rich: Household, staff: Actor, staff_elsewhere: Actor, lead_elsewhere: Actor, sign_in: SignIn
) -> None:
    item, effect, request = suggest(home), perform(home, staff).result, perform(rich, staff, "1500.00").request_id
    stranger, lead = sign_in(staff_elsewhere), sign_in(lead_elsewhere)
    assert stranger.get("/api/v1/work/").json()["items"] == []
    assert stranger.get("/api/v1/effects/").json() == []
    assert lead.get("/api/v1/approvals/").json() == []
    for known, unknown in [
        (stranger.post(f"/api/v1/work/{item}/claim/"), stranger.post(f"/api/v1/work/{uuid7()}/claim/")),
        (stranger.get(f"/api/v1/effects/{effect}/"), stranger.get(f"/api/v1/effects/{uuid7()}/")),
        (lead.post(f"/api/v1/approvals/{request}/approve/", **JSON), lead.post(f"/api/v1/approvals/{uuid7()}/approve/", **JSON)),
    ]:
        assert known.status_code == unknown.status_code == 404
        assert known.json() == unknown.json()


def test_an_approval_over_http_executes(rich: Household, staff: Actor, lead: Actor, sign_in: SignIn) -> None:
    request = perform(rich, staff, "1500.00").request_id
    [waiting] = sign_in(lead).get("/api/v1/approvals/").json()
    assert waiting["id"] == str(request)

    assert code(sign_in(staff).post(f"/api/v1/approvals/{request}/approve/", **JSON)) == (403, "maker_is_checker")
    done = sign_in(lead).post(f"/api/v1/approvals/{request}/approve/", {"note": "Called."}, **JSON).json()

    assert done["effect_id"] == str(Effect.objects.get().pk)
    assert code(sign_in(lead).post(f"/api/v1/approvals/{request}/refuse/", **JSON)) == (409, "already_answered")


def test_effects_are_listed_the_newest_first_and_page_by_page(home: Household, staff: Actor, sign_in: SignIn) -> None:
    made = [str(perform(home, staff, "10.00").result) for _ in range(3)]
    client = sign_in(staff)
    first = client.get("/api/v1/effects/?limit=2").json()
    assert [effect["id"] for effect in first] == [made[2], made[1]]
    rest = client.get(f"/api/v1/effects/?limit=2&after={first[-1]['id']}&party={home.party_id}").json()
    assert [effect["id"] for effect in rest] == [made[0]]
    assert rest[0]["parameters"]["amount"] == "10.00"
