"""What is really so: which records are one person, what happened to them, what will happen if nothing changes.

Everything here is measured on the simulated days, those to come included; nothing is copied from what a story intended.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import cast
from .accounts import AccountKind
from .block import Block
from .book import METHOD_WORDS, Method, Stream
from .economy import Change, LoanState
from .extracts import euros
from .people import NOBODY
from .systems.cards import cards_of
from .systems.core import birth_date
from .systems.crm import clients_of, consents_of
from .systems.lending import loan_no
from .systems.payments import orders_of

EVENT_WORDS = {
    Change.NEW_JOB: "new_job",
    Change.JOB_LOSS: "job_loss",
    Change.MOVED_IN: "moved_in",
    Change.FIRST_BUSINESS_INCOME: "first_business_income",
}


# Payments with a known day, by account: (what its system calls it, stream).
Schedules = dict[int, list[tuple[str, Stream]]]


def people_of(block: Block) -> Iterator[dict[str, Any]]:
    """One record a customer, in the order of the block."""
    people, economy, accounts, plan = block.people, block.economy, block.accounts, block.plan
    clients, consents = clients_of(people), consents_of(block)
    cards, held, streams = defaultdict(list), defaultdict(list), defaultdict(list)
    for row, card in cards_of(block):
        cards[row].append(card[0])
    for place, owner in enumerate(accounts.owner.tolist()):
        held[owner].append(place)
    for stream in block.book.streams:
        streams[stream.account].append(stream)
    schedules = _schedules(block)
    for row in range(len(people)):
        loans = [loan_no(block, row)] if economy.loan_state[row] != LoanState.NONE else []
        loans += [loan_no(block, row, mortgage=True)] if economy.mortgage[row] else []
        crm = [clients.number[row]] + ([clients.second[row]] if clients.has_second[row] else [])
        person: dict[str, Any] = {
            "person": f"P{int(people.index[row]):07d}",
            "kind": "organisation" if people.company[row] else "person",
            "name": people.name(row),
            "customer_no": people.customer_no(row),
            "birth_date": "" if people.company[row] else birth_date(block, row),
            "branch_code": people.branch_of(row).code,
            "records": {
                "core": [people.customer_no(row)],
                "crm": crm,
                "lending": loans,
                "cards": cards[row],
                "digital": [people.email[row]] if people.email[row] else [],
            },
            "spellings": _spellings(block, row),
            "linked_by_number": not clients.without_customer_no[row],
            "accounts": [accounts.number[place] for place in held[row]],
            "partner": _number(block, int(people.partner[row])),
            "guardian": _number(block, int(people.guardian[row])),
            "mistaken_for": _number(block, int(people.lookalike[row])),
            "owns": _number(block, int(people.business[row])),
            "consents": {purpose: given[-1][0] for purpose, given in consents[row].items()},
            "life_events": _life_events(block, row),
            "days_past_due": int(economy.days_past_due[row]),
            "overdrafts_to_come": [found for place in held[row] if (found := _overdraft(block, place, schedules))],
            "was_below_zero_before": any(bool((block.ledger.closing[place, : plan.today] < 0).any()) for place in held[row]),
            "streams": [_stream(block, stream) for place in held[row] for stream in streams[place]],
        }
        if cast.in_first_block(people) and row < len(cast.CAST):
            person["role"] = cast.CAST[row].story
        yield person


def _spellings(block: Block, row: int) -> dict[str, str]:
    """The name each system has, where it has any."""
    names = block.spellings[row]
    return {
        "core": names.core,
        "crm": block.people.company[row] or " ".join(names.crm),
        "cards": names.card,
        "lending": names.lending if block.economy.loan_state[row] != LoanState.NONE or block.economy.mortgage[row] else "",
    }


def _number(block: Block, row: int) -> str | None:
    return None if row == NOBODY else block.people.customer_no(row)


def _life_events(block: Block, row: int) -> list[dict[str, str]]:
    change = Change(int(block.economy.change[row]))
    if change is Change.NONE:
        return []
    return [{"kind": EVENT_WORDS[change], "date": block.plan.date(max(int(block.economy.change_day[row]), 0)).isoformat()}]


def _stream(block: Block, stream: Stream) -> dict[str, Any]:
    plan = block.plan
    return {
        "account": block.accounts.number[stream.account],
        "method": METHOD_WORDS[stream.method],
        "purpose": stream.purpose,
        "counterparty": stream.counterparty,
        "amount": euros(stream.cents),
        "every": stream.every,
        "day": stream.day,
        "from": plan.date(stream.start).isoformat() if stream.start > 0 else None,
        "until": plan.date(stream.stop).isoformat() if stream.stop < plan.days else None,
    }


def _schedules(block: Block) -> Schedules:
    found: Schedules = defaultdict(list)
    for order, stream in orders_of(block):
        found[stream.account].append((order, stream))
    owners = block.accounts.owner
    for stream in block.book.streams:
        if stream.method is Method.INSTALMENT and stream.stop > block.plan.today:
            number = loan_no(block, int(owners[stream.account]), mortgage=stream.purpose == "mortgage")
            found[stream.account].append((number, stream))
    return found


def _overdraft(block: Block, place: int, schedules: Schedules) -> dict[str, Any] | None:
    """What happens to an account within the horizon if nothing changes; None if it stays at or above zero."""
    plan, accounts = block.plan, block.accounts
    ahead = block.ledger.closing[place, plan.today :]
    if ahead.min() >= 0:
        return None
    first, lowest = int(np.argmax(ahead < 0)), int(ahead.argmin())
    owner = int(accounts.owner[place])
    savings = int(accounts.of_savings[owner]) if accounts.kind[place] == AccountKind.CURRENT else NOBODY
    saved = int(block.ledger.closing[savings, plan.today - 1]) if savings != NOBODY else 0
    return {
        "account": accounts.number[place],
        "balance_today": euros(int(block.ledger.closing[place, plan.today - 1])),
        "first_below": plan.date(plan.today + first).isoformat(),
        "lowest": euros(int(ahead.min())),
        "lowest_on": plan.date(plan.today + lowest).isoformat(),
        "savings": euros(saved),
        "savings_cover": saved >= -int(ahead.min()),
        "later_date_helps": _later_dates(block, place, schedules, ahead),
    }


def _later_dates(block: Block, place: int, schedules: Schedules, ahead: np.ndarray) -> list[dict[str, Any]]:
    """Scheduled payments that, paid two days after the next big income, would keep the account at or above zero."""
    plan = block.plan
    income = _next_income(block, place)
    if income is None:
        return []
    new_day = income + 2
    while plan.date(new_day).day > 28:
        new_day += 1
    new_day_of_month = plan.date(new_day).day
    helps = []
    for name, stream in schedules.get(place, []):
        due = [int(day) for day in plan.on_day_of_month(np.array([stream.day]))[0] if plan.today <= day < min(new_day, plan.days)]
        if not due:
            continue
        path = ahead.copy()
        path[due[0] - plan.today :] -= stream.cents
        path[new_day - plan.today :] += stream.cents
        if path.min() >= 0:
            helps.append(
                {
                    "payment": name,
                    "purpose": stream.purpose,
                    "from_day": stream.day,
                    "to_day": new_day_of_month,
                    "lowest_then": euros(int(path.min())),
                }
            )
    return helps


def _next_income(block: Block, place: int) -> int | None:
    """The day of the biggest amount coming in within the horizon."""
    entries = block.ledger.entries
    begin, end = np.searchsorted(entries.account, [place, place + 1])
    window = slice(int(begin), int(end))
    coming = (entries.day[window] >= block.plan.today) & (entries.cents[window] > 0)
    if not coming.any():
        return None
    places = np.flatnonzero(coming)
    return int(entries.day[window][places[entries.cents[window][places].argmax()]])
