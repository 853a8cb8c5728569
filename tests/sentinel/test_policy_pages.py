import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from bankos.platform import clock, jobs
from bankos.platform.actors import Actor, Role
from bankos.platform.models import User
from sentinel import impact, policy
from sentinel.models import PolicyVersion

from . import policy_life as life
from .desk import CREDIT, ask, party
from .texts import EXAMPLES, POLICIES, SCHEMA, without

pytestmark = pytest.mark.usefixtures("authority")

TEXTS = {"policies": POLICIES, "schema": SCHEMA, "examples": EXAMPLES, "note": "Why not"}
# A policy that does something else under the same words.
HIDDEN = re.sub(r"resource\.days_past_due > 0", "resource.days_past_due > 5", POLICIES)


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def page(author: Actor) -> Client:
    return signed_in(author)


def shown(client: Client, url: str, **given: Any) -> str:
    answer = client.get(url, **given)
    assert answer.status_code == 200, (answer.status_code, answer.content[:300])
    return re.sub(r"\s+", " ", answer.content.decode())


def tried(version: PolicyVersion, actor: Actor) -> UUID:
    """Past decisions made again with a version, to the end."""
    run = impact.start(version.pk, days=30, actor=actor, at=clock.now())
    jobs.run_to_end(run, at=clock.now())
    return run


@pytest.mark.parametrize("role", [Role.BRANCH_STAFF, Role.CONTACT_CENTRE, Role.TEAM_LEAD])
@pytest.mark.parametrize("path", ["", "1/", "new/", "1/text/", "1/examples/", "1/rules/staff-own-branch/", "1/impact/"])
def test_to_those_not_in_charge_the_pages_do_not_exist(role: Role, path: str) -> None:
    assert signed_in(life.employee("anna", role)).get(f"/policies/{path}").status_code == 404


@pytest.mark.parametrize("path", ["propose/", "roll-back/", "impact/start/", "impact/seen/"])
def test_those_not_in_charge_change_nothing(path: str) -> None:
    client = signed_in(life.employee("anna", Role.BRANCH_STAFF))

    assert client.post(f"/policies/1/{path}", {"when": "at_once", "days": 7}).status_code == 404


def test_an_unknown_version_or_rule_is_not_there(page: Client) -> None:
    for path in ("77/", "1/rules/no-such-rule/", "77/text/"):
        assert page.get(f"/policies/{path}").status_code == 404


def test_the_rules_in_force_are_read_by_owner_and_found_by_their_words(page: Client) -> None:
    whole = shown(page, "/policies/")
    assert "Rules of Compliance" in whole
    assert "Staff of a branch act for the customers of that branch" in whole

    found = shown(page, "/policies/?text=minors&owner=")

    assert "minors-hold-no-credit" in found
    assert "staff-own-branch" not in found
    assert "No rule fits" in shown(page, "/policies/?text=zzzz")


def test_a_rule_shows_its_words_its_source_its_examples_and_the_way_to_its_decisions(page: Client) -> None:
    html = shown(page, "/policies/1/rules/no-credit-in-arrears/")

    assert "/decisions/?rule=no-credit-in-arrears" in html
    assert "@id(&quot;no-credit-in-arrears&quot;)" in html
    assert html.count("Holds") >= 2


def test_a_version_is_compared_with_the_one_in_force_in_words(page: Client, author: Actor) -> None:
    version = life.draft(author)

    html = shown(page, f"/policies/{version.number}/")

    assert "Version 1 to 2" in html
    assert "<b>Other words, same effect:</b> Staff of a branch <del>act for</del><ins>serve</ins> the customers" in html
    assert f"{len(EXAMPLES and policy.active().text.rules) - 1} rules stay as they are" in html


def test_a_rule_that_does_something_else_under_the_same_words_is_marked(page: Client, author: Actor) -> None:
    assert HIDDEN != POLICIES
    version = life.draft(author, policies=HIDDEN)

    html = shown(page, f"/policies/{version.number}/")

    assert "Same words, other text" in html
    source = shown(page, f"/policies/{version.number}/?view=source")
    assert "<del>0</del>" in source
    assert "<ins>5</ins>" in source
    assert "<del>0</del>" in shown(page, f"/policies/{version.number}/?view=sides")


