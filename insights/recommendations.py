"""The face of the suggestions: what is suggested for a customer, why, and what staff answer.

Reads return frozen values and know their number of queries. A suggestion for a customer whom the actor may not see
does not exist for that actor.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.money import Money
from customers import state, visibility
from customers.identity import members_of
from customers.visibility import NotVisible

from .answers import (
    AlreadyAnswered,
    Answer,
    DeclineReason,
    Expired,
    NoteRequired,
    NotThatLate,
    accept,
    decline,
    postpone,
)
from .cashflow.chart import CashflowChart, chart_from
from .models import Recommendation
from .offers.reasons import Reason
from .words import money

__all__ = [
    "AlreadyAnswered",
    "Answer",
    "Card",
    "CardLite",
    "DeclineReason",
    "Detail",
    "Expired",
    "GivenAnswer",
    "NotThatLate",
    "NotVisible",
    "NoteRequired",
    "Option",
    "PolicyCheck",
    "Reason",
    "accept",
    "decline",
    "detail",
    "listing",
    "open_for",
    "postpone",
]

# Below ten known cases "helped in n of 10" would be an anecdote.
CASES_NEEDED = 10
State = Recommendation.State


@dataclass(frozen=True, slots=True)
class Option:
    """Another remedy that was considered; `rule_ids` and `decision_id` say why it is (not) offered."""

    title: str
    detail: str
    available: bool
    rule_ids: tuple[str, ...]
    decision_id: UUID


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """One rule of the bank that was looked at, in staff words."""

    id: str
    sentence: str
    ok: bool


@dataclass(frozen=True, slots=True)
class CardLite:
    """A line of a list of suggestions."""

    id: UUID
    short_id: str
    party_id: UUID
    party_name: str
    title: str
    why: str
    made_at: datetime
    valid_until: date
    lowest: Money
    lowest_date: date


@dataclass(frozen=True, slots=True)
class Card:
    """A suggestion as the customer page shows it. `helped` is (n, 10), or None while too few cases are known."""

    id: UUID
    short_id: str
    party_id: UUID
    party_name: str
    title: str
    made_at: datetime
    valid_until: date
    state: str
    reasons: tuple[Reason, ...]
    helped: tuple[int, int] | None
    chart: CashflowChart
    say: str
    action: str
    parameters: dict[str, Any]
    decision_id: UUID


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """The newest answer to a suggestion. `answer`: accepted, postponed, declined; `outcome`: done, needs_approval, refused."""

    answer: str
    outcome: str
    reason: str
    note: str
    until: date | None
    actor_name: str
    answered_at: datetime
    decision_id: UUID


@dataclass(frozen=True, slots=True)
class Detail:
    """A suggestion with everything that was considered. `given` is None until somebody answered."""

    card: Card
    options: tuple[Option, ...]
    policy_checks: tuple[PolicyCheck, ...]
    limits: tuple[str, ...]
    would_not_be_suggested_if: str
    model_name: str
    model_version: str
    data_until: date | None
    account_label: str
    given: GivenAnswer | None


def open_for(party_id: UUID, *, actor: Actor, at: datetime) -> Card | None:
    """The suggestion for this customer that waits for an answer (or for an approval), if any. Queries: 5.

    Raises:
        NotVisible: the actor may not see this customer (also when there is none).
    """
    if not visibility.may_see(party_id, actor):
        raise NotVisible(str(party_id))
    waiting = Recommendation.objects.filter(
        party_id__in=members_of(party_id), state__in=[State.OPEN, State.AWAITING_APPROVAL], valid_until__gte=clock.bank_date(at)
    )
    row = waiting.order_by("-made_at").first()
    return None if row is None else _card(row, _name_of(row.party_id, actor))


def detail(rec_id: UUID, *, actor: Actor, at: datetime) -> Detail:
    """Everything about one suggestion, as it was made.

    Raises:
        NotVisible: there is none, it was withheld, or the actor may not see its customer.
    """
    row = Recommendation.objects.filter(pk=rec_id).exclude(state=State.WITHHELD).select_related("model_version").first()
    if row is None or not visibility.may_see(row.party_id, actor):
        raise NotVisible(str(rec_id))
    customer = state.state_of(row.party_id, actor=actor, at=at)
    account = next((account for account in customer.accounts if account.id == row.arrangement_id), None)
    return Detail(
        card=_card(row, customer.name),
        options=tuple(
            Option(
                title=option["title"],
                detail=option["detail"],
                available=option["available"],
                rule_ids=tuple(rule["id"] for rule in option["rules"]),
                decision_id=UUID(option["decision_id"]),
            )
            for option in row.options
        ),
        policy_checks=tuple(PolicyCheck(**check) for check in row.policy_checks),
        limits=tuple(row.limits),
        would_not_be_suggested_if=row.would_not_be_suggested_if,
        model_name=row.model_version.name,
        model_version=str(row.model_version.version),
        data_until=row.data_until,
        account_label=f"{account.product_name} {account.masked_number}" if account else "Current account",
        given=_given(row),
    )


def listing(*, actor: Actor, at: datetime, limit: int = 50) -> list[CardLite]:
    """The open suggestions for the customers this actor may see, the most urgent first. Queries: 2 or 3."""
    rows = Recommendation.objects.filter(
        party_id__in=visibility.visible_parties_subquery(actor), state=State.OPEN, valid_until__gte=clock.bank_date(at)
    ).order_by("valid_until", "made_at", "id")[:limit]
    names = state.names_of([row.party_id for row in rows], actor=actor)
    return [
        CardLite(
            id=row.pk,
            short_id=_short_id(row.pk),
            party_id=row.party_id,
            party_name=names.get(row.party_id, ""),
            title=row.title,
            why=row.reasons[0]["text"] if row.reasons else "",
            made_at=row.made_at,
            valid_until=row.valid_until,
            lowest=Money(min(row.median_path), row.currency),
            lowest_date=_lowest_date(row),
        )
        for row in rows
    ]


def _card(row: Recommendation, party_name: str) -> Card:
    return Card(
        id=row.pk,
        short_id=_short_id(row.pk),
        party_id=row.party_id,
        party_name=party_name,
        title=row.title,
        made_at=row.made_at,
        valid_until=row.valid_until,
        state=row.state,
        reasons=tuple(Reason(**reason) for reason in row.reasons),
        helped=_helped(row),
        chart=_chart(row),
        say=row.say,
        action=row.action,
        parameters=dict(row.parameters),
        decision_id=row.decision_id,
    )


def _chart(row: Recommendation) -> CashflowChart:
    return chart_from(
        as_of=row.as_of_date,
        today=clock.bank_date(row.made_at),
        currency=row.currency,
        past=row.past_path,
        low=row.low_path,
        median=row.median_path,
        high=row.high_path,
        alternative=row.alternative_path,
        incomes=[(date.fromisoformat(day), f"{name} {money(Decimal(amount), row.currency)}") for day, name, amount in row.incomes],
    )


def _given(row: Recommendation) -> GivenAnswer | None:
    answer = row.answers.order_by("-answered_at", "-id").first()
    if answer is None:
        return None
    return GivenAnswer(
        answer=answer.answer,
        outcome=answer.outcome,
        reason=answer.reason,
        note=answer.note,
        until=answer.until,
        actor_name=answer.actor_name,
        answered_at=answer.answered_at,
        decision_id=answer.decision_id,
    )


def _helped(row: Recommendation) -> tuple[int, int] | None:
    """In how many of ten known cases the account stayed above zero after the same action. Queries: 1."""
    known = Recommendation.objects.filter(kind=row.kind, action=row.action, helped__isnull=False)
    cases = [bool(helped) for helped in known.order_by("-made_at").values_list("helped", flat=True)[:1000]]
    if len(cases) < CASES_NEEDED:
        return None
    return round(10 * sum(cases) / len(cases)), 10


def _lowest_date(row: Recommendation) -> date:
    return _chart(row).lowest_base[0]


def _name_of(party_id: UUID, actor: Actor) -> str:
    return state.names_of([party_id], actor=actor).get(party_id, "")


def _short_id(rec_id: UUID) -> str:
    return f"SG-{rec_id.hex[-8:].upper()}"
