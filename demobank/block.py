"""One block of customers, lived through: who they are, what they hold, every movement of their money."""

from dataclasses import dataclass
from functools import cached_property

from .accounts import Accounts, open_accounts
from .book import Book
from .cast import cast_accounts, cast_book, cast_economy, cast_people
from .economy import Economy, draw_economy
from .flows.home import add_home
from .flows.income import add_income
from .flows.regular import add_regular
from .flows.spending import add_spending
from .flows.trade import add_trade
from .people import People, draw_people
from .plan import Plan
from .settle import Ledger, settle
from .spelling import Spelling, spell


@dataclass
class Block:
    plan: Plan
    people: People
    economy: Economy
    accounts: Accounts
    book: Book
    ledger: Ledger

    @cached_property
    def spellings(self) -> list[Spelling]:
        return spell(self.people)


def live(plan: Plan, indexes: range) -> Block:
    """Simulate the customers of `indexes`; needs no other block."""
    people = draw_people(plan, indexes)
    cast_people(people)
    economy = draw_economy(people)
    cast_economy(people, economy)
    accounts = open_accounts(people, economy)
    cast_accounts(people, accounts)
    book = Book(plan)
    for add in (add_income, add_home, add_regular, add_spending, add_trade):
        add(book, people, economy, accounts)
    cast_book(book, people, accounts)
    return Block(plan, people, economy, accounts, book, settle(book, people, economy, accounts))
