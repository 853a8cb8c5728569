"""Who may not see a customer gets the answer of one that does not exist: face, search, API and admin."""

from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from bankos.platform import actors
from bankos.platform.actors import Actor, ActorKind, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from customers import consents, search, state, timeline, visibility
from customers.identity import members_of
from customers.visibility import NotVisible
from tests import arranging

from .conftest import Hire
from .ingestion.extracts import AT


def test_staff_see_the_customers_of_their_branch_only(ines: UUID, sean: UUID, in_galway: Actor, in_cork: Actor) -> None:
    assert visibility.visible_party_ids(in_galway, [ines, sean]) == {ines}
    assert visibility.visible_party_ids(in_cork, [ines, sean]) == {sean}
    assert set(visibility.visible_parties_subquery(in_galway)) == set(members_of(ines))


@pytest.mark.parametrize("role", [Role.CONTACT_CENTRE, Role.COMPLIANCE, Role.ADMINISTRATOR])
def test_who_serves_or_oversees_the_whole_bank_sees_every_branch(ines: UUID, sean: UUID, hire: Hire, role: Role) -> None:
    assert visibility.visible_party_ids(actors.employee(hire(role)), [ines, sean]) == {ines, sean}


def test_a_branch_given_to_a_group_before_is_seen_by_its_people(ines: UUID, sean: UUID, hire: Hire) -> None:
    user = hire(Role.BRANCH_STAFF)
    assert visibility.visible_party_ids(actors.employee(user), [ines, sean]) == set()

    team = Group.objects.create(name="cork-team")
    arranging.show_branch("COR1", to=team)
    user.groups.add(team)

    assert visibility.visible_party_ids(actors.employee(user), [ines, sean]) == {sean}


def test_a_customer_sees_themselves_and_an_agent_nobody(ines: UUID, sean: UUID) -> None:
    assert visibility.visible_party_ids(Actor(ActorKind.CUSTOMER, str(ines), "Ines"), [ines, sean]) == {ines}
    assert visibility.visible_party_ids(Actor(ActorKind.AGENT, "helper", "helper"), [ines, sean]) == set()


def test_faces_answer_alike_for_a_stranger_and_for_nobody(sean: UUID, in_galway: Actor) -> None:
    for party in (sean, uuid7()):
        with pytest.raises(NotVisible):
            state.state_of(party, actor=in_galway, at=AT)
        with pytest.raises(NotVisible):
            timeline.entries_of(party, actor=in_galway)
        with pytest.raises(NotVisible):
            consents.change_consent(party, purpose="marketing", given=True, channel="phone", actor=in_galway, at=AT)


@pytest.mark.parametrize(
    "text", ["Ó Briain", "Brian", "087 765 4321", "sean@posteo.example", "C-300 000 01", "IE64 MRDN 9311 5287 6543 21", "4321"]
)
def test_search_finds_for_some_what_it_does_not_find_for_others(sean: UUID, in_galway: Actor, in_cork: Actor, text: str) -> None:
    assert [match.party_id for match in search.find(text, actor=in_cork)] == [sean]
    assert search.find(text, actor=in_galway) == []


def test_the_api_says_not_found_and_nothing_else(sean: UUID, hire: Hire, in_galway: Actor) -> None:
    client = signed_in(User.objects.get(pk=in_galway.user_id))
    bodies = []
    for party in (sean, uuid7()):
        for answer in (
            client.get(f"/api/v1/customers/{party}/"),
            client.get(f"/api/v1/customers/{party}/timeline/"),
            client.post(
                f"/api/v1/customers/{party}/consents/", {"purpose": "marketing", "given": True, "channel": "phone"}, "application/json"
            ),
        ):
            assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
            bodies.append(answer.json())
    assert all(body == bodies[0] for body in bodies)
    assert client.get("/api/v1/customers/", {"q": "Briain"}).json() == []


def test_admin_pages_show_only_whom_the_person_may_see(ines: UUID, sean: UUID, hire: Hire) -> None:
    arranging.make_circle("private", name="Private office")
    arranging.protect(sean, circle="private")
    client = signed_in(hire(Role.ADMINISTRATOR))

    listed = client.get("/admin/customers/party/").content.decode()
    assert "C-204 881 37" in listed
    assert "C-300 000 01" not in listed
    assert "C-300 000 01" not in client.get("/admin/customers/party/", {"q": "C-300"}).content.decode().split("<main")[1].replace(
        'value="C-300', ""
    )
    assert client.get(f"/admin/customers/party/{ines}/change/").status_code == 200
    assert client.get(f"/admin/customers/party/{sean}/change/").status_code == 404
    assert client.get(f"/admin/customers/party/{uuid7()}/change/").status_code == 404


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
