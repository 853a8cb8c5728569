"""The customers the documentation names: they live in the first group of every bank, whatever its seed or day.

Days that matter for a story are counted from the plan's day, so that each story holds on any day it is told.
"""

from dataclasses import dataclass

import numpy as np

from .accounts import Accounts, irish_iban
from .book import Book, Method
from .economy import NEVER, Change, Dip, Economy, Income, LoanState
from .merchants import RECREATION
from .people import NOBODY, People
from .places import BRANCH_BY_CODE, BRANCHES, STREETS
from .plan import GROUP, Plan


@dataclass(frozen=True)
class Role:
    """One named customer: `place` in the first group, what to look them up for."""

    place: int
    first: str
    last: str
    woman: bool
    age: int
    branch: str
    story: str
    maiden: str = ""
    tradition: str = "irish"


INES, TOM, BRID, GRAINNE, DIARMUID, SAOIRSE, NUALA, CAFE, DECLAN, HENRIK = range(10)
ZOFIA, SEUN, BEATRIZ, MAIRE, TOMAS, AISLING, JEAN, RAJESH, KASIA, LIAM = range(10, 20)

CAST: tuple[Role, ...] = (
    Role(INES, "Ines", "Marchetti-Okafor", True, 40, "GAL1", "overdraft: instalment before pay day", "Marchetti", "italian"),
    Role(TOM, "Tom", "Okafor", False, 42, "GAL1", "joint account holder", tradition="nigerian"),
    Role(BRID, "Bríd", "Ní Dhomhnaill", True, 72, "GAL1", "nothing to suggest", tradition="gaelic"),
    Role(GRAINNE, "Gráinne", "Ní Bhriain", True, 44, "GAL1", "guardian", "Ní Chinnéide", "gaelic"),
    Role(DIARMUID, "Diarmuid", "Ó Briain", False, 45, "GAL1", "joint account holder", tradition="gaelic"),
    Role(SAOIRSE, "Saoirse", "Ní Bhriain", True, 14, "GAL1", "minor", tradition="gaelic"),
    Role(NUALA, "Nuala", "McGettigan", True, 51, "GAL1", "owner of a business"),
    Role(CAFE, "", "", False, 9, "GAL1", "small business"),
    Role(DECLAN, "Declan", "O'Rourke", False, 38, "GAL1", "in arrears: no credit"),
    Role(HENRIK, "Henrik", "Sørensen", False, 47, "GAL1", "overdraft, consent never asked", tradition="nordic"),
    Role(ZOFIA, "Zofia", "Wiśniewska", True, 34, "GAL1", "lost her job", tradition="polish"),
    Role(SEUN, "Oluwaseun", "Adeyemi", False, 29, "GAL1", "new job", tradition="nigerian"),
    Role(BEATRIZ, "Beatriz", "Carvalho Nogueira", True, 36, "GAL1", "overdraft: savings would cover it", tradition="portuguese"),
    Role(MAIRE, "Máire", "Fitzgerald", True, 43, "GAL1", "one person, several names", "Ní Chonaill"),
    Role(TOMAS, "Tomás", "Keogh", False, 27, "GAL1", "moved in", tradition="gaelic"),
    Role(AISLING, "Aisling", "Doyle", True, 31, "GAL1", "first business income"),
    Role(JEAN, "Jean-Baptiste", "Lefèvre-Moreau", False, 50, "DUB1", "overdraft, consent withdrawn", tradition="french"),
    Role(RAJESH, "Rajesh", "Subramaniam", False, 33, "DUB1", "abandoned loan application", tradition="indian"),
    Role(KASIA, "Katarzyna", "Żak", True, 46, "DUB1", "defaulted loan", tradition="polish"),
    Role(LIAM, "Liam", "McGrath", False, 39, "DUB1", "overdraft: rent before pay day"),
)
# Traits of Economy, by name.
Life = dict[str, object]

CAFE_NAME = "Quill & Kettle Café Ltd"
LOAN_NUMBERS = {INES: "L-20480962"}
# Who lives with whom: a place to the place whose home it is.
_HOMES = {TOM: INES, DIARMUID: GRAINNE, SAOIRSE: GRAINNE, CAFE: NUALA}


def in_first_block(people: People) -> bool:
    return len(people) >= GROUP and people.index[0] == 0


