"""People join, move, get and lose roles, and leave: by acts with decisions, and in no other way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from bankos.platform import actors, clock, sessions
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import OneTimeLink, RoleMembership, User
from sentinel import actions, approvals, mandate_changes
from sentinel.actions import NotPossible, Ran
from sentinel.approvals import NotEligible
from sentinel.models import Decision
from sentinel.people import joining, leaving, roles, ways_in
from sentinel.people.joining import Joined, Newcomer
from sentinel.people.ways_in import LinkNotGood
from tests import people

pytestmark = pytest.mark.usefixtures("authority")

PASSWORD = "quiet-harbour-7-lamps"


@pytest.fixture
def orla() -> Actor:
    return people.colleague("orla", Role.ADMINISTRATOR)


@pytest.fixture
def other_administrator() -> Actor:
    return people.colleague("ivo", Role.ADMINISTRATOR)


@pytest.fixture
def maeve() -> Actor:
    return people.colleague("maeve", Role.COMPLIANCE)


@pytest.fixture
def niamh() -> Actor:
    return people.colleague("niamh", Role.COMPLIANCE)


@pytest.fixture
def siobhan() -> Actor:
    return people.colleague("siobhan", Role.BRANCH_STAFF)


def now_of(person: Actor) -> Actor:
    return actors.employee(User.objects.get(pk=person.id))


def grant(person: Actor, role: Role, by: Actor) -> Ran:
    return roles.grant(person_id=UUID(person.id), role=role, reason="Needed", actor=by, at=clock.now())


def withdraw(person: Actor, role: Role, by: Actor) -> Ran:
    return roles.withdraw(person_id=UUID(person.id), role=role, reason="No longer", actor=by, at=clock.now())


def let_in(by: Actor, role: Role | None = Role.BRANCH_STAFF, username: str = "nora") -> Joined:
    newcomer = Newcomer(username, username.capitalize(), "Adviser", role)
    return joining.join(newcomer, reason="Starts on Monday", actor=by, at=clock.now())


def agree(asked: Ran, by: Actor) -> Ran:
    assert asked.request_id is not None, asked.sentence
    return actions.approve(asked.request_id, actor=by, at=clock.now())


# ---- giving takes two


@pytest.mark.parametrize("role", [Role.TEAM_LEAD, Role.CONTACT_CENTRE])
def test_a_role_is_held_only_once_a_second_person_agreed(orla: Actor, maeve: Actor, siobhan: Actor, role: Role) -> None:
    asked = grant(siobhan, role, orla)
    assert role not in now_of(siobhan).roles

    assert agree(asked, maeve).done

    assert role in now_of(siobhan).roles
    held = RoleMembership.objects.get(user_id=siobhan.id, role=role)
    given = Decision.objects.get(pk=str(held.granted_by))
    assert (given.action, given.actor_id, given.approvals[0]["by"]) == ("role.grant", orla.id, maeve.id)


def test_who_gets_a_role_does_not_agree_to_it(orla: Actor, maeve: Actor) -> None:
    nobody_yet = people.colleague("nora")
    asked = grant(nobody_yet, Role.COMPLIANCE, orla)
    people.give(User.objects.get(pk=nobody_yet.id), Role.ADMINISTRATOR)
    with pytest.raises(NotEligible):
        agree(asked, now_of(nobody_yet))


@pytest.mark.parametrize("role", list(Role))
def test_nobody_gives_a_role_to_themselves(orla: Actor, maeve: Actor, role: Role) -> None:
    if role is Role.ADMINISTRATOR:
        with pytest.raises(NotPossible):
            grant(orla, role, orla)
        return
    asked = grant(orla, role, orla)
    assert (asked.done, asked.request_id) == (False, None)


@pytest.mark.parametrize("by", [Role.BRANCH_STAFF, Role.TEAM_LEAD, Role.CONTACT_CENTRE, Role.COMPLIANCE])
def test_nobody_but_an_administrator_asks_for_a_role(maeve: Actor, siobhan: Actor, by: Role) -> None:
    asked = grant(siobhan, Role.TEAM_LEAD, people.colleague("asker", by))
    assert (asked.done, asked.request_id) == (False, None)


def test_an_administrator_never_comes_to_oversee_alone(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    """Not through a new name either: whoever she lets in, somebody else agreed."""
    assert not let_in(orla, Role.COMPLIANCE, "puppet").answer.done
    assert not User.objects.filter(username="puppet").exists()
    assert not joining.reset_access(person_id=UUID(maeve.id), reason="Lost it", actor=orla, at=clock.now()).done
    assert not grant(siobhan, Role.COMPLIANCE, orla).done


def test_who_oversees_holds_no_other_role(orla: Actor, other_administrator: Actor, maeve: Actor, siobhan: Actor) -> None:
    for person, role in ((siobhan, Role.COMPLIANCE), (maeve, Role.TEAM_LEAD), (other_administrator, Role.COMPLIANCE)):
        asked = grant(person, role, orla)
        assert (asked.done, asked.request_id) == (False, None)


def test_what_waits_of_somebody_who_left_is_not_done(orla: Actor, other_administrator: Actor, maeve: Actor, siobhan: Actor) -> None:
    asked = grant(siobhan, Role.TEAM_LEAD, other_administrator)
    assert leaving.leave(person_id=UUID(other_administrator.id), reason="Goes", actor=orla, at=clock.now()).done
    with pytest.raises(NotPossible):
        agree(asked, maeve)
    assert Role.TEAM_LEAD not in now_of(siobhan).roles


# ---- taking away takes one, and never the last


@pytest.mark.parametrize("by", [Role.ADMINISTRATOR, Role.COMPLIANCE])
def test_a_role_is_taken_away_by_one_at_once(siobhan: Actor, by: Role) -> None:
    assert withdraw(siobhan, Role.BRANCH_STAFF, people.colleague("who", by)).done
    assert now_of(siobhan).roles == frozenset()


def test_the_last_of_each_kind_of_oversight_stays(orla: Actor, maeve: Actor) -> None:
    assert not withdraw(maeve, Role.COMPLIANCE, orla).done
    assert not leaving.leave(person_id=UUID(maeve.id), reason="Goes", actor=orla, at=clock.now()).done
    assert not withdraw(orla, Role.ADMINISTRATOR, maeve).done
    assert not leaving.leave(person_id=UUID(orla.id), reason="Goes", actor=maeve, at=clock.now()).done


def test_who_never_came_in_is_nobody_to_rely_on(orla: Actor, maeve: Actor) -> None:
    people.colleague("ghost", Role.COMPLIANCE, settled=False)
    assert not withdraw(maeve, Role.COMPLIANCE, orla).done


def test_one_of_two_may_go(orla: Actor, maeve: Actor, niamh: Actor) -> None:
    assert withdraw(maeve, Role.COMPLIANCE, orla).done
    assert not withdraw(niamh, Role.COMPLIANCE, orla).done


# ---- the database


def as_application(sql: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


REFUSED = (
    r"no decision moves|not signed by the bank|a person keeps their id|given once and ends once|must be owner|permission denied|"
    r'column "is_superuser" of relation "platform_user" does not exist'
)
INSERT = "INSERT INTO platform_rolemembership (id, user_id, role, granted_at, granted_by) VALUES (gen_random_uuid(), %s, %s, now(), %s)"


def test_the_database_takes_no_role_without_a_permit_for_it(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    denied = grant(siobhan, Role.TEAM_LEAD, maeve).decision.id
    for_another = agree(grant(siobhan, Role.TEAM_LEAD, orla), maeve).decision.id
    lent = mandate_changes.delegate(
        giver=orla, receiver_id=UUID(siobhan.id), role=Role.ADMINISTRATOR, until=clock.today(), reason="Leave", at=clock.now()
    ).decision.id
    for decision in (None, uuid4(), denied, for_another, lent):
        with pytest.raises(DatabaseError, match=r"no decision gives|not signed by the bank"):
            as_application(INSERT, siobhan.id, "compliance_officer", decision)
        with pytest.raises(DatabaseError, match=r"no decision gives|not signed by the bank"):
            as_application(INSERT, orla.id, "compliance_officer", decision)


def test_a_permit_that_was_not_used_gives_nothing(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    from sentinel import authority
    from sentinel.people import facts

    resource = facts.resource_of(User.objects.get(pk=siobhan.id))
    given = {"role": "team_lead", "reason": "Needed"}
    at = clock.now()
    asked = authority.authorize(actor=orla, action="role.grant", resource=resource, parameters=given, at=at)
    waits = approvals.request(asked, at=at)
    approvals.approve(waits.id, actor=maeve, at=at)
    permit = authority.authorize(actor=orla, action="role.grant", resource=resource, parameters=given, at=at, approval=waits.id)
    assert permit.outcome == "permit"
    with pytest.raises(DatabaseError, match=r"no decision gives|not signed by the bank"):
        as_application(INSERT, siobhan.id, "team_lead", permit.id)


def test_one_permit_gives_one_role_once(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    permit = agree(grant(siobhan, Role.TEAM_LEAD, orla), maeve).decision.id
    withdraw(siobhan, Role.TEAM_LEAD, orla)
    with pytest.raises(DatabaseError, match="platform_rolemembership_granted_by_key"):
        as_application(INSERT, siobhan.id, "team_lead", permit)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE platform_rolemembership SET role = 'compliance_officer' WHERE user_id = %s",
        "UPDATE platform_rolemembership SET user_id = (SELECT id FROM platform_user WHERE username = 'maeve') WHERE user_id = %s",
        "UPDATE platform_rolemembership SET withdrawn_at = now(), withdrawn_by = gen_random_uuid() WHERE user_id = %s",
        "DELETE FROM platform_rolemembership WHERE user_id = %s",
        "TRUNCATE platform_rolemembership",
        "UPDATE platform_user SET branch_code = 'GAL1' WHERE id = %s",
        "UPDATE platform_user SET manager_id = (SELECT id FROM platform_user WHERE username = 'maeve') WHERE id = %s",
        "UPDATE platform_user SET placed_by = gen_random_uuid() WHERE id = %s",
        "UPDATE platform_user SET id = gen_random_uuid() WHERE id = %s",
        "UPDATE platform_user SET is_superuser = true WHERE id = %s",
        "ALTER TABLE platform_rolemembership DISABLE TRIGGER ALL",
        "CREATE OR REPLACE FUNCTION sentinel_guard_membership() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_the_application_changes_no_role_and_no_place_past_the_acts(maeve: Actor, siobhan: Actor, change: str) -> None:
    before = (now_of(siobhan), now_of(maeve))
    with pytest.raises(DatabaseError, match=REFUSED):
        as_application(change, *[siobhan.id] * change.count("%s"))
    assert (now_of(siobhan), now_of(maeve)) == before


def test_a_table_of_ones_own_is_not_taken_for_the_decisions(siobhan: Actor) -> None:
    decision = uuid4()
    as_application(
        "CREATE TEMP TABLE sentinel_decision AS SELECT %s::uuid AS id, 'bank' AS store, 'permit' AS outcome, 1 AS leaf_index,"
        " 'Staff' AS resource_type, %s AS resource_id, 'role.grant' AS action, '{\"role\": \"compliance_officer\"}'::jsonb AS parameters",
        decision,
        siobhan.id,
    )
    as_application("CREATE TEMP TABLE sentinel_consumption AS SELECT %s::uuid AS decision_id", decision)
    with pytest.raises(DatabaseError, match=r"no decision gives|not signed by the bank"):
        as_application(INSERT, siobhan.id, "compliance_officer", decision)


def test_groups_give_no_role_whatever_they_are_called(siobhan: Actor) -> None:
    group = Group.objects.create(name="parked")
    User.objects.get(pk=siobhan.id).groups.add(group)
    as_application("UPDATE auth_group SET name = 'compliance_officer' WHERE id = %s", group.pk)
    assert now_of(siobhan).roles == {Role.BRANCH_STAFF}


def test_nobody_is_made_a_superuser() -> None:
    with pytest.raises(TypeError):
        User.objects.create_superuser("root", password=PASSWORD)
    assert User.objects.create_user("plain", is_active=True).is_superuser is False


# ---- leaving


def test_who_leaves_is_signed_out_and_holds_nothing(orla: Actor, maeve: Actor, niamh: Actor, siobhan: Actor) -> None:
    browser = Client()
    browser.force_login(User.objects.get(pk=maeve.id), backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/me/settings/").status_code == 200
    lent = people.lend(niamh.id, maeve.id, Role.COMPLIANCE)

    assert leaving.leave(person_id=UUID(maeve.id), reason="Retires", actor=orla, at=clock.now()).done

    assert browser.get("/me/settings/").status_code == 302
    assert browser.get("/api/v1/decisions/").status_code in (401, 403)
    assert sessions.open_sessions(UUID(maeve.id), at=clock.now()) == []
    gone = User.objects.get(pk=maeve.id)
    assert (gone.is_active, gone.has_usable_password(), now_of(maeve).roles) == (False, False, frozenset())
    lent.refresh_from_db()
    assert lent.revoked_at is not None


def test_who_left_is_not_brought_back_past_the_acts(orla: Actor, siobhan: Actor) -> None:
    assert leaving.leave(person_id=UUID(siobhan.id), reason="Goes", actor=orla, at=clock.now()).done
    with pytest.raises(DatabaseError, match="no decision moves"):
        as_application("UPDATE platform_user SET is_active = true WHERE id = %s", siobhan.id)


# ---- moving


def test_a_move_changes_branch_and_line_with_two_people(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    lead = people.colleague("ruairi", Role.TEAM_LEAD)
    asked = joining.move(
        person_id=UUID(siobhan.id),
        branch="DUB1",
        manager=UUID(lead.id),
        job_title="Adviser",
        reason="Moves house",
        actor=orla,
        at=clock.now(),
    )
    assert now_of(siobhan).branch is None
    assert agree(asked, maeve).done
    assert (now_of(siobhan).branch, now_of(siobhan).line) == ("DUB1", (lead.id,))


def test_no_line_leads_back_into_itself(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    below = people.colleague("below", Role.BRANCH_STAFF, manager_id=siobhan.id)
    with pytest.raises(NotPossible, match="themselves"):
        joining.move(
            person_id=UUID(siobhan.id), branch="", manager=UUID(below.id), job_title="", reason="Mistake", actor=orla, at=clock.now()
        )


# ---- ways in


@pytest.fixture
def nora(orla: Actor, maeve: Actor) -> User:
    joined = let_in(orla)
    assert agree(joined.answer, maeve).done
    return User.objects.get(username="nora")


def test_link_and_code_together_let_in_once(orla: Actor, maeve: Actor, nora: User) -> None:
    at = clock.now()
    secret, code = ways_in.make_link(nora.pk, by=orla.id, at=at), ways_in.make_code(nora.pk, by=maeve.id, at=at)

    ways_in.use(secret, code=f"{code[:5]}-{code[5:].lower()}", password=PASSWORD, at=at)

    nora.refresh_from_db()
    assert nora.check_password(PASSWORD)
    assert nora.activated_at == at
    with pytest.raises(LinkNotGood):
        ways_in.use(secret, code=code, password="another-quiet-harbour", at=at)


def test_who_asked_cannot_come_in_as_the_colleague(orla: Actor, maeve: Actor, nora: User) -> None:
    at = clock.now()
    secret = ways_in.make_link(nora.pk, by=orla.id, at=at)
    with pytest.raises(LinkNotGood):
        ways_in.make_code(nora.pk, by=orla.id, at=at)
    for code in ("", "0000000000"):
        with pytest.raises(LinkNotGood):
            ways_in.use(secret, code=code, password=PASSWORD, at=at)
    assert ways_in.make_code(nora.pk, by=maeve.id, at=at) not in str(OneTimeLink.objects.values_list())


def test_codes_are_not_guessed(orla: Actor, maeve: Actor, nora: User) -> None:
    at = clock.now()
    secret, code = ways_in.make_link(nora.pk, by=orla.id, at=at), ways_in.make_code(nora.pk, by=maeve.id, at=at)
    for _ in range(ways_in.MOST_WRONG_CODES):
        with pytest.raises(LinkNotGood):
            ways_in.use(secret, code="WRONGWRONG", password=PASSWORD, at=at)
    with pytest.raises(LinkNotGood):
        ways_in.use(secret, code=code, password=PASSWORD, at=at)


@pytest.mark.parametrize("spoil", ["expired", "replaced", "left"])
def test_a_link_that_is_no_good_any_more(orla: Actor, maeve: Actor, nora: User, spoil: str) -> None:
    at = clock.now()
    secret, code = ways_in.make_link(nora.pk, by=orla.id, at=at), ways_in.make_code(nora.pk, by=maeve.id, at=at)
    if spoil == "expired":
        at += ways_in.GOOD_FOR
    elif spoil == "replaced":
        ways_in.make_link(nora.pk, by=orla.id, at=at)
    else:
        assert leaving.leave(person_id=nora.pk, reason="Goes", actor=orla, at=at).done
    with pytest.raises(LinkNotGood):
        ways_in.use(secret, code=code, password=PASSWORD, at=at)


def test_a_reset_closes_every_way_in_at_once(orla: Actor, maeve: Actor, siobhan: Actor) -> None:
    user = User.objects.get(pk=siobhan.id)
    user.set_password(PASSWORD)
    user.save()
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    asked = joining.reset_access(person_id=user.pk, reason="Lost the phone", actor=orla, at=clock.now())
    assert browser.get("/me/settings/").status_code == 200

    assert agree(asked, maeve).done

    assert browser.get("/me/settings/").status_code == 302
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert now_of(siobhan).roles == {Role.BRANCH_STAFF}


# ---- the first ones


def test_the_first_administrator_is_made_once_by_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("first_administrator", "orla", name="Orla Tierney")
    [secret] = [line.strip().rstrip("/").rpartition("/")[2] for line in capsys.readouterr().out.splitlines() if "way-in" in line]
    ways_in.use(secret, code="", password=PASSWORD, at=clock.now())
    user = User.objects.get(username="orla")
    assert actors.employee(user).roles == {Role.ADMINISTRATOR}
    made = Decision.objects.get(pk=str(user.memberships.get().granted_by))
    assert (made.action, made.actor_kind, made.outcome) == ("person.first_administrator", "system", "permit")
    for name in ("orla", "ivo"):
        with pytest.raises(CommandError):
            call_command("first_administrator", name)


def test_a_lost_first_link_is_made_again_for_the_same_person_only(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("first_administrator", "orla")
    with pytest.raises(CommandError):
        call_command("first_administrator", "ivo")
    call_command("first_administrator", "orla")
    assert capsys.readouterr().out.count("way-in") == 2
    assert RoleMembership.objects.count() == 1


def test_the_first_compliance_officer_is_let_in_by_the_administrator_alone_and_no_other(orla: Actor) -> None:
    assert not let_in(orla, Role.ADMINISTRATOR, "ivo").answer.done
    assert not let_in(orla, Role.BRANCH_STAFF, "siobhan").answer.done
    first = let_in(orla, Role.COMPLIANCE, "maeve")
    assert first.answer.done
    at = clock.now()
    ways_in.use(ways_in.make_link(first.person_id, by=orla.id, at=at), code="", password=PASSWORD, at=at)

    assert not let_in(orla, Role.COMPLIANCE, "niamh").answer.done
    assert not joining.reset_access(person_id=first.person_id, reason="Lost", actor=orla, at=clock.now()).done


# ---- sessions


@pytest.fixture
def sign_in() -> Callable[[Actor], Client]:
    def one(actor: Actor) -> Client:
        browser = Client()
        browser.force_login(User.objects.get(pk=actor.id), backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return one


def test_a_session_ends_when_it_rests(siobhan: Actor, sign_in: Callable[[Actor], Client], settings: Any) -> None:
    browser, start = sign_in(siobhan), clock.now()
    for minutes in (20, 45, 70):  # used before it rested for 30
        with clock.stopped_at(start + timedelta(minutes=minutes)):
            assert browser.get("/me/settings/").status_code == 200
    with clock.stopped_at(start + timedelta(minutes=101)):
        assert browser.get("/me/settings/").status_code == 302
    with clock.stopped_at(start + timedelta(minutes=71)):
        assert browser.get("/me/settings/").status_code == 302  # it does not come back


def test_a_session_ends_after_a_day_however_much_it_is_used(siobhan: Actor, sign_in: Callable[[Actor], Client], settings: Any) -> None:
    settings.SESSION_COOKIE_AGE = 100
    browser, start = sign_in(siobhan), clock.now()
    browser.post("/me/settings/", {"theme": "dark", "density": "compact"})  # what writes to the session does not lengthen it
    [row] = sessions.SessionStore.get_model_class().objects.filter(user=siobhan.id)
    assert row.expire_date <= start + timedelta(seconds=101)


def test_everybody_sees_and_ends_their_own_sessions_only(siobhan: Actor, maeve: Actor, sign_in: Callable[[Actor], Client]) -> None:
    here, there, stranger = sign_in(siobhan), sign_in(siobhan), sign_in(maeve)
    [theirs] = sessions.open_sessions(UUID(maeve.id), at=clock.now())
    here.post("/me/sessions/", {"session": theirs.handle})
    assert stranger.get("/me/settings/").status_code == 200

    here.post("/me/sessions/", {})

    assert there.get("/me/settings/").status_code == 302
    assert here.get("/me/sessions/").status_code == 200


def test_ids_of_nobody_change_nothing(orla: Actor, maeve: Actor) -> None:
    for ask in (leaving.sign_out, lambda **given: leaving.leave(reason="x", **given)):
        with pytest.raises(NotPossible):
            ask(person_id=uuid7(), actor=orla, at=clock.now())
