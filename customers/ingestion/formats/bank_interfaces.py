"""What the answers of Open Banking UK, Berlin Group and FDX have in common: described accounts, balances, entries of many accounts."""

from ..converters import currency, day, key, one_of, optional
from ..feed import Feed, column
from ..records import DescribedAccountRecord
from .statements import BALANCE, ENTRY, Statement

ACCOUNT = Feed(
    name="interface.account",
    system="",
    header=("account", "type", "currency", "opened_on", "status"),
    record=DescribedAccountRecord,
    fields={
        "source_key": column("account", key(40)),
        "kind": column(
            "type",
            one_of(
                dict.fromkeys(("CurrentAccount", "CACC", "CHECKING", "TRAN"), "current")
                | dict.fromkeys(("Savings", "SVGS", "SAVINGS"), "savings")
            ),
        ),
        "currency": column("currency", currency),
        "opened_date": column("opened_on", optional(day)),
        "status": column(
            "status",
            one_of(
                dict.fromkeys(("Enabled", "enabled", "blocked", "Disabled", "OPEN", "Active"), "active")
                | dict.fromkeys(("Deleted", "deleted", "CLOSED", "Closed"), "closed")
                | {"": ""}
            ),
        ),
    },
)
FEEDS = (ACCOUNT, ENTRY, BALANCE)


class Statements:
    """Answers hold entries of many accounts in any order: one statement for each."""

    def __init__(self) -> None:
        self._by_account: dict[str, Statement] = {}

    def of(self, account: str, currency: str = "") -> Statement:
        statement = self._by_account.get(account)
        if statement is None:
            statement = self._by_account[account] = Statement(name=account, account=account, currency=currency, order=0)
        statement.currency = currency or statement.currency
        return statement


def balance(account: str, *, currency: str, amount: str, moment: str) -> tuple[str, ...]:
    """The cells of a stated balance; those of one day count by the clock of their moment."""
    stated = Statement(name=account, account=account, currency=currency, order=_clock(moment))
    stated.closing, stated.closed_on = amount, moment[:10]
    return stated.balance()


def _clock(moment: str) -> int:
    digits = "".join(sign for sign in moment[11:19] if sign.isdecimal())
    return int(digits) if len(digits) == 6 else 0
