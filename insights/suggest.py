"""Turns forecasts into suggestions: every remedy is proposed to the authority, the best one it allows is kept.

One current suggestion a customer and kind. The same grounds make no second one; changed grounds supersede it;
grounds that are gone close it. What the authority forbids altogether is withheld, and the refusal stays as evidence.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from bankos.platform import actors, clock, events
from customers.state import facts_for_decision
from journeys import work
from sentinel import actions
from sentinel.authority import Decision, Outcome, canonical

from .models import Recommendation
from .offers import overdraft
from .offers.account import Account
from .offers.overdraft import Candidate
from .offers.reasons import reasons_for
from .registry import Champion

if TYPE_CHECKING:
    from .cashflow.forecast import Forecasts
    from .reading import Book

SOURCE = "insights.cashflow"
ACTOR = actors.system(SOURCE)
PURPOSES = ("payment_insight",)
PAST_DAYS = 45
LIMITS = ("Accounts at other banks are not seen.", "Card and cash spending is what is usual, not what is planned.")

Kind, State = Recommendation.Kind, Recommendation.State


def for_book(book: "Book", forecasts: "Forecasts", *, champion: Champion, at: datetime) -> None:
    """Bring the suggestions of all customers of the book up to date with their forecasts."""
    parties = [UUID(party) for party in book.accounts["party_id"].unique()]
    # Locked in one order everywhere, so that two at work never wait for each other.
    current = {row.party_id: row for row in _current(parties).order_by("party_id").select_for_update()}
    quiet = _quiet(parties, clock.bank_date(at))
    for party_id, row in _worst_rows(book, forecasts).items():
        now = current.pop(party_id, None)
        if party_id in quiet or (now is not None and now.state == State.AWAITING_APPROVAL):
            continue
        from .facts import account_at

        _suggest(account_at(row, book, forecasts), now, until=book.accounts["balance_date"].iloc[row], champion=champion, at=at)
    for gone in current.values():
        if gone.state != State.AWAITING_APPROVAL:
            close(gone, State.EXPIRED)
    _note_what_helped(book, parties)


def expire_overdue(at: datetime) -> int:
    """Close what nobody answered before its day came. Returns how many."""
    overdue = Recommendation.objects.filter(state__in=[State.OPEN, State.WITHHELD], valid_until__lt=clock.bank_date(at))
    with transaction.atomic():
        rows = list(overdue.select_for_update(skip_locked=True))
        for row in rows:
            close(row, State.EXPIRED)
    return len(rows)


def close(row: Recommendation, state: str) -> None:
    row.state = state
    row.save(update_fields=["state"])
    work.close(row.pk)


def _current(parties: Sequence[UUID]) -> QuerySet[Recommendation]:
    return Recommendation.objects.filter(party_id__in=parties, kind=Kind.OVERDRAFT, state__in=Recommendation.CURRENT)


def _quiet(parties: Sequence[UUID], today: date) -> set[UUID]:
    """Customers who were answered for and shall not hear of it again yet."""
    answered = Recommendation.objects.filter(party_id__in=parties, kind=Kind.OVERDRAFT, quiet_until__gt=today)
    return set(answered.values_list("party_id", flat=True))


def _worst_rows(book: "Book", forecasts: "Forecasts") -> dict[UUID, int]:
    """Of each customer who goes below zero, the account that goes lowest."""
    lowest = forecasts.median
    below = [row for row, ready in enumerate(forecasts.ready) if ready and lowest[row] < 0]
    parties = book.accounts["party_id"]
    return {UUID(parties.iloc[row]): row for row in sorted(below, key=lambda row: -lowest[row])}


def _suggest(account: Account, now: Recommendation | None, *, until: date | None, champion: Champion, at: datetime) -> None:
    candidates = overdraft.candidates_for(account)
    facts = facts_for_decision(account.party_id, at=at).attributes
    grounds = _grounds(account, candidates, facts, champion)
    if now is not None:
        if now.grounds == grounds:
            return
        close(now, State.SUPERSEDED)
    if not candidates:
        return
    proposed = [(candidate, _propose(candidate, account.party_id, champion, at)) for candidate in candidates]
    chosen = next((pair for pair in proposed if pair[1].outcome is not Outcome.DENY), None)
    best, decision = chosen or proposed[0]
    row = Recommendation.objects.create(
        party_id=account.party_id,
        arrangement_id=account.arrangement_id,
        kind=Kind.OVERDRAFT,
        state=State.OPEN if chosen else State.WITHHELD,
        made_at=at,
        as_of_date=account.as_of,
        data_until=until,
        valid_until=account.first_below or account.lowest_date,
        model_version_id=champion.id,
        grounds=grounds,
        action=best.action,
        parameters=best.parameters,
        decision_id=decision.id,
        title=best.title,
        say=best.say,
        would_not_be_suggested_if=f"Would not be suggested if {best.unless}",
        policy_checks=_checks(decision),
        currency=account.currency,
        reasons=[asdict(reason) for reason in reasons_for(account, best)],
        options=[_option(candidate, answer) for candidate, answer in proposed if candidate is not best],
        limits=list(LIMITS),
        incomes=[[day.isoformat(), income.name, str(income.amount)] for income in account.incomes for day in income.due],
        past_path=list(account.past[-PAST_DAYS:]),
        low_path=list(account.low),
        median_path=list(account.median),
        high_path=list(account.high),
        alternative_path=list(best.path),
    )
    if chosen:
        _tell(row, why=row.reasons[0]["text"], branch=str(facts.get("branch", "")), at=at)


def _propose(candidate: Candidate, party_id: UUID, champion: Champion, at: datetime) -> Decision:
    return actions.propose(
        actions.declared(candidate.action),
        actor=ACTOR,
        resource_id=str(party_id),
        parameters=candidate.parameters,
        at=at,
        model=champion.ref,
        purposes=PURPOSES,
    )


def _option(candidate: Candidate, decision: Decision) -> dict[str, Any]:
    allowed = decision.outcome is not Outcome.DENY
    return {
        "title": candidate.title,
        "detail": candidate.detail if allowed else "not offered",
        "available": allowed,
        "rules": [{"id": rule.id, "sentence": rule.sentence} for rule in decision.rules],
        "decision_id": str(decision.id),
    }


def _checks(decision: Decision) -> list[dict[str, Any]]:
    """The rules the answer rests on; one that asks for a person is not passed yet."""
    passed = decision.outcome is Outcome.PERMIT
    return [{"id": rule.id, "sentence": rule.sentence, "ok": passed} for rule in decision.rules]


def _grounds(account: Account, candidates: Iterable[Candidate], facts: dict[str, Any], champion: Champion) -> str:
    """What a suggestion rests on: the account's dip, the remedies, and what the policy looks at."""
    text = canonical(
        {
            "account": str(account.arrangement_id),
            "day": account.lowest_date.isoformat(),
            "candidates": [[candidate.action, candidate.parameters] for candidate in candidates],
            "facts": {name: sorted(fact, key=str) if isinstance(fact, list | set | frozenset) else fact for name, fact in facts.items()},
            "model": champion.sha256,
        }
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _tell(row: Recommendation, *, why: str, branch: str, at: datetime) -> None:
    # Before the day it happens; if that is today, before the day is over.
    today = row.valid_until <= clock.bank_date(at)
    due_at = clock.end_of_day(row.valid_until) if today else clock.start_of_day(row.valid_until)
    work.add(
        kind="suggestion", party_id=row.party_id, title=row.title, why=why, due_at=due_at, branch_code=branch, subject_id=row.pk, at=at
    )
    events.publish(
        "insights.recommendation.made",
        subject=str(row.pk),
        data={"party": str(row.party_id), "kind": row.kind, "action": row.action, "decision": str(row.decision_id)},
        source=SOURCE,
        at=at,
    )


def _note_what_helped(book: "Book", parties: Sequence[UUID]) -> None:
    """Of accepted suggestions whose 30 days are over: did the account stay above zero from the dip's day on?"""
    from .cashflow.project import HORIZON

    over = book.as_of - timedelta(days=HORIZON)
    accepted = Recommendation.objects.filter(party_id__in=parties, state=State.ACCEPTED, helped__isnull=True, as_of_date__lte=over)
    known = list(accepted)
    if not known:
        return
    balances, history = book.panel.balances(), book.panel.history
    row_of = {UUID(arrangement): row for row, arrangement in enumerate(book.accounts["arrangement_id"])}
    for suggestion in known:
        row = row_of.get(suggestion.arrangement_id)
        first = history - 1 - (book.as_of - suggestion.valid_until).days
        last = history - 1 - (book.as_of - suggestion.as_of_date).days + HORIZON
        if row is None or first < 0:
            continue
        suggestion.helped = bool((balances[row, first : last + 1] >= 0).all())
        suggestion.save(update_fields=["helped"])
