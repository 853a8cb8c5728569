"""What the state graph and the authority tell customers about themselves, where a table's columns alone would not say it."""

from typing import Any

from django.db.models import Q

from bankos.platform import actors
from sentinel import decisions

from ..models import (
    AccessExport,
    Arrangement,
    ArrangementRole,
    Correction,
    ErasurePiece,
    MemberDescription,
    Party,
    PartyAct,
    PartyFact,
    PartyLink,
    PartyMove,
    PartyRelationship,
    PartyUserPermission,
    PaymentSchedule,
    TouchedParty,
    Transaction,
)
from .contributions import Record, Subject, leave_out, plain, record_of, rows, source_of, tell

HELD = ArrangementRole.HOLDERS


@tell("identity", "Who you are to us", Party)
def _identity(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
    return rows(Party, Q(pk__in=subject.members), subject, after, limit, without=frozenset({"bucket", "search_name", "version"}))


@tell("facts", "What each source states about you", PartyFact)
def _facts(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
    return rows(PartyFact, Q(party__in=subject.members), subject, after, limit, without=frozenset({"normalised"}))


@tell("relationships", "Who you have to do with", PartyRelationship)
def _relationships(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
    """Of others only what the customer knows: who they are to each other, and the name."""
    found = PartyRelationship.objects.filter(Q(party__in=subject.members) | Q(other__in=subject.members))
    found = found.filter(pk__gt=after) if after else found
    told = []
    for row in found.select_related("party", "other", "source_file__system").order_by("pk")[:limit]:
        mine = row.party_id in subject.members
        kind = PartyRelationship.Kind(row.kind).label
        words = f"You are the {kind} {row.other.name}" if mine else f"{row.party.name} is the {kind} you"
        days = {"valid_from": plain(row.valid_from), "valid_to": plain(row.valid_to)}
        told.append((str(row.pk), {"relationship": words, **days, "recorded_at": plain(row.recorded_at), "source": source_of(row)}))
    return told


@tell("arrangements", "Accounts, cards, loans and standing orders", Arrangement, ArrangementRole, PaymentSchedule)
def _arrangements(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
    found = ArrangementRole.objects.filter(party__in=subject.members)
    found = found.filter(pk__gt=after) if after else found
    sources = ("arrangement__source_file__system", "source_file__system")
    joined = found.select_related("arrangement__product", "arrangement__schedule", *sources)
    return [(str(row.pk), _arrangement(row)) for row in joined.order_by("pk")[:limit]]


def _arrangement(row: ArrangementRole) -> Record:
    held = row.arrangement
    role = ArrangementRole.Role(row.role).label
    if row.role not in HELD:
        # Somebody else's money: what this customer may do on it is theirs to know, the rest is not.
        return {"your_role": role, "kind": held.get_kind_display(), "number": f"…{held.number[-4:]}", "source": source_of(row)}
    told = {"your_role": role, "product_name": held.product.name, **record_of(held, without=frozenset({"balance_sequence"}))}
    schedule = getattr(held, "schedule", None)
    if schedule is not None:
        told["pays"] = {name: plain(getattr(schedule, name)) for name in ("amount", "currency", "day_of_month", "counterparty", "purpose")}
    return told


@tell("transactions", "Payments on your accounts", Transaction)
def _transactions(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
    own = ArrangementRole.objects.filter(party__in=subject.members, role__in=HELD).values("arrangement")
    return rows(Transaction, Q(arrangement__in=own), subject, after, limit, without=frozenset({"system", "sequence"}))


@tell("decisions", "Decisions about you, and who looked", "sentinel.Decision", "sentinel.ContextKey")
def _decisions(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
    """Looking at a hidden field or a foreign customer is a decision too: who looked stands among them, by role."""
    ids = [str(member) for member in subject.members]
    found = decisions.about("Party", ids, actor=actors.system("customers.rights"), after=after, limit=limit)
    return [(str(one.id), _decision(one)) for one in found]


def _decision(one: Any) -> Record:
    return {
        "id": str(one.id),
        "made_at": plain(one.issued_at),
        "what": one.action_title,
        "asked_by": one.actor_kind,
        "as": list(one.actor_roles),
        "answer": str(one.outcome),
        "because": [rule.customer_sentence for rule in one.rules],
        "used_at": plain(one.consumed_at),
        "rests_on": "erased" if one.context is None else one.context.get("resource", {}).get("attrs"),
        "asked": one.parameters,
        "by_a_model": plain(one.model.name) if one.model else None,
    }


@tell("corrections", "Corrections you asked for", Correction)
def _corrections(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
    return rows(Correction, Q(request__party__in=subject.members), subject, after, limit)


@tell("erasure", "What was erased, and what the law keeps", ErasurePiece)
def _erasure(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
    return rows(ErasurePiece, Q(request__party__in=subject.members), subject, after, limit)


leave_out(PartyLink, why="Compares two records, which may be two people; each record itself is told.")
leave_out(PartyAct, why="Which records were taken together, and parted again; told among the decisions.")
leave_out(MemberDescription, why="The record's own words, spelled alike so that they can be compared.")
leave_out(TouchedParty, why="A note of a file that is still being read; gone when it is in.")
leave_out(PartyMove, why="Which of the records became one customer; the records themselves are told.")
leave_out(PartyUserPermission, why="Which colleague may look; that they looked is told among the decisions.")
leave_out(AccessExport, why="How far this very copy is; the request for it is told.")
