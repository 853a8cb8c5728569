"""Forgetting a customer: with two people, for ever, and without taking the proof along."""

from uuid import UUID

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.ids import uuid7
from bankos.platform.models import DomainEvent
from sentinel import actions, approvals, decision_story, decisions, erasure, facts_shown
from sentinel.actions import NotPossible
from sentinel.authority import Outcome
from sentinel.contexts import ContentErased, content_of
from sentinel.models import ContextKey, Decision

from .desk import CREDIT, ask, compliance, lead, party, staff
from .policy_life import officer

pytestmark = pytest.mark.usefixtures("authority")
REASON = "Asked for by the customer"


@pytest.fixture
def party_id() -> UUID:
    return uuid7()


@pytest.fixture
def refused(party_id: UUID) -> UUID:
    """A decision about the customer, with something to explain."""
    return ask(action=CREDIT, resource=party(str(party_id), days_past_due=4)).id


def asked_for(party_id: UUID, *, by: Actor | None = None) -> actions.Ran:
    return erasure.erase(party_id, actor=by or officer("maeve"), reason=REASON, at=clock.now())


@pytest.fixture
def erased(party_id: UUID, refused: UUID) -> UUID:
    """The decision by which everything about the customer was erased."""
    waiting = asked_for(party_id)
    assert waiting.request_id is not None
    done = actions.approve(waiting.request_id, actor=officer("niamh"), at=clock.now())
    assert done.done
    return done.decision.id


def row_of(decision_id: UUID) -> Decision:
    return Decision.objects.select_related("context_key").get(pk=decision_id)


def test_one_person_alone_erases_nothing(party_id: UUID, refused: UUID) -> None:
    waiting = asked_for(party_id)

    assert (waiting.done, waiting.decision.outcome) == (False, Outcome.NEEDS_APPROVAL)
    assert content_of(row_of(refused))["request"]["resource"]["attrs"]["days_past_due"] == 4


def test_the_second_person_is_another_one_who_oversees(party_id: UUID, refused: UUID) -> None:
    maeve = officer("maeve")
    waiting = asked_for(party_id, by=maeve)
    assert waiting.request_id is not None

    with pytest.raises(approvals.MakerIsChecker):
        actions.approve(waiting.request_id, actor=maeve, at=clock.now())
    with pytest.raises(approvals.NotEligible):
        actions.approve(waiting.request_id, actor=lead(), at=clock.now())
    assert ContextKey.objects.get(subject_id=str(party_id)).wrapped is not None


@pytest.mark.parametrize("who", [staff(), lead()], ids=lambda who: "".join(who.roles))
def test_who_does_not_oversee_cannot_ask_for_it(party_id: UUID, refused: UUID, who: Actor) -> None:
    refusal = asked_for(party_id, by=who)

    assert (refusal.done, refusal.request_id) == (False, None)


def test_everything_it_rested_on_is_gone_with_the_erasing_decision_itself(party_id: UUID, refused: UUID, erased: UUID) -> None:
    about = Decision.objects.filter(resource_id=str(party_id)).select_related("context_key")

    assert about.count() == 3  # the refusal, the asking and the permit
    for row in about:
        with pytest.raises(ContentErased):
            content_of(row)
    [key] = ContextKey.objects.filter(subject_id=str(party_id))
    assert (key.wrapped, key.erased_by) == (None, erased)
    assert REASON not in str(Decision.objects.filter(resource_id=str(party_id)).values_list("token", "parameters"))


def test_signatures_and_records_still_hold(party_id: UUID, refused: UUID, erased: UUID) -> None:
    for id in Decision.objects.filter(resource_id=str(party_id)).values_list("pk", flat=True):
        verification = decisions.verify(id, actor=compliance())

        assert verification.ok, verification
        assert {check.detail for check in verification.checks if check.name in ("context", "replay")} == {"content erased"}


def test_the_explanation_says_so_and_explains_nothing(refused: UUID, erased: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_shown, "_visible", {})  # no floor above knows this customer
    told = decision_story.dossier_of(refused, actor=compliance(), at=clock.now())

    assert told.story.erased_at is not None
    assert (told.story.rules, told.story.changes, told.story.data, told.story.today) == ((), (), (), None)
    assert (told.decision.context, [rule.id for rule in told.decision.rules]) == (None, ["no-credit-in-arrears"])


def test_what_is_decided_afterwards_has_a_key_of_its_own(party_id: UUID, erased: UUID) -> None:
    later = ask(resource=party(str(party_id)))

    assert content_of(row_of(later.id))["request"]["resource"]["attrs"]["age_years"] == 41
    assert ContextKey.objects.filter(subject_id=str(party_id), erased_at=None).count() == 1


def test_others_are_not_touched(party_id: UUID, erased: UUID) -> None:
    other = ask(resource=party("party-2"))

    assert content_of(row_of(other.id))


def test_it_is_told_once(party_id: UUID, erased: UUID) -> None:
    told = DomainEvent.objects.get(type="sentinel.customer.erased")

    assert (told.subject, told.data) == (str(party_id), {"decision": str(erased)})


def test_where_nothing_is_kept_there_is_nothing_to_erase() -> None:
    with pytest.raises(NotPossible):
        asked_for(uuid7())


def test_twice_is_once(party_id: UUID, erased: UUID) -> None:
    """The first erasing took its own decision along, so that nothing is left to ask for."""
    with pytest.raises(NotPossible):
        asked_for(party_id, by=officer("nora"))
