"""Rent or mortgage, the bills of a household, and moving in somewhere."""

import numpy as np

from ..accounts import Accounts
from ..book import Book, Method
from ..economy import NEVER, Change, Economy
from ..merchants import FURNITURE, LENDER, REMOVAL_FIRMS, REMOVALS
from ..people import NOBODY, People


def add_home(book: Book, people: People, economy: Economy, accounts: Accounts) -> None:
    home = np.where(people.is_business, NOBODY, accounts.pays_household(people))
    own = np.where(people.is_business, NOBODY, accounts.of_current)
    moved = economy.change == Change.MOVED_IN
    moving_day = np.where(moved, economy.change_day, NEVER)

    book.monthly(
        account=home,
        day_of_month=economy.rent_day,
        cents=-economy.rent,
        method=Method.STANDING_ORDER,
        purpose="rent",
        counterparty=economy.landlord,
        stop=moving_day,
    )
    book.monthly(
        account=np.where(moved, home, NOBODY),
        day_of_month=economy.rent_day,
        cents=-economy.new_rent,
        method=Method.STANDING_ORDER,
        purpose="rent",
        counterparty=economy.new_landlord,
        start=moving_day,
    )
    book.monthly(
        account=home,
        day_of_month=economy.mortgage_day,
        cents=-economy.mortgage,
        method=Method.INSTALMENT,
        purpose="mortgage",
        counterparty=LENDER,
    )
    # Who moves has bills of a home from then on; before, only those who rented had.
    bills_from = np.where(moved & (economy.rent == 0), economy.change_day + 6, 0)
    bills = (
        (home, economy.electricity, "utilities", economy.electricity_from, 0, bills_from),
        (home, economy.gas, "utilities", economy.gas_from, 2, bills_from),
        (home, economy.broadband, "telecom", economy.broadband_from, 4, bills_from),
        (own, economy.mobile, "telecom", economy.mobile_from, 5, 0),
        (own, economy.insurance, "insurance", economy.insurance_from, 7, 0),
        (own, economy.gym, "sport", economy.gym_from, 1, 0),
    )
    for account, cents, purpose, company, later, start in bills:
        book.monthly(
            account=account,
            day_of_month=(economy.bill_day + later - 1) % 28 + 1,
            cents=-cents,
            method=Method.DIRECT_DEBIT,
            purpose=purpose,
            counterparty=company,
            working_day=True,
            start=start,
        )
    _moving_in(book, people, economy, np.where(moved, home, NOBODY))


def _moving_in(book: Book, people: People, economy: Economy, account: np.ndarray) -> None:
    """A deposit, a van, and furniture in the weeks after."""
    dice, day = people.dice, economy.change_day
    book.add(
        account=account, day=day - 3, cents=-economy.new_rent, method=Method.TRANSFER, purpose="deposit", counterparty=economy.new_landlord
    )
    book.add(
        account=account,
        day=day,
        cents=-dice.whole("van", 12_000, 32_000),
        method=Method.CARD,
        purpose=REMOVALS[1],
        counterparty=np.array(REMOVAL_FIRMS, dtype=object)[people.index % len(REMOVAL_FIRMS)],
        category=REMOVALS[0],
    )
    book.add(
        account=account[:, None],
        day=day[:, None] + dice.whole("furniture day", 0, 25, 4),
        cents=-dice.whole("furniture", 4_900, 46_000, 4),
        method=Method.CARD,
        purpose=FURNITURE[1],
        counterparty="Nesthouse",
        category=FURNITURE[0],
    )
