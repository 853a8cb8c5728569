"""Erasing a customer: what goes, what the law keeps, what a hold stops, and that the proof stays whole."""

import zlib
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from customers import consents, search, state, timeline
from customers.identity import members_of
from customers.models import (
    Arrangement,
    ErasurePiece,
    Interaction,
    PartyFact,
    RetentionRule,
    RightsRequest,
    Signal,
    SourceChunk,
    Transaction,
)
from customers.rights import access, asking, erasing, holds, raw
from customers.visibility import NotVisible
from sentinel import actions, approvals, decisions, erasure, redaction, transparency
from sentinel.actions import Ran
from sentinel.authority import NotPermitted
from sentinel.models import ApprovalAnswer, ApprovalMessage, ApprovalRequest, Decision, Redaction
from tests.bank import Bank, Customer

from .everywhere import anywhere

REASON = "Asked for it at the counter"
SECRET = "Nuala’s loan for a boat called Banríon"


@pytest.fixture
def nuala(bank: Bank, adviser: Actor) -> Customer:
    """Once a customer, with a closed account; of everything there is something."""
    nuala = bank.customer("Nuala McGettigan", email="nuala@posteo.example", phone="+353 86 555 0101")
    account = bank.current_account(nuala)
    bank.transactions(account, [(clock.today(), "-20.00", "Boat yard Kilrush")])
    bank.contact(nuala, SECRET, at=clock.now())
    bank.signal(nuala, at=clock.now(), detail=SECRET)
    consents.change_consent(
        nuala.id, purpose="marketing", given=False, channel="phone", evidence="call 4711", actor=adviser, at=clock.now()
    )
    return nuala


def close_accounts(customer: Customer) -> None:
    Arrangement.objects.filter(roles__party__in=members_of(customer.id)).update(status=Arrangement.Status.CLOSED)


def erase(customer: Customer, by: Actor, agreed_by: Actor) -> Ran:
    waiting = erasure.erase(customer.id, actor=by, reason=REASON, at=clock.now())
    assert waiting.request_id is not None, waiting.sentence
    return actions.approve(waiting.request_id, actor=agreed_by, at=clock.now(), note="Seen her letter")


def rules(**years: int) -> None:
    """Only these categories are kept, so many years."""
    RetentionRule.objects.update(years=0)
    for category, kept in years.items():
        RetentionRule.objects.filter(category=category).update(years=kept)


