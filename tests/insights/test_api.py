"""The suggestions over HTTP: the same rules, and errors as problem details."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from bankos.platform import clock
from insights import nightly, recommendations

from .town import NIGHT, TODAY

pytestmark = pytest.mark.django_db
LIST = "/api/v1/recommendations/"


@pytest.fixture
def signed_in():
    def client(actor) -> Client:
        found = Client()
        found.force_login(get_user_model().objects.get(pk=actor.user_id), backend="django.contrib.auth.backends.ModelBackend")
        return found

    return client


@pytest.fixture
def card(town, champion, staff):
    home = town.household()
    town.move_in()
    nightly.run_now(at=NIGHT)
    return recommendations.open_for(home.party_id, actor=staff("branch_staff"), at=clock.now())


def test_list_detail_and_accept_over_http(card, staff, signed_in):
    http = signed_in(staff("branch_staff"))

    (line,) = http.get(LIST).json()
    assert (line["id"], line["title"], line["currency"]) == (str(card.id), card.title, "EUR")
    detail = http.get(f"{LIST}{card.id}/").json()
    assert detail["card"]["chart"]["base"][0].keys() == {"day", "amount"}
    assert detail["card"]["helped"] is None
    answer = http.post(f"{LIST}{card.id}/accept/", {}, content_type="application/json").json()
    assert answer["outcome"] == "done"
    again = http.post(f"{LIST}{card.id}/accept/", {}, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "already_answered")
    assert again["Content-Type"] == "application/problem+json"


def test_decline_that_could_harm_needs_a_note_over_http(card, staff, signed_in):
    http = signed_in(staff("branch_staff"))

    answer = http.post(f"{LIST}{card.id}/decline/", {"reason": "could_harm"}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (422, "note_required")
    assert http.post(f"{LIST}{card.id}/decline/", {"reason": "no_such"}, content_type="application/json").status_code == 400


def test_other_branch_gets_404_for_everything(card, staff, signed_in):
    http = signed_in(staff("branch_staff", branch="COR1"))

    assert http.get(LIST).json() == []
    assert http.get(f"{LIST}{card.id}/").status_code == 404
    for answer, body in (("accept", {}), ("later", {"until": str(TODAY + timedelta(days=2))}), ("decline", {"reason": "wrong_moment"})):
        assert http.post(f"{LIST}{card.id}/{answer}/", body, content_type="application/json").status_code == 404


def test_nobody_signed_in_gets_nothing(card):
    assert Client().get(LIST).status_code in {401, 403}
