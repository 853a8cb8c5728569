"""What goes of the state graph's own tables when a customer is erased, by category, and what stays and why."""

from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from sentinel import erasure

from ..ingestion.records import EventRecord, SignalRecord, SignInRecord
from ..models import (
    Arrangement,
    ArrangementRole,
    Consent,
    Correction,
    EmergencyAccess,
    EmergencyReview,
    Goal,
    Interaction,
    LegalHold,
    LinkVerdict,
    MemberDescription,
    Need,
    Party,
    PartyAct,
    PartyFact,
    PartyIdentifier,
    PartyLink,
    PartyRelationship,
    PartyUserPermission,
    PaymentSchedule,
    Preference,
    Protection,
    Reveal,
    RightsRequest,
    Signal,
    SourceFile,
    SourceLook,
    SourcePosition,
    Transaction,
    WebhookAttempt,
)
from . import raw
from .naming import SHORTEST, held_alone
from .reach import Category, Erasing, also, goes

# ---- who the customer is ----


def _party(erasing: Erasing) -> "QuerySet[Party]":
    return Party.objects.filter(pk__in=erasing.members)


def _links(erasing: Erasing) -> "QuerySet[PartyLink]":
    return PartyLink.objects.filter(Q(left__in=erasing.members) | Q(right__in=erasing.members))


def _corrected(erasing: Erasing) -> "QuerySet[RightsRequest]":
    """The other answers say no more than what was done."""
    return RightsRequest.objects.filter(party__in=erasing.members, kind=RightsRequest.Kind.CORRECTION)


def _files_called(*, accounts: bool) -> Any:
    def rows(erasing: Erasing) -> "QuerySet[SourceFile]":
        names = erasing.names
        texts = {key for _, key in names.accounts} if accounts else {text for texts in names.keys.values() for text in texts}
        wanted = [Q(**{f"{column}__icontains": text}) for text in texts if len(text) >= SHORTEST for column in ("name", "problem")]
        return SourceFile.objects.filter(reduce(or_, wanted, Q(pk__in=())))

    return rows


goes(Category.IDENTITY, PartyFact, "value", "normalised")
goes(Category.IDENTITY, PartyRelationship)
goes(Category.IDENTITY, PartyIdentifier, "value")
goes(Category.IDENTITY, Party, "name", "search_name", "birth_date", "deceased_date", "number", rows=_party)
goes(Category.IDENTITY, PartyLink, "levels", "fingerprint", rows=_links)
goes(Category.IDENTITY, Correction, "stated", "said", "evidence", rows=lambda e: Correction.objects.filter(request__party__in=e.members))
goes(Category.IDENTITY, RightsRequest, "answer", rows=_corrected)
goes(Category.IDENTITY, SourceFile, "name", "problem", rows=_files_called(accounts=False))


@also(Category.IDENTITY)
def _keys(erasing: Erasing) -> int:
    """Rows that name the customer and made no difference, whatever they are about: what counts of them is in the tables."""
    gone = raw.take_named(erasing.names, erasing.decision_id, accounts=False) + raw.let_go_of_held(erasing.names)
    gone += _positions(erasing.names.alone - {key for _, key in erasing.names.accounts})
    _links(erasing).filter(state=PartyLink.State.OPEN).update(state=PartyLink.State.UNLIKELY)  # nothing is left to judge by
    return gone + MemberDescription.objects.filter(member__in=erasing.members).delete()[0]


def _positions(keys: "frozenset[str]") -> int:
    """How far a source's log of changes was read, of rows that are called after the customer."""
    wanted = [Q(key__iexact=key) | Q(key__istartswith=f"{key}/") | Q(key__iendswith=f"/{key}") for key in keys]
    return SourcePosition.objects.filter(reduce(or_, wanted)).delete()[0] if wanted else 0


# ---- accounts, payments and cards ----


def _alone(erasing: Erasing) -> "QuerySet[Arrangement]":
    found: QuerySet[Arrangement] = held_alone(erasing.members)
    return found


