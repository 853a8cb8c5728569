"""What customers agree to: changed by staff on a customer's word, decided and kept like every act."""

from datetime import datetime
from uuid import UUID

from bankos.platform import events
from bankos.platform.actors import Actor
from sentinel import authority

from .action_types import CONSENT_CHANGE
from .models import Consent, Party
from .models.behaviour import Purpose
from .state import facts_for_decision
from .visibility import NotVisible

__all__ = ["ConsentRefused", "NotVisible", "UnknownPurpose", "change_consent"]

SOURCE = "customers"
CHANGED = "customers.state.changed"


class UnknownPurpose(ValueError):
    """Nobody can agree to a purpose the bank does not have."""


class ConsentRefused(Exception):
    """The policies do not let this person record it; the message is the deciding rule's sentence."""


def change_consent(party_id: UUID, *, purpose: str, given: bool, channel: str, actor: Actor, at: datetime) -> None:
    """Record what the customer said about one use of their data. Takes effect at once; the earlier word is kept.

    Raises:
        NotVisible, UnknownPurpose
        ConsentRefused: the refusal is kept as a decision.
    """
    if purpose not in Purpose:
        raise UnknownPurpose(purpose)
    with authority.keeping_evidence():
        party = Party.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=party_id).first()
        if party is None:
            raise NotVisible(party_id)
        resource = authority.Resource("Party", str(party_id), facts_for_decision(party_id, at=at).attributes)
        parameters = {"purpose": str(purpose), "given": "yes" if given else "no"}
        decision = authority.authorize(actor=actor, action=CONSENT_CHANGE, resource=resource, parameters=parameters, at=at)
        if decision.outcome is authority.Outcome.PERMIT:
            _record(party, decision, parameters, given=given, channel=channel, actor=actor, at=at)
            return
    raise ConsentRefused(" ".join(rule.sentence for rule in decision.rules))


def _record(
    party: Party, decision: authority.Decision, parameters: dict[str, str], *, given: bool, channel: str, actor: Actor, at: datetime
) -> None:
    used = authority.consume(
        decision.token, action=CONSENT_CHANGE, resource_type="Party", resource_id=str(party.pk), parameters=parameters, at=at
    )
    Consent.objects.create(
        party=party,
        purpose=parameters["purpose"],
        given=given,
        channel=channel,
        occurred_at=at,
        recorded_at=at,
        decision_id=used.decision_id,
        recorded_by=actor.name,
    )
    party.version += 1
    party.changed_at = at
    party.save(update_fields=["version", "changed_at"])
    events.publish(CHANGED, subject=str(party.pk), data={"changed": ["consents"], "bucket": party.bucket}, source=SOURCE, at=at)
