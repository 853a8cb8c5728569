"""How each person lives: income, home, loans, savings, habits, and the one thing that may change in their life.

Amounts are cents a month unless said otherwise, 0 meaning "has none"; days of month are 1 to 28 except pay days.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .dice import Dice
from .merchants import BROADBAND, ELECTRICITY, EMPLOYERS, GAS, GYM, INSURANCE, LANDLORDS, MOBILE
from .people import NOBODY, OWNER, People
from .plan import GROUP

NEVER = 10**6
NO_BALANCE_GIVEN = -(10**15)
WEEKLY_BENEFIT = 24_400


class Income(IntEnum):
    NONE = 0
    MONTHLY = 1
    FORTNIGHTLY = 2
    PENSION = 3
    BENEFIT = 4
    DRAWINGS = 5


class Change(IntEnum):
    """A life event. It shows only in how money moves."""

    NONE = 0
    NEW_JOB = 1
    JOB_LOSS = 2
    MOVED_IN = 3
    FIRST_BUSINESS_INCOME = 4


class Dip(IntEnum):
    """Why a current account is meant to run dry in the coming weeks, and what would help."""

    NONE = 0
    LATER_DATE_HELPS = 1
    SAVINGS_COVER = 2
    NOTHING_AT_HAND = 3


class LoanState(IntEnum):
    NONE = 0
    ACTIVE = 1
    ARREARS = 2
    DEFAULTED = 3
    CLOSED = 4


@dataclass
class Economy:
    """One array per trait, one place per customer of the block."""

    income: np.ndarray
    income_kind: np.ndarray
    pay_day: np.ndarray
    pay_phase: np.ndarray
    employer: np.ndarray
    change: np.ndarray
    change_day: np.ndarray
    new_income: np.ndarray
    new_employer: np.ndarray
    new_pay_day: np.ndarray
    contribution: np.ndarray
    contribution_day: np.ndarray
    rent: np.ndarray
    rent_day: np.ndarray
    landlord: np.ndarray
    new_rent: np.ndarray
    new_landlord: np.ndarray
    mortgage: np.ndarray
    mortgage_day: np.ndarray
    electricity: np.ndarray
    electricity_from: np.ndarray
    gas: np.ndarray
    gas_from: np.ndarray
    broadband: np.ndarray
    broadband_from: np.ndarray
    mobile: np.ndarray
    mobile_from: np.ndarray
    insurance: np.ndarray
    insurance_from: np.ndarray
    gym: np.ndarray
    gym_from: np.ndarray
    bill_day: np.ndarray
    subscription: np.ndarray
    charity: np.ndarray
    pocket_money: np.ndarray
    has_savings: np.ndarray
    saving: np.ndarray
    saving_day: np.ndarray
    savings_balance: np.ndarray
    draws_on_savings: np.ndarray
    loan: np.ndarray
    loan_amount: np.ndarray
    loan_is_car: np.ndarray
    loan_day: np.ndarray
    loan_state: np.ndarray
    days_past_due: np.ndarray
    revenue: np.ndarray
    spending: np.ndarray
    spending_after_change: np.ndarray
    purchases: np.ndarray
    overdraft: np.ndarray
    dip: np.ndarray
    depth: np.ndarray
    was_below_before: np.ndarray
    floor: np.ndarray
    balance_today: np.ndarray
    joint_balance_today: np.ndarray
    savings_balance_today: np.ndarray

    def give(self, row: int, *manners: dict[str, object], **traits: object) -> None:
        """Give one customer other traits than the dice did; what comes later counts."""
        for given in (*manners, traits):
            for name, value in given.items():
                getattr(self, name)[row] = value


def _tens(cents: np.ndarray) -> np.ndarray:
    """Rounded to whole ten euros: what people agree on."""
    return (np.round(cents / 1000) * 1000).astype(np.int64)


def _named(dice_values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    return np.array(names, dtype=object)[(dice_values * len(names)).astype(np.int64)]


def draw_economy(people: People) -> Economy:
    """Draw how a block lives. Whoever depends on another (joint home, pocket money) follows that one's draw."""
    dice, plan, n, age = people.dice, people.plan, len(people), people.age
    adult = people.is_adult
    couple = people.partner != NOBODY
    owner = adult & (people.index % GROUP == OWNER) & (people.business != NOBODY)

    # ---- income ----
    kind = np.where(dice.chance("fortnightly", 0.13), Income.FORTNIGHTLY, Income.MONTHLY)
    kind = np.where(dice.chance("on benefit", 0.035), Income.BENEFIT, kind)
    kind = np.where(age >= 66, Income.PENSION, kind)
    kind = np.where(owner, Income.DRAWINGS, kind)
    kind = np.where(adult, kind, Income.NONE)
    student = adult & (age <= 23) & dice.chance("student", 0.6) & ~couple
    income = np.clip(dice.spread("salary", 268_000, 0.30), 165_000, 780_000)
    income = np.where(kind == Income.PENSION, dice.between("pension", 118_000, 260_000), income)
    income = np.where(student, dice.between("student wage", 70_000, 115_000), income)
    income = np.where(kind == Income.DRAWINGS, _tens(dice.between("drawings", 210_000, 380_000)), income)
    income = np.where(kind == Income.BENEFIT, WEEKLY_BENEFIT * 52 / 12, income)
    income = np.where(adult, income, 0).astype(np.int64)
    pay_days = np.array([1, 15, 20, 23, 25, 27, 28, 31])
    pay_day = pay_days[dice.pick("pay day", np.array([8, 6, 5, 6, 24, 10, 22, 19]))]

    # ---- the one change, for people with an employer ----
    draw = dice.uniform("life event")
    change = np.select(
        [draw < 0.045, draw < 0.080, draw < 0.125, draw < 0.150],
        [Change.NEW_JOB, Change.JOB_LOSS, Change.MOVED_IN, Change.FIRST_BUSINESS_INCOME],
        Change.NONE,
    )
    salaried = adult & ~student & np.isin(kind, (Income.MONTHLY, Income.FORTNIGHTLY))
    change = np.where(salaried, change, Change.NONE)
    change = np.where(couple & (change == Change.MOVED_IN), Change.NONE, change)
    latest = max(plan.today - 12, 1)
    change_day = np.floor(latest - dice.uniform("life event day") * max(min(latest - 20, 200), 0)).astype(np.int64)
    change_day = np.where(change == Change.NONE, NEVER, change_day)
    new_income = np.select(
        [change == Change.NEW_JOB, change == Change.JOB_LOSS],
        [income * dice.between("raise", 1.04, 1.30), np.full(n, WEEKLY_BENEFIT * 52 / 12)],
        income,
    ).astype(np.int64)

    # ---- home: couples pay from the joint account, which both feed ----
    contribution = np.where(couple, _tens(income * dice.between("share", 0.42, 0.52)), 0)
    household = np.where(couple & people.leads, contribution + contribution[people.partner], 0)
    home = np.where(couple, household / 0.48, income)
    pays_home = adult & (~couple | people.leads) & ~student & (kind != Income.BENEFIT)
    draw = dice.uniform("home")
    rents = pays_home & (draw < np.where(age >= 66, 0.12, 0.48)) | (student & (draw < 0.4))
    mortgaged = pays_home & ~rents & (draw < 0.74) & (age > 27) & (age < 66)
    moved = change == Change.MOVED_IN
    rents = np.where(moved, dice.chance("rented before", 0.5), rents)
    mortgaged &= ~moved
    rent = np.where(rents, np.clip(_tens(np.where(student, 32_000, home * dice.between("rent", 0.24, 0.33))), 25_000, 210_000), 0)
    new_rent = np.where(moved, np.clip(_tens(income * dice.between("new rent", 0.27, 0.36)), 45_000, 190_000), 0)
    mortgage = np.where(mortgaged, np.round(np.clip(home * dice.between("mortgage", 0.20, 0.28), 38_000, 190_000)), 0).astype(np.int64)
    has_home = (rents | mortgaged | moved | (pays_home & (age > 45))) & ~student

    def bill(topic: str, share: float, low: int, high: int, who: np.ndarray) -> np.ndarray:
        return np.where(who & dice.chance(f"has {topic}", share), np.round(dice.between(topic, low, high) / 5) * 5, 0).astype(np.int64)

    electricity = bill("electricity", 0.95, 5_500, 12_500, has_home)
    gas = bill("gas", 0.55, 4_500, 9_500, has_home)
    broadband = bill("broadband", 0.85, 3_499, 5_999, has_home)
    mobile = bill("mobile", 0.9, 1_499, 3_999, adult)
    insurance = bill("insurance", 0.45, 2_800, 7_200, adult & ~student)
    gym = bill("gym", 0.2, 2_900, 4_900, adult & (age < 66))
    subscription = bill("subscription", 0.55, 999, 1_899, adult)
    charity = np.where(adult & dice.chance("gives", 0.12), dice.pick("gift", np.array([5, 4, 2])) * 500 + 1000, 0)
    pocket_money = np.where(people.is_child, dice.pick("pocket money", np.array([2, 5, 4, 3])) * 1000 + 2000, 0)

    # ---- loans: only what the income carried when it was lent ----
    may_borrow = adult & ~student & (age >= 22) & (age < 68) & (kind != Income.BENEFIT)
    loan_state = np.where(may_borrow & dice.chance("loan", 0.30), LoanState.ACTIVE, LoanState.NONE)
    loan = np.where(
        loan_state != LoanState.NONE, np.round(np.clip(income * dice.between("instalment", 0.055, 0.115), 8_000, 52_000), -2), 0
    )
    draw = dice.uniform("loan state")
    has_loan = loan_state != LoanState.NONE
    loan_state = np.where(has_loan & (draw < 0.10), LoanState.ARREARS, loan_state)
    loan_state = np.where(has_loan & (draw >= 0.10) & (draw < 0.13), LoanState.DEFAULTED, loan_state)
    loan_state = np.where(has_loan & (draw >= 0.13) & (draw < 0.20), LoanState.CLOSED, loan_state)

    # ---- savings ----
    has_savings = adult & ~student & (kind != Income.BENEFIT) & dice.chance("saves", 0.52)
    saving = np.where(
        has_savings & dice.chance("saves monthly", 0.72), np.maximum(_tens(income * dice.between("saving", 0.02, 0.07)), 2_000), 0
    )
    savings_balance = np.clip(dice.spread("savings", 290_000, 0.95), 12_000, 6_000_000).astype(np.int64)

    # ---- who will run dry, who did before ----
    draw, sort = dice.uniform("dip"), dice.uniform("dip sort")
    earns = adult & ~student & (kind != Income.NONE)
    dip = np.where(sort < 0.36, Dip.LATER_DATE_HELPS, np.where(sort < 0.70, Dip.SAVINGS_COVER, Dip.NOTHING_AT_HAND))
    dip = np.where(earns & ((draw < 0.108) | ((change == Change.JOB_LOSS) & (draw < 0.4))), dip, Dip.NONE)
    depth = np.round(dice.between("depth", 2_500, 42_000)).astype(np.int64)
    dip = np.where((dip == Dip.LATER_DATE_HELPS) & (kind != Income.MONTHLY), Dip.SAVINGS_COVER, dip)
    later = dip == Dip.LATER_DATE_HELPS
    behind = (dip == Dip.NOTHING_AT_HAND) & (loan_state == LoanState.ACTIVE) & dice.chance("falls behind", 0.6)
    loan_state = np.where(behind, LoanState.ARREARS, loan_state)
    # Someone helped by a later date owes an instalment, due a few days before pay day.
    borrows = later & ~rents & (loan_state != LoanState.ACTIVE)
    loan_state = np.where(borrows, LoanState.ACTIVE, loan_state)
    loan = np.where(borrows, np.round(np.clip(income * 0.1, 12_000, 52_000), -2), loan).astype(np.int64)
    before_pay = (pay_day - dice.whole("days before pay", 3, 5) - 1) % 28 + 1
    loan_day = np.where(later, before_pay, 1 + dice.pick("loan day", np.ones(28)))
    has_savings |= dip == Dip.SAVINGS_COVER
    savings_balance = np.where(dip == Dip.SAVINGS_COVER, np.maximum(savings_balance, depth * 3), savings_balance)
    has_savings &= ~((dip == Dip.NOTHING_AT_HAND) | later & dice.chance("no savings", 0.5))
    saving = np.where(has_savings, saving, 0)
    past_due = np.where(loan_state == LoanState.ARREARS, dice.whole("past due", 1, 88), 0)
    past_due = np.where(loan_state == LoanState.DEFAULTED, dice.whole("long past due", 120, 400), past_due)

    past_due = np.where(loan_state == LoanState.ARREARS, _since_first_missed(people, loan_day, past_due), past_due)

    overdraft = np.where(
        adult & ~student & dice.chance("overdraft", 0.42), (1 + dice.pick("overdraft limit", np.array([4, 5, 3, 1, 1]))) * 25_000, 0
    )
    revenue = np.where(people.is_business, np.round(dice.spread("revenue", 1_500_000, 0.35), -4), 0).astype(np.int64)

    # ---- what is left is spent, but for a slow drift ----
    drift = income * 0.010 * dice.normal("drift")
    drift = np.where((dip != Dip.NONE) & ~later & dice.chance("slides", 0.4), -income * dice.between("slide", 0.03, 0.09), drift)
    own_home = np.where(couple, 0, np.maximum(rent, new_rent) + mortgage + electricity + gas + broadband)
    running = np.where(np.isin(loan_state, (LoanState.ACTIVE, LoanState.ARREARS)), loan, 0)
    fixed = own_home + contribution + running + saving + mobile + insurance + gym + subscription + charity + 200
    # Most income kinds pay whole months; thirteen fortnights make six.
    spending = np.maximum(income - fixed - drift, income * 0.10)
    spending = np.where(adult, spending, np.where(people.is_child, pocket_money * 0.9, 0)).astype(np.int64)
    purchases = np.clip(3 + spending / 13_000, 3, 14)
    purchases = np.where(people.is_child, 3.0, purchases)

    return Economy(
        income=income,
        income_kind=kind,
        pay_day=pay_day,
        pay_phase=dice.whole("pay phase", 0, 13),
        employer=_named(dice.uniform("employer"), EMPLOYERS),
        change=change,
        change_day=change_day,
        new_income=new_income,
        new_employer=_other_employer(dice),
        new_pay_day=pay_days[dice.pick("new pay day", np.array([8, 6, 5, 6, 24, 10, 22, 19]))],
        contribution=contribution,
        contribution_day=_days_after(pay_day, 2),
        rent=rent.astype(np.int64),
        rent_day=np.where(later & rents, before_pay, dice.whole("rent day", 1, 5)),
        landlord=_named(dice.uniform("landlord"), LANDLORDS),
        new_rent=new_rent.astype(np.int64),
        new_landlord=_named(dice.uniform("new landlord"), LANDLORDS),
        mortgage=mortgage,
        mortgage_day=dice.whole("mortgage day", 1, 10),
        electricity=electricity,
        electricity_from=_named(dice.uniform("electricity from"), ELECTRICITY),
        gas=gas,
        gas_from=_named(dice.uniform("gas from"), GAS),
        broadband=broadband,
        broadband_from=_named(dice.uniform("broadband from"), BROADBAND),
        mobile=mobile,
        mobile_from=_named(dice.uniform("mobile from"), MOBILE),
        insurance=insurance,
        insurance_from=_named(dice.uniform("insurance from"), INSURANCE),
        gym=gym,
        gym_from=_named(dice.uniform("gym from"), GYM),
        bill_day=dice.whole("bill day", 3, 20),
        subscription=subscription,
        charity=charity,
        pocket_money=pocket_money,
        has_savings=has_savings,
        saving=saving,
        saving_day=_days_after(pay_day, 1),
        savings_balance=savings_balance,
        draws_on_savings=adult & dice.chance("draws on savings", 0.2),
        loan=loan,
        loan_amount=np.round(loan * dice.whole("instalments", 20, 56), -4),
        loan_is_car=dice.chance("car", 0.3),
        loan_day=loan_day,
        loan_state=loan_state,
        days_past_due=past_due,
        revenue=revenue,
        spending=spending,
        spending_after_change=np.where(change == Change.JOB_LOSS, 0.6, 1.0),
        purchases=purchases,
        overdraft=overdraft,
        dip=dip,
        depth=depth,
        was_below_before=earns & dice.chance("was below before", 0.14),
        floor=_floor(people),
        balance_today=np.full(n, NO_BALANCE_GIVEN),
        joint_balance_today=np.full(n, NO_BALANCE_GIVEN),
        savings_balance_today=np.full(n, NO_BALANCE_GIVEN),
    )


