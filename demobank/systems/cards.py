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
    owners_of = {int(company): row for row, company in enumerate(people.business) if company != NOBODY}
    replaced = people.dice.chance("card replaced", 0.09)
    issued = people.dice.whole("card issued", 20, 1_100)
    count: Counter[int] = Counter()
    for place, (owner, kind) in enumerate(zip(accounts.owner.tolist(), accounts.kind.tolist(), strict=True)):
        product = PRODUCTS[AccountKind(kind)]
        if not product.card:
            continue
        holders = [owner]
        if kind == AccountKind.JOINT:
            holders.append(int(people.partner[owner]))
        elif kind == AccountKind.BUSINESS:
            holders = [owners_of[owner]] if owner in owners_of else []
        for holder in holders:
            days = min(int(issued[holder]), int(accounts.opened_days[place]) - 3)
            cards = [("active", days)] + ([("closed", min(days + 400, int(accounts.opened_days[place]) - 2))] if replaced[holder] else [])
            for status, ago in cards:
                number = numbered(
                    int(people.index[holder]) * _CARDS_EACH + count[holder], start=73_305, step=61_803_397, size=1_000_000_000
                )
                day = (block.plan.as_of - timedelta(days=ago)).isoformat()
                yield (
                    holder,
                    (
                        f"CRD{number:09d}",
                        f"{number * 7 % 10_000:04d}",
                        block.spellings.card[holder],
                        accounts.number[place],
                        people.customer_no(holder),
                        product.card,
                        day,
                        status,
                    ),
                )
                count[holder] += 1
