"""Core banking: branches, customers as the old ledger spells them, accounts, holders, entries."""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b

import numpy as np

from ..accounts import PRODUCTS, AccountKind
from ..block import Block
from ..book import METHOD_WORDS, Method
from ..extracts import euros
from ..people import NOBODY
from ..places import BRANCHES
from ..plan import BLOCK

Row = tuple[object, ...]
_ENTRIES_PER_BLOCK = 10_000_000
_FROM_AN_ACCOUNT = (Method.SALARY, Method.TRANSFER_IN, Method.TRANSFER, Method.STANDING_ORDER, Method.DIRECT_DEBIT)


def branches() -> Iterator[Row]:
    for branch in BRANCHES:
        yield branch.code, branch.name, branch.town


def customers(block: Block) -> Iterator[Row]:
    people, plan = block.people, block.plan
    for row in range(len(people)):
        company = bool(people.company[row])
        born = "" if company else birth_date(block, row)
        since = plan.date(plan.today - int(people.since_days[row])).isoformat()
        name = block.spellings[row].core
        yield people.customer_no(row), name, born, people.national_id(row), people.branch_of(row).code, since, "O" if company else "P"


def birth_date(block: Block, row: int) -> str:
    return block.plan.date(block.plan.today - int(block.people.age_days[row])).isoformat()


def accounts(block: Block) -> Iterator[Row]:
    accounts, people, plan = block.accounts, block.people, block.plan
    for place, (owner, kind) in enumerate(zip(accounts.owner.tolist(), accounts.kind.tolist(), strict=True)):
        product = PRODUCTS[AccountKind(kind)]
        limit = block.economy.overdraft[owner] if kind == AccountKind.CURRENT else 0
        opened = plan.date(plan.today - int(accounts.opened_days[place])).isoformat()
        status = "closed" if kind == AccountKind.CLOSED_SAVER else "active"
        yield (
            accounts.number[place],
            product.code,
            product.name,
            product.type,
            "EUR",
            opened,
            people.branch_of(owner).code,
            euros(limit),
            status,
        )


def holders(block: Block) -> Iterator[Row]:
    accounts, people = block.accounts, block.people
    owners_of = {int(company): row for row, company in enumerate(people.business) if company != NOBODY}
    for place, (owner, kind) in enumerate(zip(accounts.owner.tolist(), accounts.kind.tolist(), strict=True)):
        number = accounts.number[place]
        yield number, people.customer_no(owner), "owner"
        if kind == AccountKind.JOINT:
            yield number, people.customer_no(people.partner[owner]), "joint"
        elif kind in (AccountKind.YOUTH, AccountKind.YOUNG_SAVER):
            yield number, people.customer_no(people.guardian[owner]), "guardian"
        elif kind == AccountKind.BUSINESS and owner in owners_of:
            yield number, people.customer_no(owners_of[owner]), "authorised"


def transaction_lines(block: Block) -> list[str]:
    """Lines of core/transactions.csv, account by account, in booking order; nothing of the days to come."""
    happened = np.flatnonzero(block.ledger.entries.day < block.plan.today)
    entries = block.ledger.entries.take(happened)
    balance = block.ledger.balance_after[happened].tolist()
    number, iso = block.accounts.number, block.plan.iso
    words = {int(method): word for method, word in METHOD_WORDS.items()}
    outside = {int(method) for method in _FROM_AN_ACCOUNT}
    entry = (int(block.people.index[0]) // BLOCK + 1) * _ENTRIES_PER_BLOCK
    lines = []
    columns = (column.tolist() for column in vars(entries).values())
    for line, (account, day, cents, method, purpose, name, other, category) in enumerate(zip(*columns, strict=True)):
        elsewhere = account_elsewhere(name) if method in outside else ""
        lines.append(
            f"{entry + line},{number[account]},{iso[day]},{euros(cents)},EUR,{euros(balance[line])},"
            f"{words[method]},{purpose},{name},{elsewhere if other == NOBODY else number[other]},{category or ''}\n"
        )
    return lines


@cache
def account_elsewhere(name: str) -> str:
    """The IBAN, at another invented bank, of somebody who is no customer."""
    serial = int.from_bytes(blake2b(name.encode(), digest_size=6).digest(), "big") % 10**14
    local = f"QUAY{serial:014d}"
    digits = "".join(str(int(sign, 36)) for sign in f"{local}IE00")
    return f"IE{98 - int(digits) % 97:02d}{local}"
