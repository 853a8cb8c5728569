"""Uncovering a masked field: decided, recorded, for one person, one field and a short while.

The act is governed: where the policies ask for a second person, it waits for one, and the field is uncovered to who asked when they agree.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bankos.platform import events
from bankos.platform.actors import Actor
from sentinel import actions, authority
from sentinel.actions import Ask, NotPossible, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..models import MaskedField, Reveal
from ..state import state_of
from ..visibility import NotVisible, may_see
from .looks import person_of, settings
from .shields import resource_of

SOURCE = "customers.care"
REVEALED = "customers.field.revealed"
TELL_COMPLIANCE = "tell-compliance"
LONGEST_REASON = 500
AFTER_APPROVAL = timedelta(hours=1)


class UnknownField(LookupError):
    """Nothing of this name can be masked."""


class NotRevealed(Exception):
    """The policies do not let this person see it; the message is the deciding rule's sentence. `says_why` if a reason would help."""

    def __init__(self, sentence: str, *, says_why: bool) -> None:
        super().__init__(sentence)
        self.says_why = says_why


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: shown until a moment, or waiting for a second person."""

    until: datetime | None
    waits: bool


def reveal(party_id: UUID, *, field: str, reason: str, actor: Actor, at: datetime) -> Asked:
    """Uncover a field for this person.

    Args:
        reason: may be empty where the policies do not ask for one; at most 500 characters.
    Raises:
        NotVisible, UnknownField
        NotRevealed: the refusal is kept as a decision, if a reason was given; without one it is only tried whether that is enough.
        sentinel.authority.AuthorityError
    """
    if not may_see(party_id, actor):
        raise NotVisible(party_id)
    if field not in MaskedField:
        raise UnknownField(field)
    parameters = {"field": str(MaskedField(field)), "reason": reason.strip()[:LONGEST_REASON]}
    asked: dict[str, Any] = {"actor": actor, "resource_id": str(party_id), "parameters": parameters, "at": at}
    if not parameters["reason"]:
        tried = actions.preview(UNMASK, **asked)
        if tried.outcome is authority.Outcome.DENY:
            raise NotRevealed(tried.sentence, says_why=any(rule.id == SAYS_WHY for rule in tried.rules))
    carried = actions.run(UNMASK, **asked, note=parameters["reason"])
    if carried.done:
        return Asked(in_force(party_id, actor=actor, at=at).get(field), waits=False)
    if carried.request_id is not None:
        return Asked(None, waits=True)
    raise NotRevealed(carried.sentence, says_why=any(rule.id == SAYS_WHY for rule in carried.decision.rules))


def label_of(field: str) -> str:
    """What staff call a field that can be masked."""
    return str(MaskedField(field).label)


# The rule that asks for a reason: who broke it alone is asked again.
SAYS_WHY = "unmask-says-why"


def in_force(party_id: UUID, *, actor: Actor, at: datetime) -> dict[str, datetime]:
    """The fields of this customer this person may see whole at the moment, each until when. Queries: 1."""
    if actor.user_id is None:
        return {}
    rows = Reveal.objects.filter(party__golden__members=party_id, user=actor.user_id, until__gt=at).order_by("until")
    return dict(rows.values_list("field", "until"))


def values_of(party_id: UUID, field: str, *, actor: Actor, at: datetime) -> tuple[str, ...]:
    """What is uncovered to this person of one field now; nothing if it is not. Queries: those of `state_of` and 1.

    Raises:
        NotVisible
    """
    uncovered = {name: until for name, until in in_force(party_id, actor=actor, at=at).items() if name == field}
    if not uncovered:
        return ()
    found = state_of(party_id, actor=actor, at=at, uncovered=uncovered)
    match field:
        case MaskedField.ACCOUNT_NUMBER:
            return tuple(account.number for account in found.accounts)
        case MaskedField.NATIONAL_ID:
            return (found.national_id,)
        case _:
            first = getattr(found, field)
            return tuple(said.value for said in (first, *(one.field for one in found.details if one.masks == field)) if said)


def _resource(asked: Ask) -> authority.Resource:
    try:
        return resource_of(UUID(asked.resource_id), at=asked.at)
    except NotVisible as error:
        raise NotPossible("This customer is not there any more.") from error


def _uncover(permitted: Permitted) -> None:
    """Honours what the policies attach to the permit; what it could not honour it does not do."""
    obligations = set(permitted.decision.obligations)
    if unknown := obligations - {TELL_COMPLIANCE}:
        raise NotPossible(f"The bank’s rules attach what cannot be done here: {', '.join(sorted(unknown))}.")
    party_id, field = UUID(permitted.resource_id), str(permitted.parameters["field"])
    # Who waited for a second person may not sit at the screen at that moment.
    until = permitted.at + (AFTER_APPROVAL if permitted.approved else timedelta(minutes=settings().reveal_minutes))
    Reveal.objects.create(
        party_id=party_id,
        field=field,
        user_id=person_of(permitted.actor),
        reason=str(permitted.parameters["reason"]),
        decision_id=permitted.decision.id,
        revealed_at=permitted.at,
        until=until,
        officers_told=TELL_COMPLIANCE in obligations,
    )
    data = {"field": field, "by": permitted.actor.id, "until": until.isoformat(), "tell_compliance": TELL_COMPLIANCE in obligations}
    events.publish(REVEALED, subject=str(party_id), data=data, source=SOURCE, at=permitted.at)


UNMASK = actions.declare(
    ActionType(
        name="customer.unmask",
        title="Uncover a masked field",
        resource_type="Party",
        parameters={"field": ParameterKind.CODE, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    ),
    facts=_resource,
    effect=_uncover,
)