def test_new_and_removed_rules_are_said_in_their_own_words(page: Client, author: Actor) -> None:
    version = life.draft(author, policies=without("no-credit-in-arrears") + _permit_all())

    html = shown(page, f"/policies/{version.number}/")

    assert "<b>New rule:</b> Everything goes." in html
    assert "<b>No longer a rule:</b>" in html


def test_the_editor_starts_from_the_text_in_force_and_keeps_what_was_typed(page: Client) -> None:
    assert page.get("/policies/new/").context["form"]["policies"].value() == POLICIES
    broken = {
        **TEXTS,
        "policies": POLICIES.replace('@owner("Compliance")', "", 1),
        "examples": EXAMPLES.replace('"decides"', '"decide"', 1),
    }

    answer = page.post("/policies/new/", {**broken, "do": "save"})

    assert answer.status_code == 422
    html = answer.content.decode()
    assert re.search(r"line \d+: [a-z-]+ lacks @owner", html)
    assert re.search(r"line \d+, example \d+", html)
    assert answer.context["form"]["policies"].value() == broken["policies"]
    assert PolicyVersion.objects.count() == 1


def test_checking_tells_which_examples_fail_and_keeps_nothing(page: Client) -> None:
    answer = page.post("/policies/new/", {**TEXTS, "policies": without("no-credit-in-arrears"), "do": "check"})

    assert answer.status_code == 200
    assert "examples do not hold" in answer.content.decode()
    assert PolicyVersion.objects.count() == 1
    assert "all " in page.post("/policies/new/", {**TEXTS, "do": "check"}).content.decode()


def test_a_saved_draft_is_the_same_text_however_the_browser_ends_its_lines(page: Client, author: Actor) -> None:
    sent = {name: value.replace("\n", "\r\n") for name, value in TEXTS.items()}

    answer = page.post("/policies/new/", {**sent, "do": "save"})

    version = PolicyVersion.objects.get(number=2)
    assert answer["Location"] == "/policies/2/"
    assert (version.sha256, version.drafted_by, version.state) == (policy.active().sha256, author.id, "draft")


def test_the_impact_is_started_watched_listed_and_looked_at(page: Client, author: Actor) -> None:
    ask(action=CREDIT, resource=party(days_past_due=3))
    version = life.draft(author, policies=HIDDEN)
    url = f"/policies/{version.number}/"

    assert page.post(f"{url}impact/start/", {"days": 7}).status_code == 302
    waiting = shown(page, url)
    assert 'hx-trigger="every 1s"' in waiting
    assert "I have looked at it" not in waiting
    run = tried(version, author)

    done = shown(page, url)
    assert "All 1 decisions made again: 1 would come out differently." in done
    assert 'hx-trigger="every 1s"' not in done
    assert "Refused, would be permitted" in done
    listed = shown(page, f"{url}impact/{run}/?was=deny&would_be=permit")
    assert "no-credit-in-arrears" in listed
    assert "No decision would come out differently" in shown(page, f"{url}impact/{run}/?was=permit&would_be=deny")

    page.post(f"{url}impact/seen/")
    assert version.steps.filter(kind="impact_seen", actor_id=author.id).count() == 1
    assert "I have looked at it" not in shown(page, url)


def test_the_panel_alone_answers_a_script(page: Client, author: Actor) -> None:
    version = life.draft(author)

    html = shown(page, f"/policies/{version.number}/impact/", headers={"HX-Request": "true"})

    assert html.lstrip().startswith('<section class="panel"')
    assert "<html" not in html


def test_a_run_is_stopped(page: Client, author: Actor) -> None:
    ask()
    version = life.draft(author)
    page.post(f"/policies/{version.number}/impact/start/", {"days": 30})
    run = impact.latest(version.pk)

    page.post(f"/policies/{version.number}/impact/{run.run_id}/stop/")

    assert impact.latest(version.pk).state == "stopped"
    assert "Stopped after 0 of 1 decisions." in shown(page, f"/policies/{version.number}/")