def _since_first_missed(people: People, loan_day: np.ndarray, about: np.ndarray) -> np.ndarray:
    """Days since the first unpaid due date, about so many days ago; a due date that has passed at any rate."""
    today = people.plan.today
    due = people.plan.on_day_of_month(loan_day)
    passed = due < today
    latest = np.max(np.where(passed, due, -NEVER), axis=1)
    first = np.min(np.where(passed & (due >= (today - about)[:, None]), due, NEVER), axis=1)
    return np.maximum(today - np.where(first == NEVER, latest, first), 1)


def _other_employer(dice: Dice) -> np.ndarray:
    """Half the list further on than the first employer: never the same one."""
    return _named((dice.uniform("employer") + 0.25 + dice.uniform("new employer") / 2) % 1, EMPLOYERS)


def _days_after(pay_day: np.ndarray, days: int) -> np.ndarray:
    return (np.minimum(pay_day, 28) + days - 1) % 28 + 1


def _floor(people: People) -> np.ndarray:
    """What stays on the current account in its lowest hour, for everyone whose account never runs dry."""
    cushion = np.clip(people.dice.spread("cushion", 42_000, 1.1), 2_500, 2_500_000)
    cushion = np.where(people.is_business, cushion * 6, cushion)
    return np.where(people.is_child, people.dice.between("child cushion", 300, 9_000), cushion).astype(np.int64)
