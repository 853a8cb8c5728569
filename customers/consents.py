"""What customers agree to: changed by staff or a channel app on a customer's word, decided and kept like every act."""

import json
from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from bankos.platform.actors import Actor
from sentinel import actions, authority
from sentinel.actions import Ask, NotPossible, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from . import acting, changes
from .identity import golden_of
from .members import customer_of
from .models import Consent, ConsentNotice, ConsentPurpose
from .models.behaviour import CONTACT_CHANNELS
from .picture import consents_of_customer
from .values import ConsentView
from .visibility import NotVisible

__all__ = [
    "Consents",
    "ConsentsChanged",
    "NotSayable",
    "NotVisible",
    "UnknownPurpose",
    "WrongNotice",
    "change_consent",
    "consents_of",
    "notices_of",
]

NO_CHANNEL = "any"  # how decisions spell that no way of contact was named


class NotSayable(ValueError):
    """Nobody can agree to this; the message is a sentence for staff."""


class UnknownPurpose(NotSayable):
    """Nobody can agree to a purpose the bank does not have."""


class WrongNotice(NotSayable):
    """The customer was told about something else, or what they were told is not known."""


class ConsentsChanged(Exception):
    """Between reading what the customer agrees to and changing it, somebody else changed it."""


@dataclass(frozen=True, slots=True)
class Consents:
    """What a customer says of each use of their data; `tag` names this state of it and no other."""

    now: tuple[ConsentView, ...]
    tag: str


def notices_of(purpose: str, *, at: datetime) -> tuple[ConsentNotice, ...]:
    """The wordings customers are told now about a purpose, one for each language. Queries: 1."""
    return tuple(ConsentNotice.objects.in_force(at).filter(purpose=purpose))


def consents_of(party_id: UUID, *, actor: Actor | None, at: datetime) -> Consents:
    """No actor: for who has asked already whether this one may be seen. Queries: 2.

    Raises:
        NotVisible
    """
    customer = customer_of(party_id, actor=actor)
    now = consents_of_customer(customer, at=at)
    said = json.dumps([astuple(one) for one in now], default=str)
    return Consents(now, f'"{sha256(f"{customer.golden.pk} {said}".encode()).hexdigest()[:32]}"')


def change_consent(
    party_id: UUID,
    *,
    purpose: str,
    given: bool,
    channel: str,
    actor: Actor,
    at: datetime,
    contact_channel: str = "",
    notice_id: UUID | None = None,
    evidence: str = "",
    on_behalf_of: Actor | None = None,
    unless_changed_since: Collection[str] | None = None,
) -> UUID:
    """Record what the customer said about one use of their data. Takes effect at once; the earlier word is kept.

    Args:
        channel: where they said so; `contact_channel`: the way of contact it is about, "" for none in particular.
        notice_id: the wording they were told, None if that is not known.
        evidence: where their word can be found again, such as a call's number.
        on_behalf_of: the customer whose word a channel app passes on.
        unless_changed_since: tags (`Consents.tag`), one of which must still hold; None means whatever was said before.
    Returns:
        The record's id.
    Raises:
        NotVisible, UnknownPurpose, WrongNotice, NotSayable, ConsentsChanged
        sentinel.authority.NotPermitted: the refusal is kept as a decision.
    """
    about = _sayable(purpose, contact_channel)
    notice = _told(notice_id, purpose, at)
    parameters = {
        "purpose": about.code,
        "given": "yes" if given else "no",
        "channel": contact_channel or NO_CHANNEL,
        "notice": notice.name if notice else "",
    }
    since = None if unless_changed_since is None else sorted(unless_changed_since)
    details = {"channel": channel, "notice": str(notice.pk) if notice else "", "evidence": evidence, "since": since}
    asked: dict[str, Any] = {"resource_id": str(party_id), "parameters": parameters, "details": details}
    word = actions.run(CHANGE, actor=actor, on_behalf_of=on_behalf_of, context=speaking_for(on_behalf_of), at=at, **asked)
    consent_id: UUID = word.or_raise()
    return consent_id


def _facts(asked: Ask) -> authority.Resource:
    """Raises ConsentsChanged."""
    resource, since = acting.locked(asked), asked.details["since"]
    if since is not None and consents_of(UUID(resource.id), actor=None, at=asked.at).tag not in since:
        raise ConsentsChanged(UUID(resource.id)) if asked.approval is None else NotPossible("The customer has said something else since.")
    return resource


def _change(permitted: Permitted) -> UUID:
    said, details, at = permitted.parameters, permitted.details, permitted.at
    party_id, given = UUID(permitted.decision.resource.id), said["given"] == "yes"
    notice = ConsentNotice.objects.get(pk=details["notice"]) if details["notice"] else None
    word = Consent.objects.create(
        party_id=party_id,
        purpose=said["purpose"],
        contact_channel="" if said["channel"] == NO_CHANNEL else said["channel"],
        given=given,
        channel=details["channel"],
        notice=notice,
        valid_until=_ends(notice, at) if given else None,
        evidence=details["evidence"],
        occurred_at=at,
        recorded_at=at,
        recorded_by=permitted.actor.name,
        decision_id=permitted.decision.id,
    )
    changes.tell([party_id], changed=["consents"], at=at)
    return word.pk


CHANGE = actions.declare(
    ActionType(
        name="consent.change",
        title="Record what the customer agrees to",
        resource_type=acting.PARTY,
        parameters={
            "purpose": ParameterKind.CODE,
            "given": ParameterKind.CODE,
            "channel": ParameterKind.CODE,
            "notice": ParameterKind.NAME,
        },
        risk=RiskTier.LOW,
    ),
    facts=_facts,
    effect=_change,
)


def speaking_for(customer: Actor | None) -> dict[str, Any]:
    """What policies are told about whose word is passed on: the customer this is now. Queries: 1 if there is one."""
    if customer is None:
        return {}
    golden = golden_of([UUID(customer.id)])
    return {"speaks_for": {"__entity": {"type": "Party", "id": str(golden.get(UUID(customer.id), customer.id))}}}


def _sayable(purpose: str, contact_channel: str) -> ConsentPurpose:
    found = ConsentPurpose.objects.filter(code=purpose).first()
    if found is None:
        raise UnknownPurpose("The bank has no such use of data.")
    if contact_channel and (not found.by_channel or contact_channel not in CONTACT_CHANNELS):
        raise NotSayable("This use of data is not agreed to by way of contact.")
    return found


def _told(notice_id: UUID | None, purpose: str, at: datetime) -> ConsentNotice | None:
    if notice_id is None:
        return None
    notice = ConsentNotice.objects.filter(pk=notice_id, purpose=purpose, in_force_from__lte=at).first()
    if notice is None:
        raise WrongNotice("The customer was told about something else. Read out the text shown here.")
    return notice


def _ends(notice: ConsentNotice | None, at: datetime) -> datetime | None:
    return at + timedelta(days=notice.valid_days) if notice is not None and notice.valid_days else None
