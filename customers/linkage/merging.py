"""Merging customers, splitting a record off, undoing either: acts that are decided, kept and can be taken back in full.

Nothing that was stated of a record moves: a merge changes whose records they are, and so its undoing brings both customers back as they
were, with what was said to each record since. Where facts contradict each other, or a customer is protected, two people agree.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count

from bankos.platform.actors import Actor
from sentinel import actions, authority
from sentinel.actions import Ask, NotPossible, Permitted, Ran
from sentinel.catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier

from .. import identity
from ..models import LinkVerdict, Party, PartyAct, PartyFact, PartyLink, Protection
from ..state import facts_for_decision
from ..visibility import NotVisible
from . import links

Parameters = Mapping[str, Any]


def ask_to_join(one: UUID, other: UUID, *, actor: Actor, reason: str, at: datetime) -> Ran:
    """Make two customers one because this person says they are.

    Raises:
        NotVisible: of either.
        NotPossible: they are one already.
        sentinel.authority.AuthorityError
    """
    golden = _visible_goldens([one, other], actor)
    if golden[one] == golden[other]:
        raise NotPossible("These records belong to one customer already.")
    kept, absorbed = kept_and_absorbed(golden[one], golden[other])
    parameters = {"other": str(absorbed), "contradicts": contradiction(kept, absorbed), "reason": reason}
    return actions.run(PARTY_JOIN, actor=actor, resource_id=str(kept), parameters=parameters, at=at, note=reason)


def ask_to_tell_apart(one: UUID, other: UUID, *, actor: Actor, reason: str, at: datetime) -> Ran:
    """Keep two customers two, because this person says they are: no machine joins them, unless a record says something new. Raises as
    `ask_to_join`.
    """
    golden = _visible_goldens([one, other], actor)
    if golden[one] == golden[other]:
        raise NotPossible("These records belong to one customer already. Split them instead.")
    parameters = {"other": str(golden[other]), "reason": reason}
    return actions.run(PARTY_TELL_APART, actor=actor, resource_id=str(golden[one]), parameters=parameters, at=at, note=reason)


def ask_to_part(member: UUID, *, actor: Actor, reason: str, at: datetime) -> Ran:
    """Split one record off its customer. Raises as `ask_to_join`; NotPossible also for the record the customer is known by."""
    golden = _visible_goldens([member], actor)[member]
    if golden == member:
        raise NotPossible("This record carries the customer’s number. Split the other records off instead.")
    parameters = {"member": str(member), "act": "", "reason": reason}
    return actions.run(PARTY_PART, actor=actor, resource_id=str(golden), parameters=parameters, at=at, note=reason)


def ask_to_undo(act: UUID, *, actor: Actor, reason: str, at: datetime) -> Ran:
    """Take a merge or a split back. To undo a split is to join. Raises as `ask_to_join`; NotPossible also if it was undone."""
    done = PartyAct.objects.filter(pk=act).exclude(kind=PartyAct.Kind.UNDO).first()
    if done is None:
        raise NotVisible(act)
    golden = _visible_goldens([done.kept_id, done.moved_id], actor)
    if PartyAct.objects.filter(undoes=act).exists():
        raise NotPossible("This was undone already.")
    if done.kind == PartyAct.Kind.PART:
        return ask_to_join(done.kept_id, done.moved_id, actor=actor, reason=reason, at=at)
    parameters = {"member": str(done.moved_id), "act": str(act), "reason": reason}
    resource_id = str(golden[done.kept_id])
    return actions.run(PARTY_PART, actor=actor, resource_id=resource_id, parameters=parameters, at=at, note=reason)


def join(
    kept: UUID, absorbed: UUID, *, actor: Actor, reason: str, decision_id: UUID, verdict: LinkVerdict.Verdict, at: datetime
) -> PartyAct:
    """The effect of a permit to join: in the caller's transaction."""
    found = links.between(kept, absorbed)
    try:
        act = identity.join_parties(keep=kept, absorb=absorbed, at=at)
    except identity.NotTwoCustomers as error:
        raise NotPossible("These are not two customers any more.") from error
    judge(found, verdict, actor=actor, reason=reason, decision_id=decision_id, at=at)
    return _keep(
        act,
        PartyAct.Kind.JOIN,
        kept,
        absorbed,
        actor=actor,
        reason=reason,
        decision_id=decision_id,
        at=at,
        link=found[0] if found else None,
    )


def judge(
    found: list[PartyLink], verdict: LinkVerdict.Verdict, *, actor: Actor, reason: str, decision_id: UUID | None, at: datetime
) -> None:
    """Keep a verdict on links, and what follows for them."""
    LinkVerdict.objects.bulk_create(
        LinkVerdict(
            link=link,
            verdict=verdict,
            reason=reason,
            fingerprint=link.fingerprint,
            probability=link.probability,
            model_id=link.model_id,
            decided_by=actor.id,
            decided_by_name=actor.name,
            decision_id=decision_id,
            recorded_at=at,
        )
        for link in found
    )
    state = {LinkVerdict.Verdict.SAME: PartyLink.State.JOINED, LinkVerdict.Verdict.DIFFERENT: PartyLink.State.APART}.get(verdict)
    if state is not None:
        PartyLink.objects.filter(pk__in=[link.pk for link in found]).update(state=state, put_off_until=None)


