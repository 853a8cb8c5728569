"""Cards: one for each person on an account, and some that were replaced."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from ..accounts import PRODUCTS, AccountKind
from ..block import Block
from ..people import NOBODY, numbered
from .core import Row

# More cards than one customer can hold.
_CARDS_EACH = 6


def card_rows(block: Block) -> Iterator[Row]:
    return (row for _, row in cards_of(block))


def cards_of(block: Block) -> Iterator[tuple[int, Row]]:
    """(customer's place in the block, row)."""
    people, accounts = block.people, block.accounts
    replaced = people.dice.chance("card replaced", 0.09)
    issued = people.dice.whole("card issued", 20, 1_100)
    count: Counter[int] = Counter()
    for place, holder in _holders(block):
        oldest = int(accounts.opened_days[place]) - 2
        days = min(int(issued[holder]), oldest - 1)
        cards = [("active", days), ("closed", min(days + 400, oldest))] if replaced[holder] else [("active", days)]
        for status, ago in cards:
            serial = int(people.index[holder]) * _CARDS_EACH + count[holder]
            number = numbered(serial, start=73_305, step=61_803_397, size=1_000_000_000)
            count[holder] += 1
            yield (
                holder,
                (
                    f"CRD{number:09d}",
                    f"{number * 7 % 10_000:04d}",
                    block.spellings[holder].card,
                    accounts.number[place],
                    people.customer_no(holder),
                    PRODUCTS[AccountKind(accounts.kind[place])].card,
                    (block.plan.as_of - timedelta(days=ago)).isoformat(),
                    status,
                ),
            )


def _holders(block: Block) -> Iterator[tuple[int, int]]:
    """(account, customer): who carries a card for what."""
    people, accounts = block.people, block.accounts
    owner_of = {int(company): row for row, company in enumerate(people.business) if company != NOBODY}
    for place, (owner, kind) in enumerate(zip(accounts.owner.tolist(), accounts.kind.tolist(), strict=True)):
        if kind == AccountKind.BUSINESS:
            yield place, owner_of[owner]
        elif PRODUCTS[AccountKind(kind)].card:
            yield place, owner
        if kind == AccountKind.JOINT:
            yield place, int(people.partner[owner])