def test_nothing_of_the_customer_is_found_anywhere_once_nothing_is_kept(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    rules()
    for text in (SECRET, "McGettigan", "MCGETTIGAN", nuala.email, nuala.number, nuala.national_id, "Boat yard Kilrush", "call 4711"):
        assert anywhere(text), text

    assert erase(nuala, officer, second).done

    for text in (SECRET, "McGettigan", nuala.email, nuala.number, nuala.national_id, "Boat yard Kilrush", "call 4711", REASON, "Seen her"):
        assert anywhere(text) == [], text


def test_others_in_the_same_files_are_not_touched(bank: Bank, ines: Customer, nuala: Customer, officer: Actor, second: Actor) -> None:
    bank.contact(ines, "Called about a card", at=clock.now())
    close_accounts(nuala)
    rules()
    before = state.state_of(ines.id, actor=officer, at=clock.now())
    lines = sum(chunk.line_count for chunk in SourceChunk.objects.all())
    erase(nuala, officer, second)

    after = state.state_of(ines.id, actor=officer, at=clock.now())
    assert (after.names, after.email, after.phone) == (before.names, before.email, before.phone)
    assert Interaction.objects.filter(summary="Called about a card").exists()
    assert any(ines.email.encode() in zlib.decompress(bytes(chunk.raw)) for chunk in SourceChunk.objects.all())
    unpacked = [zlib.decompress(bytes(chunk.raw)).splitlines() for chunk in SourceChunk.objects.all()]
    assert sum(map(len, unpacked)) == lines, "every line keeps its place"


def test_what_the_law_keeps_stays_and_says_until_when(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    erase(nuala, officer, second)

    pieces = {piece.category: piece for piece in ErasurePiece.objects.all()}
    today = clock.today()
    assert pieces["behaviour"].erased_at is not None
    assert pieces["decisions"].erased_at is not None
    assert (pieces["transactions"].erased_at, pieces["transactions"].due_date) == (None, date(today.year + 6, today.month, today.day))
    assert "Taxes Consolidation Act" in pieces["transactions"].legal_ground
    assert Transaction.objects.filter(counterparty="Boat yard Kilrush").exists()
    assert not Signal.objects.filter(detail=SECRET).exists()
    request = RightsRequest.objects.get(kind="erasure")
    assert request.state == "done"
    assert "Kept by law" in request.answer


def test_afterwards_only_compliance_knows_the_customer(bank: Bank, nuala: Customer, adviser: Actor, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    lead, centre = bank.staff(Role.TEAM_LEAD, branch=nuala.branch), bank.staff(Role.CONTACT_CENTRE)
    admin = bank.staff(Role.ADMINISTRATOR)
    erase(nuala, officer, second)

    for who in (adviser, lead, centre, admin):
        with pytest.raises(NotVisible):
            state.state_of(nuala.id, actor=who, at=clock.now())
        with pytest.raises(NotVisible):
            timeline.entries_of(nuala.id, actor=who)
        assert search.find("McGettigan", actor=who, at=clock.now()) == []
        assert bank.desk(who).get(reverse("customer", args=[nuala.id])).status_code == 404
    assert state.state_of(nuala.id, actor=officer, at=clock.now()).name == "Nuala McGettigan"


def test_what_is_kept_is_used_for_nothing(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    erase(nuala, officer, second)
    with pytest.raises(NotPermitted, match="erased customer"):
        consents.change_consent(nuala.id, purpose="marketing", given=True, channel="phone", actor=officer, at=clock.now())


def test_while_a_contract_runs_what_it_needs_stays_and_the_customer_is_served(
    nuala: Customer, adviser: Actor, officer: Actor, second: Actor
) -> None:
    assert erase(nuala, officer, second).done
    assert state.state_of(nuala.id, actor=adviser, at=clock.now()).name == "Nuala McGettigan"
    gone = set(ErasurePiece.objects.exclude(erased_at=None).values_list("category", flat=True))
    assert gone == {"behaviour", "decisions"}
    assert "while the contract runs" in RightsRequest.objects.get(kind="erasure").answer


def test_what_came_while_the_contract_ran_goes_with_what_is_due_after_it(
    bank: Bank, nuala: Customer, officer: Actor, second: Actor
) -> None:
    assert erase(nuala, officer, second).done
    bank.signal(nuala, at=clock.now(), detail=SECRET)
    bank.deliver()
    assert Signal.objects.filter(detail=SECRET).exists()
    close_accounts(nuala)
    rules()
    ErasurePiece.objects.filter(category="transactions").update(due_date=clock.today())
    assert erasing.erase_due(at=clock.now()) == 1
    assert not Signal.objects.filter(detail=SECRET).exists()


def test_at_night_what_has_become_due_goes(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    erase(nuala, officer, second)
    assert erasing.erase_due(at=clock.now()) == 0

    rules()
    ErasurePiece.objects.filter(category="transactions").update(due_date=clock.today())
    assert erasing.erase_due(at=clock.now()) == 1

    assert anywhere("Boat yard Kilrush") == []
    assert Decision.objects.filter(action="customer.erase_due", outcome="permit").count() == 1
    assert erasing.erase_due(at=clock.now()) == 0


def test_a_rule_made_longer_meanwhile_keeps_it(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    erase(nuala, officer, second)
    RetentionRule.objects.filter(category="transactions").update(years=20)
    ErasurePiece.objects.filter(category="transactions").update(due_date=clock.today())
    assert erasing.erase_due(at=clock.now()) == 0
    assert ErasurePiece.objects.get(category="transactions").due_date.year == clock.today().year + 20


def held(customer: Customer, officer: Actor, *, days: int = 90) -> UUID:
    return holds.place(
        customer.id, until=clock.today() + timedelta(days=days), reason="A claim at the High Court", actor=officer, at=clock.now()
    )


def test_under_a_hold_nothing_goes_however_many_agree(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    rules()
    held(nuala, officer)
    refused = erasure.erase(nuala.id, actor=officer, reason=REASON, at=clock.now())
    assert (refused.done, refused.request_id) == (False, None)
    assert "legal hold" in refused.sentence
    assert anywhere(SECRET)


def test_a_hold_placed_while_the_second_person_thinks_counts(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    waiting = erasure.erase(nuala.id, actor=officer, reason=REASON, at=clock.now())
    held(nuala, second)
    assert waiting.request_id is not None
    assert not actions.approve(waiting.request_id, actor=second, at=clock.now()).done
    assert anywhere(SECRET)


def test_a_hold_stops_the_nightly_work_too(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    erase(nuala, officer, second)
    rules()
    ErasurePiece.objects.filter(category="transactions").update(due_date=clock.today())
    hold = held(nuala, officer)
    assert erasing.erase_due(at=clock.now()) == 0
    lifted = holds.lift(hold, reason="Settled", actor=officer, at=clock.now())
    assert lifted.request_id is not None
    assert actions.approve(lifted.request_id, actor=second, at=clock.now()).done
    assert erasing.erase_due(at=clock.now()) == 1


def test_one_person_alone_lifts_no_hold(bank: Bank, nuala: Customer, officer: Actor) -> None:
    waiting = holds.lift(held(nuala, officer), reason="Settled", actor=officer, at=clock.now())
    assert not waiting.done
    assert waiting.request_id is not None
    with pytest.raises(approvals.MakerIsChecker):
        actions.approve(waiting.request_id, actor=officer, at=clock.now())
    with pytest.raises(approvals.NotEligible):
        actions.approve(waiting.request_id, actor=bank.staff(Role.ADMINISTRATOR), at=clock.now())
    assert len(holds.holds_of(nuala.id, at=clock.now())) == 1


def test_a_hold_ends_by_itself_after_its_day(nuala: Customer, officer: Actor) -> None:
    held(nuala, officer, days=3)
    assert holds.holds_of(nuala.id, at=clock.now() + timedelta(days=3))
    assert holds.holds_of(nuala.id, at=clock.now() + timedelta(days=4)) == ()


def test_who_is_not_of_compliance_places_no_hold(nuala: Customer, adviser: Actor) -> None:
    with pytest.raises(NotPermitted):
        held(nuala, adviser)


def test_signatures_and_log_hold_before_and_after(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    rules()
    about = Decision.objects.filter(resource_id=str(nuala.id))

    def whole() -> bool:
        return all(decisions.verify(id, actor=officer).ok for id in about.values_list("pk", flat=True))

    assert whole()
    erase(nuala, officer, second)
    assert about.count() == 3
    assert whole()


def test_the_hash_that_is_kept_shows_what_stood_there(nuala: Customer, officer: Actor, second: Actor) -> None:
    from hashlib import sha256

    close_accounts(nuala)
    rules()
    row = Interaction.objects.get(summary=SECRET)
    erase(nuala, officer, second)
    kept = Redaction.objects.get(table_name="customers_interaction", row_id=row.pk)
    assert kept.sha256 == sha256(f"{kept.salt}{SECRET}".encode()).hexdigest()


def test_free_texts_around_approvals_go_with_the_rest(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    done = erase(nuala, officer, second)
    assert done.done
    about = {"request__decision__resource_id": str(nuala.id)}
    assert set(ApprovalRequest.objects.filter(decision__resource_id=str(nuala.id)).values_list("note", flat=True)) == {""}
    assert set(ApprovalAnswer.objects.filter(**about).values_list("note", flat=True)) == {""}
    assert set(ApprovalMessage.objects.filter(**about).values_list("text", flat=True)) <= {""}


def test_the_copy_of_an_erased_customer_says_so(nuala: Customer, adviser: Actor, officer: Actor, second: Actor) -> None:
    import json

    from .test_access import make, opened

    close_accounts(nuala)
    old = access.ask(nuala.id, checked="letter", heard_on="letter", actor=adviser, at=clock.now())
    make(old)
    erase(nuala, officer, second)
    assert access.copy_of(old, actor=officer).state == "gone", "a copy made before would bring everything back"

    made = access.ask(nuala.id, checked="letter", heard_on="letter", actor=officer, at=clock.now())
    make(made)
    archive = opened(access.hand_out(made, actor=officer, at=clock.now()))
    whole = json.loads(archive.read("data.json"))
    assert whole["erased_at"] is not None
    assert "Your data was erased" in archive.read("readable.html").decode()
    assert {one["rests_on"] for section in whole["sections"] if section["name"] == "decisions" for one in section["records"][:2]} == {
        "erased"
    }


def test_without_a_used_permit_the_database_erases_nothing(nuala: Customer, adviser: Actor) -> None:
    fact = PartyFact.objects.filter(party__in=members_of(nuala.id))[0]
    some = Decision.objects.filter(action="consent.change")[0].pk  # a permit, used, for something else
    for decision, refusal in ((some, "permits no erasing"), (actors_decision(), "is not signed by the bank")):
        with pytest.raises(ProgrammingError, match=refusal), transaction.atomic():
            redaction.redact(decision, "customers_partyfact", "value", [fact.pk])
        with pytest.raises(ProgrammingError, match=refusal), transaction.atomic():
            redaction.before(decision, "customers_party", [nuala.id])
        with pytest.raises(ProgrammingError, match=refusal), transaction.atomic():
            redaction.erase_keys(decision, [str(nuala.id)])


def actors_decision() -> UUID:
    from bankos.platform.ids import uuid7

    return uuid7()


def test_a_column_no_migration_named_cannot_be_erased(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    done = erase(nuala, officer, second)
    for table, column in (("customers_partyfact", "attribute"), ("sentinel_decision", "token"), ("platform_domainevent", "data")):
        with pytest.raises(ProgrammingError, match="not erasable"), transaction.atomic():
            redaction.redact(done.decision.id, table, column, [nuala.id])
    with pytest.raises(ProgrammingError, match="must be owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("COMMENT ON COLUMN sentinel_decision.token IS 'erasable:'''''")


def test_the_page_says_what_goes_and_a_hold_refuses(bank: Bank, nuala: Customer, officer: Actor) -> None:
    close_accounts(nuala)
    held(nuala, officer)
    desk, url = bank.desk(officer), reverse("customer-erase", args=[nuala.id])
    shown = desk.get(url).content.decode()
    assert "Taxes Consolidation Act" in shown
    assert "A claim at the High Court" in shown
    answer = desk.post(url, {"reason": REASON})
    assert (answer.status_code, "legal hold" in answer.content.decode()) == (422, True)


def test_asked_for_by_staff_it_waits_for_compliance(bank: Bank, nuala: Customer, adviser: Actor, officer: Actor) -> None:
    answer = bank.desk(adviser).post(reverse("erasure-ask", args=[nuala.id]), {"checked": "document", "heard_on": "branch"})
    assert answer.status_code == 302
    assert [one.kind for one in asking.open_requests(actor=officer)] == ["erasure"]
    assert anywhere(SECRET)


LINE = st.text(st.characters(codec="ascii", exclude_characters='\n\r"\x0b\x0c\x1c\x1d\x1e\x85'), max_size=20).filter(
    lambda text: not text.startswith("#erased")
)


@given(st.lists(LINE, min_size=1, max_size=12), st.sets(st.integers(1, 14)), st.integers(1, 3))
def test_of_a_run_of_lines_exactly_those_named_are_replaced(lines: list[str], named: set[int], first: int) -> None:
    came = "".join(f"{line}\n" for line in lines).encode()
    after, erased = raw.without_lines(came, first, named)
    kept = after.splitlines()
    hit = {line for line in named if first <= line < first + len(lines)}
    assert (len(kept), erased) == (len(lines), len(hit))
    for place, (old, new) in enumerate(zip(lines, kept, strict=True)):
        assert new.startswith(raw.MARK) if place + first in hit else new == old.encode()
    assert raw.without_lines(after, first, named) == (after, 0), "twice is once"


def test_a_row_over_several_lines_goes_whole() -> None:
    after, erased = raw.without_lines(b'1,a\n2,"b\nsecret\n"\n3,c\n', 2, {3})
    assert (erased, b"secret" in after, after.startswith(b"1,a\n"), after.endswith(b"3,c\n")) == (3, False, True, True)


def test_the_log_takes_up_what_was_erased(nuala: Customer, officer: Actor, second: Actor) -> None:
    close_accounts(nuala)
    erase(nuala, officer, second)
    transparency.integrate(at=clock.now())
    assert Decision.objects.filter(action="customer.erase", outcome="permit").count() == 1
    assert actors.system("customers.rights").name == erasing.NIGHTLY.name
