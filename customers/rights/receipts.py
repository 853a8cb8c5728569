"""Consent receipts (ISO/IEC TS 27560:2023): what one record of consent says, signed by the bank, for the customer to keep.

A receipt is a JWS in compact form (RFC 7515), type `consent-receipt+jwt`, signed with the platform's Ed25519 key and checked with the
bank's published key set, as decision tokens are. It is made from what never changes – the record and the wording it names –, so that
another one made later says the same.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OKPKey

from bankos.platform import keys
from bankos.platform.actors import Actor
from bankos.platform.bounded import read_json

from ..identity import members_of
from ..models import Consent, ConsentPurpose
from ..models.behaviour import HOW_IT_WAS_COLLECTED, Channel
from ..visibility import NotVisible, visible_parties_subquery

TYPE = "consent-receipt+jwt"
SCHEMA = "ISO/IEC TS 27560:2023"
LONGEST_RECEIPT = 20_000
LONGEST_HEADER = 400  # characters, read before anybody knows who wrote it
GIVEN = "given"


class ReceiptInvalid(ValueError):
    """Not a receipt of this bank, or changed since it was signed."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`claims` is what it says, `signed` the text to hand out; the rest are words for a page."""

    record_id: UUID
    party_id: UUID
    title: str
    event: str
    said_at: datetime
    heard_on: str
    wording: str
    language: str
    claims: dict[str, Any]
    signed: str


def receipt_of(record_id: UUID, *, actor: Actor, at: datetime) -> Receipt:
    """The receipt of one record of consent.

    Raises:
        NotVisible: there is no such record, or the actor may not see its customer.
    Queries: 3.
    """
    visible = Consent.objects.filter(party__in=visible_parties_subquery(actor))
    row = visible.select_related("notice", "party", "source_file__system").filter(pk=record_id).first()
    if row is None:
        raise NotVisible(record_id)
    purpose = ConsentPurpose.objects.get(code=row.purpose)
    event = event_of(row)
    claims = _claims(row, purpose, event)
    ended = event == GIVEN and row.valid_until is not None and row.valid_until <= at
    notice = row.notice
    return Receipt(
        record_id=row.pk,
        party_id=row.party_id,
        title=purpose.label,
        event="expired" if ended else event,
        said_at=row.occurred_at,
        heard_on=Channel(row.channel).label,
        wording=notice.wording if notice else "",
        language=notice.language if notice else "",
        claims=claims,
        signed=_sign(claims),
    )


def event_of(row: Consent) -> str:
    """given, refused or withdrawn: what the record meant when it was said.

    Queries: 1 for a no, none for a yes.
    """
    if row.given:
        return GIVEN
    earlier = Consent.objects.filter(party__in=members_of(row.party_id), purpose=row.purpose, occurred_at__lt=row.occurred_at)
    about = earlier.filter(contact_channel__in=("", row.contact_channel)) if row.contact_channel else earlier
    return "withdrawn" if about.filter(given=True).exists() else "refused"


def check(signed: str) -> dict[str, Any]:
    """What a receipt says, if this bank signed exactly this text.

    Raises:
        ReceiptInvalid
    """
    if len(signed) > LONGEST_RECEIPT or signed.strip().find(".") > LONGEST_HEADER:
        raise ReceiptInvalid("This is not a receipt.")
    try:
        claims = read_json(jws.deserialize_compact(signed.strip(), _key_of, algorithms=[keys.ALGORITHM]).payload)
    except (JoseError, ValueError, RecursionError) as error:
        raise ReceiptInvalid("This was not signed by the bank, or was changed since.") from error
    return dict(claims)


def _claims(row: Consent, purpose: ConsentPurpose, event: str) -> dict[str, Any]:
    notice = row.notice
    said_by = row.source_file.system.name if row.source_file else settings.BANK_NAME
    processing = {
        "purpose": {"id": row.purpose, "name": purpose.label},
        "contact_channel": row.contact_channel or None,
        "lawful_basis": notice.lawful_basis if notice else None,
        "pii_categories": list(notice.personal_data) if notice else None,
        "storage": notice.storage if notice else None,
        "recipients": list(notice.recipients) if notice else None,
        "jurisdictions": list(notice.jurisdictions) if notice else None,
        "collection_method": HOW_IT_WAS_COLLECTED[row.channel],
    }
    told = {"id": notice.name, "version": notice.version, "language": notice.language, "wording": notice.wording} if notice else None
    return {
        "iss": f"urn:bankos:{settings.BANK_NAME}",
        "schema_version": SCHEMA,
        "record_id": str(row.pk),
        "pii_principal_id": row.party.number,
        "pii_controllers": [notice.controller if notice else settings.BANK_NAME],
        "privacy_notice": told,
        "processing": processing,
        "event": {
            "type": event,
            "time": row.occurred_at.isoformat(),
            "valid_until": row.valid_until.isoformat() if row.valid_until else None,
            "said_on": row.channel,
            "recorded_by": said_by,
            "recorded_at": row.recorded_at.isoformat(),
            "evidence": row.evidence or None,
            "decision": str(row.decision_id) if row.decision_id else None,
        },
    }


def _sign(claims: dict[str, Any]) -> str:
    key = keys.signing_key()
    payload = json.dumps(claims, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    header = {"alg": keys.ALGORITHM, "kid": key.kid, "typ": TYPE}
    return jws.serialize_compact(header, payload, key.private, algorithms=[keys.ALGORITHM])


def _key_of(token: GuestProtocol) -> OKPKey:
    header = token.headers()
    key = keys.public_keys().get(str(header.get("kid")))
    if header.get("typ") != TYPE or key is None:
        raise ReceiptInvalid("This was not signed by the bank.")
    return key
