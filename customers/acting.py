"""The customer an action is about, as the policies know them: what the declared actions for customers have in common."""

from uuid import UUID

from sentinel.actions import Ask, NotPossible
from sentinel.authority import Resource

from .members import locked_customer
from .state import facts_for_decision
from .visibility import NotVisible, may_see

PARTY = "Party"


def customer(asked: Ask) -> Resource:
    """Queries: those of `facts_for_decision`, and what visibility takes.

    Raises:
        NotVisible: who asks, or whom they speak for, may not see this customer (also when there is none).
        NotPossible: a second person has agreed, and who asked may not see them any more.
    """
    party_id, who = UUID(asked.resource_id), asked.on_behalf_of or asked.actor
    if not may_see(party_id, who):
        raise _gone(asked)
    return _of(party_id, asked)


def locked(asked: Ask) -> Resource:
    """`customer`, with the customer's records locked to the end of the transaction; the golden record is what it is done to."""
    try:
        party = locked_customer(UUID(asked.resource_id), actor=asked.on_behalf_of or asked.actor)
    except NotVisible as error:
        raise _gone(asked) from error
    return _of(party.pk, asked)


def _of(party_id: UUID, asked: Ask) -> Resource:
    facts = facts_for_decision(party_id, at=asked.at)
    return Resource(PARTY, str(party_id), facts.attributes, facts.consents)


def _gone(asked: Ask) -> Exception:
    if asked.approval is None:
        return NotVisible(asked.resource_id)
    return NotPossible("The person who asked for this does not serve this customer any more.")