def cast_people(people: People) -> None:
    """Give the first group its names; everything not named stays as the dice had it."""
    if not in_first_block(people):
        return
    for role in CAST:
        row = role.place
        branch = BRANCHES[BRANCH_BY_CODE[role.branch]]
        people.branch[row] = BRANCH_BY_CODE[role.branch]
        people.age_days[row] = int((role.age + 0.45) * 365.25)
        people.since_days[row] = min(people.since_days[row] + 900, int(role.age * 365.25 * 0.6))
        people.woman[row] = role.woman
        people.tradition[row] = role.tradition
        home = _HOMES.get(row, row)
        people.street[row], people.postcode[row] = f"{14 + home} {STREETS['irish'][home]}", f"{branch.postcode[:3]} B{home:02d}Z"
        people.phone[row] = f"+353 88 9{row:02d} {4417 + row}"
        if role.first:
            people.rename(row, first=role.first, last=role.last, maiden=role.maiden)
        people.is_child[row] = row == SAOIRSE
    people.guardian[BRID], people.guardian[SAOIRSE] = NOBODY, GRAINNE
    people.company[CAFE], people.keeps_shop[CAFE], people.email[CAFE] = CAFE_NAME, True, "hello@quillandkettle.example"
    people.since_days[INES] = 12 * 365


def cast_economy(people: People, economy: Economy) -> None:
    """Give the first group the lives of their stories."""
    if not in_first_block(people):
        return
    for place, life in _lives(people.plan).items():
        economy.give(place, _QUIET | life)


_QUIET: Life = {
    "change": Change.NONE,
    "change_day": NEVER,
    "dip": Dip.NONE,
    "was_below_before": False,
    "loan_state": LoanState.NONE,
    "loan": 0,
    "days_past_due": 0,
    "charity": 0,
    "gym": 0,
    "spending_after_change": 1.0,
    "draws_on_savings": False,
    "floor": 60_000,
    "new_rent": 0,
}