goes(
    Category.TRANSACTIONS,
    PaymentSchedule,
    "counterparty",
    "purpose",
    rows=lambda e: PaymentSchedule.objects.filter(arrangement__in=_alone(e)),
)
goes(
    Category.TRANSACTIONS,
    Transaction,
    "counterparty",
    "counterparty_account",
    "purpose",
    "source_key",
    rows=lambda e: Transaction.objects.filter(arrangement__in=_alone(e)),
)
goes(Category.TRANSACTIONS, Arrangement, "number", "source_key", rows=_alone)
goes(Category.TRANSACTIONS, ArrangementRole, "source_key")
goes(Category.TRANSACTIONS, SourceFile, "name", "problem", rows=_files_called(accounts=True))


@also(Category.TRANSACTIONS)
def _accounts(erasing: Erasing) -> int:
    """The ledger's own names of entries, by which a source could speak of them again, and rows that name an account."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_bookedentry e USING customers_transaction t"
            " WHERE t.arrangement_id = ANY (%s) AND (e.system_id, e.source_key) = (t.system_id, t.source_key)",
            [list(_alone(erasing).values_list("pk", flat=True))],
        )
        entries = cursor.rowcount
    gone = raw.take_named(erasing.names, erasing.decision_id, accounts=True)
    return entries + gone + _positions(frozenset(key for _, key in erasing.names.accounts if len(key) >= SHORTEST))


# ---- what was said and done ----

goes(Category.CONTACTS, Interaction, "summary")
goes(Category.CONSENTS, Consent, "evidence")
goes(Category.BEHAVIOUR, Signal, "detail", "campaign", "details")
goes(Category.BEHAVIOUR, Need, "help")
goes(Category.BEHAVIOUR, Goal, "name")
goes(Category.BEHAVIOUR, Preference, "value")


@also(Category.BEHAVIOUR)
def _doings(erasing: Erasing) -> int:
    kinds = (SignalRecord, EventRecord, SignInRecord)
    return raw.take_named(erasing.names, erasing.decision_id, accounts=False, of=kinds)


# ---- what decisions rested on, and what people wrote around them ----


def _ended_holds(erasing: Erasing) -> "QuerySet[LegalHold]":
    return LegalHold.objects.filter(party__in=erasing.members).filter(Q(lifted_at__isnull=False) | Q(until__lt=erasing.at.date()))


def _looks_naming(erasing: Erasing) -> "QuerySet[SourceLook]":
    """Looks are at files, which hold many: only those go whose words name this one."""
    wanted = [Q(reason__icontains=text) for text in erasing.names.alone | erasing.names.people]
    return SourceLook.objects.filter(reduce(or_, wanted, Q(pk__in=())))


def _verdicts(erasing: Erasing) -> "QuerySet[LinkVerdict]":
    return LinkVerdict.objects.filter(link__in=_links(erasing))


goes(Category.DECISIONS, PartyAct, "reason")
goes(Category.DECISIONS, LinkVerdict, "reason", "fingerprint", rows=_verdicts)
goes(Category.DECISIONS, Reveal, "reason")
goes(Category.DECISIONS, EmergencyAccess, "number", "reason")
goes(Category.DECISIONS, EmergencyReview, "note", rows=lambda e: EmergencyReview.objects.filter(access__party__in=e.members))
goes(Category.DECISIONS, PartyUserPermission, "reason")
goes(Category.DECISIONS, Protection, "reason")
goes(Category.DECISIONS, Protection.history.model, "reason", "history_change_reason")
goes(Category.DECISIONS, LegalHold, "reason", rows=_ended_holds)
goes(Category.DECISIONS, SourceLook, "reason", rows=_looks_naming)
goes(Category.DECISIONS, WebhookAttempt, "answer", "problem", rows=lambda e: WebhookAttempt.objects.filter(delivery__party__in=e.members))


@also(Category.DECISIONS)
def _contexts(erasing: Erasing) -> int:
    return sum(erasure.erase_contexts(str(member), decision_id=erasing.decision_id) for member in erasing.members)
