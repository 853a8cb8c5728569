"""Lending: personal and car loans and mortgages, known by national id and the name on the application."""

from collections.abc import Iterator
from datetime import timedelta

from .. import cast
from ..block import Block
from ..economy import LoanState
from ..extracts import euros
from ..flows.regular import closed_on
from ..people import numbered
from .core import Row

_STATUS = {LoanState.ACTIVE: "active", LoanState.ARREARS: "arrears", LoanState.DEFAULTED: "defaulted", LoanState.CLOSED: "closed"}
_MORTGAGE_PAYMENTS = 312


def loan_no(block: Block, row: int, *, mortgage: bool = False) -> str:
    if cast.in_first_block(block.people) and row in cast.LOAN_NUMBERS and not mortgage:
        return cast.LOAN_NUMBERS[row]
    return f"L-{numbered(int(block.people.index[row]) * 2 + mortgage, start=5_550_962, step=30_517_579, size=100_000_000):08d}"


def loan_rows(block: Block) -> Iterator[Row]:
    people, economy, plan = block.people, block.economy, block.plan
    home = block.accounts.pays_household(people)
    past = people.dice.whole("loan since", 200, 1_000)
    closed = plan.today - closed_on(plan.today, economy)
    for row in range(len(people)):
        state = LoanState(int(economy.loan_state[row]))
        borrower = (people.national_id(row), block.spellings[row].lending)
        if state is not LoanState.NONE:
            code, name = ("LON-CAR", "Car loan") if economy.loan_is_car[row] else ("LON-PER", "Personal loan")
            # Lent before the history begins, and long enough ago to be as late as it is.
            opened = plan.today + int(past[row]) + int(economy.days_past_due[row]) + int(closed[row] if state is LoanState.CLOSED else 0)
            yield (
                loan_no(block, row),
                *borrower,
                block.accounts.number[block.accounts.of_current[row]],
                code,
                name,
                euros(economy.loan_amount[row]),
                "EUR",
                _day(block, opened),
                euros(economy.loan[row]),
                int(economy.loan_day[row]),
                int(economy.days_past_due[row]),
                _STATUS[state],
            )
        if economy.mortgage[row]:
            amount = int(economy.mortgage[row]) * _MORTGAGE_PAYMENTS // 1_000_000 * 600_000
            yield (
                loan_no(block, row, mortgage=True),
                *borrower,
                block.accounts.number[home[row]],
                "LON-MTG",
                "Mortgage",
                euros(amount),
                "EUR",
                _day(block, plan.today + 2 * int(past[row])),
                euros(economy.mortgage[row]),
                int(economy.mortgage_day[row]),
                0,
                "active",
            )


def _day(block: Block, days_ago: int) -> str:
    return (block.plan.as_of - timedelta(days=days_ago)).isoformat()