def _lives(plan: Plan) -> dict[int, Life]:
    """Traits of each named customer (see Economy): an instalment in about four days, pay day about four days later."""
    due_in, due_day = plan.day_of_month_in(4)
    pay_in, pay_day = plan.day_of_month_in(due_in + 4)
    after_pay = plan.day_of_month_in(pay_in + 2)[1]

    def ago(days: int) -> int:
        return plan.today - min(days, plan.today // 2)

    salaried: Life = {"income_kind": Income.MONTHLY, "pay_day": pay_day, "contribution": 0, "rent": 0, "mortgage": 0}
    bills: Life = {"electricity": 7_800, "gas": 0, "broadband": 4_500, "mobile": 2_500, "insurance": 0, "subscription": 1_299}
    single: Life = salaried | bills | {"has_savings": False, "saving": 0, "overdraft": 50_000}
    loan: Life = {"loan_state": LoanState.ACTIVE, "loan_is_car": False, "loan_day": due_day}
    saver: Life = {"has_savings": True, "saving_day": after_pay}
    runs_dry: Life = {"dip": Dip.NOTHING_AT_HAND}
    return {
        # A little goes out every week, see cast_book; the rest of the household's life is on the joint account.
        INES: salaried
        | loan
        | {
            "income": 241_000,
            "employer": "Corrib Instruments",
            "contribution": 192_000,
            "contribution_day": after_pay,
            "rent": 145_000,
            "rent_day": 2,
            "landlord": "Eyre Residential",
            "electricity": 8_200,
            "gas": 6_100,
            "broadband": 4_999,
            "mobile": 2_800,
            "insurance": 0,
            "subscription": 0,
            "loan": 31_200,
            "loan_amount": 1_124_000,
            "has_savings": True,
            "saving": 0,
            "overdraft": 50_000,
            "spending": 0,
            "balance_today": 16_400,
            "joint_balance_today": 500_000,
            "savings_balance_today": 131_815,
        },
        TOM: salaried
        | {
            "income": 295_000,
            "contribution": 120_000,
            "contribution_day": after_pay,
            "has_savings": False,
            "saving": 0,
            "spending": 110_000,
        },
        BRID: {
            "income_kind": Income.PENSION,
            "income": 196_000,
            "contribution": 0,
            "rent": 0,
            "mortgage": 0,
            "has_savings": True,
            "saving": 5_000,
            "spending": 118_000,
            "floor": 140_000,
        },
        GRAINNE: {"mortgage": 118_000, "rent": 0},
        DIARMUID: {},
        SAOIRSE: {},
        NUALA: {},
        DECLAN: single
        | loan
        | runs_dry
        | {
            "loan": 28_400,
            "loan_amount": 1_000_000,
            "loan_state": LoanState.ARREARS,
            "days_past_due": _since_second_last_due(plan, due_day),
            "income": 262_000,
            "rent": 88_000,
            "rent_day": 3,
            "spending": 92_000,
            "depth": 19_000,
        },
        HENRIK: single | runs_dry | {"income": 318_000, "rent": 120_000, "rent_day": due_day, "spending": 141_000, "depth": 21_000},
        ZOFIA: single
        | {
            "income": 274_000,
            "change": Change.JOB_LOSS,
            "change_day": ago(45),
            "new_income": 105_733,
            "rent": 86_000,
            "rent_day": 2,
            "spending": 128_000,
            "spending_after_change": 0.6,
            "floor": 26_000,
        },
        SEUN: single
        | {
            "income": 251_000,
            "employer": "Northquay Logistics",
            "change": Change.NEW_JOB,
            "change_day": ago(75),
            "new_employer": "Lantern Software",
            "new_income": 312_000,
            "new_pay_day": 25,
            "rent": 82_000,
            "rent_day": 1,
            "spending": 120_000,
        },
        BEATRIZ: single
        | saver
        | {
            "income": 287_000,
            "rent": 94_000,
            "rent_day": 4,
            "bill_day": due_day,
            "electricity": 12_400,
            "gas": 8_900,
            "spending": 150_000,
            "saving": 8_000,
            "savings_balance": 286_000,
            "overdraft": 25_000,
            "dip": Dip.SAVINGS_COVER,
            "depth": 17_500,
        },
        MAIRE: single | loan | {"loan": 19_500, "loan_amount": 650_000, "income": 281_000, "spending": 170_000},
        TOMAS: single
        | {
            "income": 264_000,
            "change": Change.MOVED_IN,
            "change_day": ago(60),
            "new_rent": 96_000,
            "new_landlord": "Harbour Homes",
            "rent_day": 1,
            "spending": 112_000,
        },
        AISLING: single
        | {
            "income": 238_000,
            "change": Change.FIRST_BUSINESS_INCOME,
            "change_day": ago(70),
            "rent": 74_000,
            "rent_day": 1,
            "spending": 124_000,
        },
        JEAN: single | runs_dry | {"income": 334_000, "rent": 128_000, "rent_day": due_day, "spending": 148_000, "depth": 42_000},
        RAJESH: single | saver | {"income": 301_000, "rent": 110_000, "rent_day": 2, "spending": 118_000, "saving": 15_000},
        KASIA: single
        | loan
        | {
            "loan": 24_000,
            "loan_amount": 800_000,
            "loan_state": LoanState.DEFAULTED,
            "days_past_due": 196,
            "income": 244_000,
            "rent": 80_000,
            "rent_day": 2,
            "spending": 140_000,
        },
        LIAM: single
        | {
            "income": 258_000,
            "rent": 98_000,
            "rent_day": due_day,
            "landlord": "Liberty Lettings",
            "spending": 139_000,
            "dip": Dip.LATER_DATE_HELPS,
            "depth": 24_000,
        },
    }


def _since_second_last_due(plan: Plan, day_of_month: int) -> int:
    """Days since the second last due date: one instalment missed, then another."""
    due = plan.on_day_of_month(np.array([day_of_month]))[0]
    passed = due[due < plan.today]
    return int(plan.today - passed[-2:][0])


def cast_accounts(people: People, accounts: Accounts) -> None:
    """The account numbers the pictures in the documentation show."""
    if not in_first_block(people):
        return
    sort_code = people.branch_of(INES).sort_code
    for account, last_digits in ((accounts.of_current[INES], 3305), (accounts.of_savings[INES], 3311), (accounts.of_joint[INES], 7740)):
        accounts.number[account] = irish_iban(sort_code, f"9900{last_digits}")


def cast_book(book: Book, people: People, accounts: Accounts) -> None:
    """Single payments that stories speak of."""
    if not in_first_block(people):
        return
    plan, own = book.plan, accounts.of_current[INES : INES + 1, None]
    weeks = np.arange(0, plan.days, 7)[None, :]
    for shop, purpose, category, day in (("Early Bird Stores", "groceries", 5499, 1), ("Crust & Crumb", "bakery", 5462, 4)):
        cents = people.dice.of(np.array([INES])).whole(shop, 900, 2_100, weeks.size)
        book.add(account=own, day=weeks + day, cents=-cents, method=Method.CARD, purpose=purpose, counterparty=shop, category=category)
    book.add(
        account=accounts.of_joint[INES : INES + 1],
        day=np.array([plan.today - 11]),
        cents=np.array([-14_800]),
        method=Method.CARD,
        purpose=RECREATION[1],
        counterparty="Velo Rentals",
        category=RECREATION[0],
    )
