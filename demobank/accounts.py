"""Which accounts a block of customers holds."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .economy import Dip, Economy, Income
from .people import NOBODY, People, numbered
from .places import BRANCHES


class AccountKind(IntEnum):
    CURRENT = 0
    JOINT = 1
    YOUTH = 2
    BUSINESS = 3
    SAVINGS = 4
    YOUNG_SAVER = 5
    CLOSED_SAVER = 6


@dataclass(frozen=True)
class Product:
    code: str
    name: str
    type: str
    card: str


PRODUCTS = {
    AccountKind.CURRENT: Product("CUR-STD", "Current account", "current", "debit"),
    AccountKind.JOINT: Product("CUR-JNT", "Joint current account", "current", "debit"),
    AccountKind.YOUTH: Product("CUR-YTH", "Youth account", "current", "youth debit"),
    AccountKind.BUSINESS: Product("CUR-BUS", "Business account", "current", "business debit"),
    AccountKind.SAVINGS: Product("SAV-RNY", "Rainy-day savings", "savings", ""),
    AccountKind.YOUNG_SAVER: Product("SAV-YTH", "Young saver", "savings", ""),
    AccountKind.CLOSED_SAVER: Product("SAV-FIX", "Fixed-term saver", "savings", ""),
}
SAVING_KINDS = (AccountKind.SAVINGS, AccountKind.YOUNG_SAVER, AccountKind.CLOSED_SAVER)


@dataclass
class Accounts:
    """The accounts of a block; `of_*` lead from a customer to an account's place here, or NOBODY."""

    owner: np.ndarray
    kind: np.ndarray
    of_current: np.ndarray
    of_joint: np.ndarray
    of_savings: np.ndarray
    of_closed: np.ndarray
    number: list[str]
    opened_days: np.ndarray

    def __len__(self) -> int:
        return len(self.owner)

    @property
    def is_saving(self) -> np.ndarray:
        return np.isin(self.kind, SAVING_KINDS)

    def pays_household(self, people: People) -> np.ndarray:
        """The account a customer's home is paid from: the joint one where there is one."""
        return np.where(self.of_joint != NOBODY, self.of_joint, self.of_current)


def open_accounts(people: People, economy: Economy) -> Accounts:
    """Everyone has a current account of their kind; couples one together; savers one to save on."""
    n, dice = len(people), people.dice
    rows = np.arange(n)
    current_kind = np.where(people.is_child, AccountKind.YOUTH, np.where(people.is_business, AccountKind.BUSINESS, AccountKind.CURRENT))
    couples = rows[(people.partner != NOBODY) & people.leads]
    savers = rows[economy.has_savings]
    young = rows[people.is_child & dice.chance("young saver", 0.4)]
    closed = rows[
        people.is_adult
        & ~economy.has_savings
        & np.isin(economy.income_kind, (Income.MONTHLY, Income.PENSION))
        & (economy.dip == Dip.NONE)
        & dice.chance("closed saver", 0.05)
    ]
    owner = np.concatenate([rows, couples, savers, young, closed])
    kind = np.concatenate(
        [
            current_kind,
            np.full(len(couples), AccountKind.JOINT),
            np.full(len(savers), AccountKind.SAVINGS),
            np.full(len(young), AccountKind.YOUNG_SAVER),
            np.full(len(closed), AccountKind.CLOSED_SAVER),
        ]
    )
    place = np.arange(len(owner))
    of_joint, of_savings, of_closed = (np.full(n, NOBODY) for _ in range(3))
    joint = kind == AccountKind.JOINT
    of_joint[owner[joint]] = place[joint]
    of_joint[people.partner[owner[joint]]] = place[joint]
    saving = np.isin(kind, (AccountKind.SAVINGS, AccountKind.YOUNG_SAVER))
    of_savings[owner[saving]] = place[saving]
    gone = kind == AccountKind.CLOSED_SAVER
    of_closed[owner[gone]] = place[gone]
    since = people.since_days[owner]
    opened = np.maximum(
        (since * np.where(kind == current_kind[owner], 1.0, dice.of(owner).between("opened", 0.3, 0.95))).astype(np.int64), 45
    )
    # A closed saver existed before the history begins, as did every other account.
    opened = np.maximum(opened, people.plan.today + 1)
    number = [iban(people, int(row), int(sort)) for row, sort in zip(owner, kind, strict=True)]
    return Accounts(owner, kind, rows.copy(), of_joint, of_savings, of_closed, number, opened)


def iban(people: People, row: int, kind: int) -> str:
    """An Irish IBAN with right check digits at a bank that doesn't exist."""
    serial = numbered(int(people.index[row]) * len(AccountKind) + kind, start=4_711, step=38_196_601, size=99_000_000)
    return irish_iban(BRANCHES[people.branch[row]].sort_code, f"{serial:08d}")


def irish_iban(sort_code: str, account: str) -> str:
    """ISO 13616: two check digits so that the rearranged number leaves 1 when divided by 97."""
    local = f"MRDN{sort_code}{account}"
    digits = "".join(str(int(sign, 36)) for sign in f"{local}IE00")
    return f"IE{98 - int(digits) % 97:02d}{local}"
