"""What a customer agrees to, per purpose and way of contact: never wider than what was said."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.ids import uuid7
from customers import consents, state
from customers.agreement import Agreement, Word, agreement, agreements_of, contact_channels
from customers.consents import NotSayable, WrongNotice
from customers.identity import members_of
from customers.members import customer_of
from customers.models import Consent, ConsentNotice, ConsentPurpose
from tests.bank import Bank, Customer

AT = clock.now()
CHANNELS = ("app", "email", "phone", "letter")


def say(customer: Customer, given: bool, actor: Actor, *, about: str = "", purpose: str = "marketing", **told: object) -> None:
    moment = clock.now()
    consents.change_consent(
        customer.id, purpose=purpose, given=given, channel="phone", contact_channel=about, actor=actor, at=moment, **told
    )


def facts(customer: Customer) -> dict[str, object]:
    attributes = state.facts_for_decision(customer.id, at=clock.now()).attributes
    return {name: attributes[name] for name in ("consents", "channels") if name in attributes}


def test_a_yes_for_one_way_of_contact_opens_that_one_alone(ines: Customer, adviser: Actor) -> None:
    say(ines, True, adviser, about="email")
    assert facts(ines) == {"consents": ["marketing", "payment_insight"], "channels": ["email"]}


def test_a_yes_in_general_names_no_way_of_contact(ines: Customer, adviser: Actor) -> None:
    say(ines, True, adviser)
    assert facts(ines) == {"consents": ["marketing", "payment_insight"]}


def test_a_no_in_general_closes_every_way_of_contact(ines: Customer, adviser: Actor) -> None:
    say(ines, True, adviser, about="email")
    say(ines, False, adviser)
    assert facts(ines) == {"consents": ["payment_insight"], "channels": []}
    say(ines, True, adviser, about="letter")
    assert facts(ines) == {"consents": ["marketing", "payment_insight"], "channels": ["letter"]}


def test_a_no_to_one_way_of_contact_leaves_the_purpose(ines: Customer, adviser: Actor) -> None:
    say(ines, True, adviser)
    say(ines, False, adviser, about="phone")
    assert facts(ines) == {"consents": ["marketing", "payment_insight"], "channels": []}


def test_a_yes_ends_when_its_wording_says_so(ines: Customer, adviser: Actor) -> None:
    notice = ConsentNotice.objects.get(purpose="payment_insight")
    shorter = _next_version(notice, valid_days=365)
    say(ines, True, adviser, purpose="payment_insight", notice_id=shorter.pk)

    in_time, late = (agreements_of(customer_of(ines.id, actor=None), at=clock.now() + timedelta(days=days))[0] for days in (364, 366))

    assert (in_time.rests_on is not None, in_time.expired) == (True, False)
    assert (late.rests_on, late.expired) == (None, True)
    later = state.facts_for_decision(ines.id, at=clock.now() + timedelta(days=366))
    assert later.attributes["consents"] == []


def test_a_yes_keeps_the_very_wording_that_was_told(ines: Customer, adviser: Actor) -> None:
    [told] = consents.notices_of("payment_insight", at=clock.now())
    say(ines, True, adviser, purpose="payment_insight", notice_id=told.pk)
    _next_version(told, wording="Something else.")

    kept = Consent.objects.filter(party_id=ines.id).latest("occurred_at")
    assert (kept.notice_id, kept.notice and kept.notice.wording) == (told.pk, told.wording)
    [now] = consents.notices_of("payment_insight", at=clock.now())
    assert (now.version, now.wording) == (2, "Something else.")


def test_a_wording_of_another_purpose_or_of_tomorrow_is_not_what_was_told(ines: Customer, adviser: Actor) -> None:
    [other] = consents.notices_of("payment_insight", at=clock.now())
    with pytest.raises(WrongNotice):
        say(ines, True, adviser, notice_id=other.pk)
    [own] = consents.notices_of("marketing", at=clock.now())
    tomorrow = _next_version(own, in_force_from=clock.now() + timedelta(days=1))
    with pytest.raises(WrongNotice):
        say(ines, True, adviser, notice_id=tomorrow.pk)


@pytest.mark.parametrize(("purpose", "about"), [("payment_insight", "email"), ("marketing", "branch")])
def test_only_ways_of_contact_can_be_spoken_of(ines: Customer, adviser: Actor, purpose: str, about: str) -> None:
    with pytest.raises(NotSayable):
        say(ines, True, adviser, purpose=purpose, about=about)


def test_the_database_knows_no_other_purposes(ines: Customer) -> None:
    row = Consent.objects.get(party__in=members_of(ines.id), source_file__isnull=False)
    row.pk, row.purpose, row.occurred_at = uuid7(), "astrology", clock.now()
    with pytest.raises(IntegrityError, match="a_consent_has_a_purpose"), transaction.atomic():
        row.save(force_insert=True)


def test_a_purpose_an_administrator_adds_can_be_agreed_to_at_once(ines: Customer, adviser: Actor) -> None:
    ConsentPurpose.objects.create(code="research", label="Ask for opinions", by_channel=True, place=9)
    say(ines, True, adviser, purpose="research", about="email")
    say(ines, True, adviser, about="letter")
    assert facts(ines) == {"consents": ["marketing", "payment_insight", "research"], "channels": []}
    [shown] = [one for one in state.state_of(ines.id, actor=adviser, at=clock.now()).consents if one.purpose == "research"]
    assert (shown.label, shown.given, shown.contact_channels) == ("Ask for opinions", True, ("e-mail",))


words = st.builds(
    Word,
    record_id=st.uuids(),
    contact_channel=st.sampled_from(("", *CHANNELS)),
    given=st.booleans(),
    occurred_at=st.integers(1, 1000).map(lambda ago: AT - timedelta(hours=ago)),
    heard_on=st.just("phone"),
    valid_until=st.none() | st.integers(-500, 500).map(lambda hours: AT + timedelta(hours=hours)),
)
PURPOSE = ConsentPurpose(code="marketing", label="Send offers", by_channel=True)


def of(said: list[Word]) -> Agreement:
    """The newest word of each way of contact, as the database hands them over."""
    newest = {word.contact_channel: word for word in sorted(said, key=lambda word: word.place)}
    unit = uuid7()
    return agreement(PURPOSE, {unit: newest}, {unit}, AT)


@given(st.lists(words, max_size=8, unique_by=lambda word: word.occurred_at))
def test_nothing_is_agreed_to_that_no_word_gives(said: list[Word]) -> None:
    found = of(said)
    for channel in found.channels or ():
        assert any(word.contact_channel == channel and word.holds(AT) for word in said)
    assert (found.rests_on is not None) <= any(word.holds(AT) for word in said)


@given(st.lists(words, max_size=8, unique_by=lambda word: word.occurred_at), st.sampled_from(("", *CHANNELS)))
def test_a_no_now_is_obeyed_whatever_was_said_before(said: list[Word], about: str) -> None:
    no = Word(uuid7(), about, False, AT, "phone", None)
    after = of([*said, no])
    if about:
        assert about not in (after.channels or ())
        assert (after.channels or frozenset()) <= (of(said).channels or frozenset())
    else:
        assert (after.rests_on, after.channels or frozenset()) == (None, frozenset())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(words, max_size=5, unique_by=lambda word: word.contact_channel), min_size=1, max_size=3))
def test_customers_made_one_agree_to_no_more_than_each_of_them(said: list[list[Word]]) -> None:
    alone = [of(one) for one in said]
    by_unit = {uuid7(): {word.contact_channel: word for word in one} for one in said}
    together = agreement(PURPOSE, by_unit, by_unit.keys(), AT)
    assert (together.rests_on is not None) == all(one.rests_on is not None for one in alone)
    assert all((together.channels or frozenset()) <= (one.channels or frozenset()) for one in alone)


def test_what_several_purposes_allow_is_what_they_have_in_common() -> None:
    by_mail, by_both = (
        of([Word(uuid7(), channel, True, AT, "phone", None) for channel in channels]) for channels in (["email"], ["email", "app"])
    )
    assert contact_channels([by_mail, by_both]) == {"email"}
    assert contact_channels([of([])]) is None


def test_a_consent_of_a_purpose_the_bank_does_not_have_is_rejected_with_a_reason(bank: Bank) -> None:
    from customers.ingestion.landed import Landing
    from customers.ingestion.loading.consents import load_consents
    from customers.ingestion.records import ConsentRecord
    from customers.models import SourceFile

    customer = bank.customer()
    assert customer.id
    file = SourceFile.objects.filter(system="crm").latest("id")
    with transaction.atomic():
        loaded = load_consents([ConsentRecord(9, customer.client, "astrology", True, "phone", AT)], Landing("crm", file.pk, clock.now()))
    assert (loaded.added, loaded.complaints[9].code) == (0, "unknown_purpose")


def _next_version(notice: ConsentNotice, **changed: object) -> ConsentNotice:
    return ConsentNotice.objects.create(
        **{
            **{name: getattr(notice, name) for name in _COPIED},
            "version": notice.version + 1,
            "in_force_from": clock.now() - timedelta(minutes=1),
            "made_by": "Orla Tierney",
            **changed,
        }
    )


_COPIED = ("purpose_id", "language", "wording", "personal_data", "storage", "jurisdictions", "controller")