def test_a_draft_is_proposed_and_leads_to_its_request(page: Client, author: Actor) -> None:
    version = life.ready(author)

    assert page.post(f"/policies/{version.number}/propose/", {"when": "at_once", "note": "Look"}).status_code == 302

    html = shown(page, f"/policies/{version.number}/")
    assert "Needs a second person" in html
    assert re.search(r'href="/approvals/[0-9a-f-]{36}/"', html)
    assert "You wrote it, so you may not be the one." in html


def test_what_may_not_be_proposed_says_why_and_keeps_the_note(page: Client, author: Actor) -> None:
    version = life.draft(author)
    html = shown(page, f"/policies/{version.number}/")
    assert "First look at its impact." in html
    assert 'aria-disabled="true"' in html

    answer = page.post(f"/policies/{version.number}/propose/", {"when": "at_once", "note": "My reasons"})

    assert answer.status_code == 422
    assert "only after its examples hold and its impact has been looked at" in answer.content.decode()
    assert "My reasons" in answer.content.decode()


def test_a_moment_is_read_as_the_bank_s_own_time(page: Client, author: Actor, second: Actor) -> None:
    version = life.ready(author)
    local = timezone.localtime(clock.now() + timedelta(days=3)).replace(second=0, microsecond=0)

    page.post(f"/policies/{version.number}/propose/", {"when": "from", "moment": local.strftime("%Y-%m-%dT%H:%M")})

    request = re.search(r"/approvals/([0-9a-f-]{36})/", shown(page, f"/policies/{version.number}/"))
    life.approve(UUID(request[1]), second)
    version.refresh_from_db()
    assert (version.state, version.active_from) == ("scheduled", local)
    assert "Takes over" in shown(page, f"/policies/{version.number}/")


@pytest.mark.parametrize(
    ("given", "said"),
    [({"when": "from"}, "Give the day and the time."), ({"when": "from", "moment": "soon"}, "Give a day and a time"), ({}, "required")],
)
def test_a_proposal_without_a_moment_is_sent_back(page: Client, author: Actor, given: dict[str, str], said: str) -> None:
    version = life.ready(author)

    answer = page.post(f"/policies/{version.number}/propose/", given)

    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_an_older_version_is_gone_back_to(page: Client, author: Actor, second: Actor) -> None:
    life.in_force(author, second)
    assert "Go back to this version" in shown(page, "/policies/1/")

    answer = page.post("/policies/1/roll-back/")

    assert answer["Location"] == "/policies/3/"
    assert PolicyVersion.objects.get(number=3).sha256 == PolicyVersion.objects.get(number=1).sha256
    assert "Back to version 1" in shown(page, "/policies/")


def test_the_life_of_a_version_is_told_in_order(page: Client, author: Actor, second: Actor) -> None:
    version = life.in_force(author, second)

    html = shown(page, f"/policies/{version.number}/")

    told = [html.index(f"<b>{label}</b>") for label in ("Written", "Examples run", "Impact looked at", "Proposed", "Approved", "In force")]
    assert told == sorted(told)
    assert "by Niamh" in html


def test_every_example_is_listed_and_new_ones_are_marked(page: Client, author: Actor) -> None:
    examples = EXAMPLES.rstrip().removesuffix("}").rstrip().removesuffix("]").rstrip()
    line = '{"rule": "no-credit-in-arrears", "says": "Ninety days late", "actor": "branch_staff", "action": "credit.offer", '
    line += '"resource": {"like": "adult", "days_past_due": 90}, "then": "deny", "decides": true}'
    version = life.draft(author, policies=POLICIES, examples=f"{examples}, {line}]}}")

    html = shown(page, f"/policies/{version.number}/")

    assert "Examples: 1 new, 0 gone." in html
    assert html.index("Ninety days late") < html.index("New in 2")
    assert "Ninety days late" in shown(page, f"/policies/{version.number}/examples/")


def test_the_whole_text_can_be_read(page: Client) -> None:
    assert policy.active().sha256 in shown(page, "/policies/1/text/")


def _permit_all() -> str:
    return """
@id("everything-goes")
@sentence("Everything goes.")
@customer("Everything goes.")
@owner("Compliance")
@basis("None")
permit (principal is Employee, action == Action::"product.offer", resource);
"""
