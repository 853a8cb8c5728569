"""A receipt says what was agreed to, in the words the customer was told, and anybody can check that the bank signed it."""

import json
from uuid import UUID

import pytest
from django.urls import reverse
from joserfc import jws
from joserfc.jwk import KeySet

from bankos.platform import clock
from bankos.platform.actors import Actor, Role
from customers import consents
from customers.consents import NotVisible
from customers.identity import members_of
from customers.models import Consent
from customers.rights import receipts
from tests.bank import Bank, Branch, Customer


def record(customer: Customer, actor: Actor, given: bool = True, *, about: str = "") -> UUID:
    [told] = consents.notices_of("marketing", at=clock.now())
    return consents.change_consent(
        customer.id,
        purpose="marketing",
        given=given,
        channel="phone",
        contact_channel=about,
        notice_id=told.pk,
        evidence="call 4711",
        actor=actor,
        at=clock.now(),
    )


def test_a_receipt_holds_what_the_standard_asks_for(ines: Customer, adviser: Actor) -> None:
    id = record(ines, adviser, about="email")
    [told] = consents.notices_of("marketing", at=clock.now())

    claims = receipts.receipt_of(id, actor=adviser, at=clock.now()).claims

    assert (claims["schema_version"], claims["record_id"]) == ("ISO/IEC TS 27560:2023", str(id))
    assert claims["pii_controllers"] == ["Meridian Bank"]
    assert claims["privacy_notice"] == {"id": "marketing.en.1", "version": 1, "language": "en", "wording": told.wording}
    processing = claims["processing"]
    assert processing["purpose"] == {"id": "marketing", "name": "Send offers"}
    assert (processing["lawful_basis"], processing["contact_channel"]) == ("consent", "email")
    assert processing["pii_categories"] == ["name", "contact details", "products held"]
    assert (processing["jurisdictions"], processing["collection_method"]) == (["European Union"], "spoken")
    event = claims["event"]
    assert (event["type"], event["said_on"], event["evidence"]) == ("given", "phone", "call 4711")
    assert event["decision"] == str(Consent.objects.get(pk=id).decision_id)


def test_whoever_has_the_published_keys_can_check_it_and_a_changed_one_is_noticed(ines: Customer, adviser: Actor, client: object) -> None:
    signed = receipts.receipt_of(record(ines, adviser), actor=adviser, at=clock.now()).signed
    published = KeySet.import_key_set(client.get("/.well-known/jwks.json").json())  # type: ignore[attr-defined]

    read = jws.deserialize_compact(signed, published, algorithms=["Ed25519"])

    assert json.loads(read.payload) == receipts.check(signed)
    header, payload, signature = signed.split(".")
    for changed in (f"{header}.{payload[:-2]}AA.{signature}", f"{header}.{payload}", "nonsense", "x" * 30_000):
        with pytest.raises(receipts.ReceiptInvalid):
            receipts.check(changed)


def test_a_decision_token_is_no_receipt(ines: Customer, adviser: Actor) -> None:
    from sentinel.models import Decision

    id = record(ines, adviser)
    token = Decision.objects.get(pk=Consent.objects.get(pk=id).decision_id).token
    with pytest.raises(receipts.ReceiptInvalid):
        receipts.check(token)


def test_a_no_is_a_refusal_or_a_withdrawal_by_what_was_said_before(ines: Customer, adviser: Actor) -> None:
    events = []
    for given in (False, True, False):
        events.append(receipts.receipt_of(record(ines, adviser, given), actor=adviser, at=clock.now()).event)
    assert events == ["refused", "given", "withdrawn"]


def test_what_a_system_of_record_sent_says_that_the_wording_is_not_known(ines: Customer, adviser: Actor) -> None:
    sent = Consent.objects.get(party__in=members_of(ines.id), source_file__isnull=False)
    found = receipts.receipt_of(sent.pk, actor=adviser, at=clock.now())
    assert (found.claims["privacy_notice"], found.claims["event"]["recorded_by"], found.wording) == (None, "CRM", "")


def test_made_again_it_says_the_same(ines: Customer, adviser: Actor) -> None:
    id = record(ines, adviser)
    first, second = (receipts.receipt_of(id, actor=adviser, at=clock.now()) for _ in range(2))
    assert first.signed == second.signed


def test_of_a_hidden_customer_there_is_no_receipt(bank: Bank, cork: Branch, ines: Customer, adviser: Actor) -> None:
    id = record(ines, adviser)
    elsewhere = bank.staff(Role.BRANCH_STAFF, branch=cork)
    with pytest.raises(NotVisible):
        receipts.receipt_of(id, actor=elsewhere, at=clock.now())
    for name in ("consent-receipt", "consent-receipt-file"):
        assert bank.desk(elsewhere).get(reverse(name, args=[id])).status_code == 404
        assert bank.desk(adviser).get(reverse(name, args=[id])).status_code == 200


def test_nobody_can_agree_on_the_page_to_what_they_were_not_told(bank: Bank, ines: Customer, adviser: Actor) -> None:
    desk, url = bank.desk(adviser), reverse("consent", args=[ines.id, "marketing"])
    [told] = consents.notices_of("marketing", at=clock.now())
    said = {"given": "yes", "channel": "phone", "contact_channel": "email"}

    assert desk.post(url, said | {"notice_id": str(told.pk)}).status_code == 422
    assert desk.post(url, said | {"told": "on"}).status_code == 422
    assert desk.post(url, said | {"told": "on", "notice_id": str(told.pk)}).status_code == 302
    kept = Consent.objects.get(party_id=ines.id, purpose="marketing")
    assert (kept.given, kept.contact_channel, kept.notice_id) == (True, "email", told.pk)


def test_a_no_takes_no_reading(bank: Bank, ines: Customer, adviser: Actor) -> None:
    answer = bank.desk(adviser).post(reverse("consent", args=[ines.id, "payment_insight"]), {"given": "no", "channel": "branch"})
    assert answer.status_code == 302
    kept = Consent.objects.filter(party_id=ines.id).latest("occurred_at")
    assert (kept.given, kept.notice_id) == (False, None)