def kept_and_absorbed(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Whose number stays: that of the customer with more records, of equals the older one's. Queries: 1."""
    sizes = dict(Party.objects.filter(golden__in=[one, other]).values_list("golden").annotate(size=Count("pk")))
    kept, absorbed = sorted((one, other), key=lambda customer: (-sizes.get(customer, 0), customer))
    return kept, absorbed


def contradiction(one: UUID, other: UUID) -> str:
    """Which facts of two customers cannot both be true of one person: none, birth_date, national_id or both. Queries: 1."""
    contradicting = (PartyFact.Attribute.BIRTH_DATE, PartyFact.Attribute.NATIONAL_ID)
    stated = PartyFact.objects.filter(party__golden__in=[one, other], attribute__in=contradicting)
    rows = set(stated.values_list("party__golden", "attribute", "normalised"))
    found = [
        str(attribute)
        for attribute in contradicting
        if _contradict(*({value for customer, kind, value in rows if (customer, kind) == (side, attribute)} for side in (one, other)))
    ]
    return "both" if len(found) == 2 else (found or ["none"])[0]


def _contradict(one: set[str], other: set[str]) -> bool:
    return bool(one) and bool(other) and one.isdisjoint(other)


def resource_of_join(asked: Ask) -> authority.Resource:
    """The customer kept, as the policies know it: protected if either is."""
    return _resource(UUID(asked.resource_id), [UUID(asked.resource_id), UUID(asked.parameters["other"])], asked.at)


def _resource_of_one(asked: Ask) -> authority.Resource:
    return _resource(UUID(asked.resource_id), [UUID(asked.resource_id)], asked.at)


def _resource(customer: UUID, protected: list[UUID], at: datetime) -> authority.Resource:
    attributes = dict(facts_for_decision(customer, at=at).attributes)
    attributes["protected"] = Protection.objects.in_force().filter(party__golden__in=protected).exists()
    return authority.Resource("Party", str(customer), attributes)


def _join_permitted(permit: Permitted) -> None:
    join(
        UUID(permit.resource_id),
        UUID(str(permit.parameters["other"])),
        actor=permit.actor,
        reason=str(permit.parameters["reason"]),
        decision_id=permit.decision.id,
        verdict=LinkVerdict.Verdict.SAME,
        at=permit.at,
    )


def _told_apart(permit: Permitted) -> None:
    judge(
        links.between(UUID(permit.resource_id), UUID(str(permit.parameters["other"]))),
        LinkVerdict.Verdict.DIFFERENT,
        actor=permit.actor,
        reason=str(permit.parameters["reason"]),
        decision_id=permit.decision.id,
        at=permit.at,
    )


def _part_permitted(permit: Permitted) -> None:
    member = UUID(str(permit.parameters["member"]))
    kept = UUID(permit.resource_id)
    undone = permit.parameters["act"]
    try:
        act = identity.undo_move(UUID(str(undone)), at=permit.at) if undone else identity.part_parties([member], at=permit.at)
    except (identity.NotTwoCustomers, identity.NotJoined) as error:
        raise NotPossible("These records are not where they were any more. Look at the customer again.") from error
    after = identity.golden_of([member])[member]
    reason, decision_id = str(permit.parameters["reason"]), permit.decision.id
    judge(
        links.between(kept, after), LinkVerdict.Verdict.DIFFERENT, actor=permit.actor, reason=reason, decision_id=decision_id, at=permit.at
    )
    _keep(
        act,
        PartyAct.Kind.UNDO if undone else PartyAct.Kind.PART,
        kept,
        member,
        actor=permit.actor,
        reason=reason,
        decision_id=decision_id,
        at=permit.at,
        undoes=UUID(str(undone)) if undone else None,
    )


def _keep(
    act: UUID,
    kind: PartyAct.Kind,
    kept: UUID,
    moved: UUID,
    *,
    actor: Actor,
    reason: str,
    decision_id: UUID,
    at: datetime,
    link: PartyLink | None = None,
    undoes: UUID | None = None,
) -> PartyAct:
    return PartyAct.objects.create(
        id=act,
        kind=kind,
        kept_id=kept,
        moved_id=moved,
        undoes_id=undoes,
        link=link,
        reason=reason,
        done_by=actor.id,
        done_by_name=actor.name,
        decision_id=decision_id,
        recorded_at=at,
    )


def _visible_goldens(parties: list[UUID], actor: Actor) -> dict[UUID, UUID]:
    """The customers of these records, if this person may see all of them.

    Raises:
        NotVisible
    """
    golden = dict(Party.objects.visible_to(actor).filter(pk__in=parties).values_list("pk", "golden_id"))
    for party in parties:
        if party not in golden:
            raise NotVisible(party)
    return golden


PARTY_JOIN = actions.declare(
    ActionType(
        name="party.join",
        title="Make two customers one",
        resource_type="Party",
        parameters={"other": ParameterKind.UUID, "contradicts": ParameterKind.CODE, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=resource_of_join,
    effect=_join_permitted,
)
PARTY_TELL_APART = actions.declare(
    ActionType(
        name="party.tell_apart",
        title="Say that two customers are two people",
        resource_type="Party",
        parameters={"other": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    ),
    facts=_resource_of_one,
    effect=_told_apart,
)
PARTY_PART = actions.declare(
    ActionType(
        name="party.part",
        title="Split records of a customer, or undo a merge",
        resource_type="Party",
        parameters={"member": ParameterKind.UUID, "act": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
    ),
    facts=_resource_of_one,
    effect=_part_permitted,
)
