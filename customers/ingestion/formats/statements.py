"""What account statements say, whatever format they come in: entries, and balances that must add up."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from ..converters import BadValue, amount, currency, day, key, number_within, optional, same, shown, text, whole_number
from ..errors import UnreadableFile
from ..feed import Feed, column, columns, constant
from ..records import BalanceRecord, GoneRecord, TransactionRecord

ENTRIES_PER_STATEMENT = 10**6
MADE = "~"
"""Begins the key of an entry to which its bank gave no reference."""

# A balance that isn't behind known entries is that of its day: no entry has a number as large.
OF_THE_DAY = 4 * 10**18
_LONGEST_KEY = 60
# A bank that takes an entry back has said it before: sent once more, it stays taken back.
_BEHIND_EXTRACTS = 1
_UNNAMED = 200_000
_IBAN = re.compile(r"[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30}", re.ASCII)


def shortened(longest: int) -> "Shortened":
    return Shortened(longest)


class Shortened:
    """Words, cut where the state keeps no more; the raw text keeps them all."""

    def __init__(self, longest: int) -> None:
        self._longest, self._text = longest, text(100_000)

    def __call__(self, value: str) -> str:
        words = self._text(value)
        return words if len(words) <= self._longest else f"{words[: self._longest - 1]}…"


def _sequence(reference: str, place: str) -> int:
    """Banks number entries as they book them; an entry without a number of its bank stands where the statement has it."""
    if not reference.startswith(MADE):
        try:
            return number_within(reference)
        except BadValue:
            pass
    return whole_number(0, 10**18)(place)


def _closing(opening: str, entries: str, closing: str) -> Decimal:
    """The closing balance, if it is what the opening balance and the entries make."""
    stated = amount(closing)
    if opening.strip():
        if not entries.strip():
            raise BadValue(
                "unknown_entries", "an entry of this statement cannot be read; correct that first, then write what all make here"
            )
        made = amount(opening) + amount(entries)
        if made != stated:
            raise BadValue(
                "statement_differs",
                f"the statement opens with {opening} and its entries make {entries}, which is {made}, but it closes with {stated}:"
                f" {stated - made:+} is missing",
            )
    return stated


def _order(order: str) -> int:
    if not (order.isascii() and order.isdecimal() and int(order) < 2 * OF_THE_DAY):
        raise BadValue("bad_number", f"{shown(order)} doesn't tell which balance of its day it is")
    return int(order)


def fitting(reference: str) -> str:
    """A bank's reference as a key; a longer one than any key by its hash."""
    return reference if len(reference) <= _LONGEST_KEY else f"#{hashlib.sha256(reference.encode()).hexdigest()[:40]}"


ENTRY = Feed(
    name="statement.entry",
    system="",
    header=(
        "account", "booked_on", "amount", "currency", "reference", "place", "method", "purpose", "counterparty", "counterparty_account",
        "mcc", "balance_after",
    ),
    record=TransactionRecord,
    moment="booking_date",
    fields={
        "source_key": column("reference", key(_LONGEST_KEY)),
        "account_key": column("account", key()),
        "booking_date": column("booked_on", day),
        "sequence": columns("reference", "place", convert=_sequence),
        "amount": column("amount", amount),
        "currency": column("currency", currency),
        "balance_after": column("balance_after", optional(amount)),
        "method": column("method", text(40, required=True)),
        "purpose": column("purpose", shortened(60)),
        "counterparty": column("counterparty", shortened(120)),
        "counterparty_account": column("counterparty_account", shortened(60)),
        "merchant_category": column("mcc", text(4)),
    },
)  # fmt: skip

BALANCE = Feed(
    name="statement.balance",
    system="",
    header=("account", "statement", "currency", "opening", "entries", "closing", "closed_on", "order"),
    record=BalanceRecord,
    moment="balance_date",
    fields={
        "account_key": column("account", key()),
        "currency": column("currency", currency),
        "balance_date": column("closed_on", day),
        "sequence": column("order", _order),
        "amount": columns("opening", "entries", "closing", convert=_closing),
    },
)

WITHDRAWN = Feed(
    name="statement.withdrawn",
    system="",
    header=("kind", "reference"),
    record=GoneRecord,
    fields={
        "kind": column("kind", same("transaction")),
        "source_key": column("reference", fitting),
        "position": constant(_BEHIND_EXTRACTS),
    },
)


def account_number(value: str) -> str:
    """An IBAN without the spaces it is printed with; any other number as it is written."""
    joined = "".join(value.split())
    return joined if _IBAN.fullmatch(joined) else " ".join(value.split())


def signed(value: str, *, debit: bool) -> str:
    """An amount written without a sign, as the text of a cell."""
    value = value.strip()
    return f"-{value}" if debit and value and not value.startswith("-") else value


class Statement:
    """One statement while it is read: what its entries make, where each stands, and what to call those without a reference."""

    def __init__(self, *, name: str, account: str, currency: str, order: int) -> None:
        self.name, self.account, self.currency, self.order = name, account, currency, order
        self.opening = self.closing = self.closed_on = ""
        self._entries, self._last = 0, 0
        self._sum: Decimal | None = Decimal()
        self._alike: Counter[bytes] = Counter()

    def entry(
        self,
        *,
        booked_on: str,
        amount: str,
        currency: str,
        reference: str,
        told_by: Sequence[str],
        method: str,
        purpose: str = "",
        counterparty: str = "",
        counterparty_account: str = "",
        mcc: str = "",
    ) -> tuple[str, ...]:
        """The cells of one entry. `told_by`: what else tells it from others, if its bank gave it no reference."""
        self._add(amount)
        self._entries += 1
        place = str(self.order * ENTRIES_PER_STATEMENT + self._entries)
        named = fitting(reference) if reference else self._made((booked_on, amount, currency, counterparty, *told_by))
        self._last = max(self._last, _sequence(named, place))
        return (
            self.account, booked_on, amount, currency or self.currency, named, place, method, purpose, counterparty,
            counterparty_account, mcc, "",
        )  # fmt: skip

    def balance(self) -> tuple[str, ...]:
        """The cells of its balances. If an amount of its entries cannot be read, they don't add up.

        What it closes with stands behind its last entry, so that it is in order with balances stated behind single entries.
        """
        order = self._last or OF_THE_DAY + self.order
        entries = "" if self._sum is None else str(self._sum)
        return self.account, self.name, self.currency, self.opening, entries, self.closing, self.closed_on, str(order)

    def _add(self, text: str) -> None:
        try:
            self._sum = None if self._sum is None else self._sum + amount(text)
        except BadValue:
            self._sum = None

    def _made(self, said: tuple[str, ...]) -> str:
        """A key made of all that is said. Of entries that say the same each has its number, so that two coffees of a day are two."""
        digest = hashlib.sha256("\x1f".join((self.account, *said)).encode()).digest()[:18]
        self._alike[digest] += 1
        if len(self._alike) > _UNNAMED:
            raise UnreadableFile(f"Statement {self.name} has more than {_UNNAMED:,} entries without a reference; ask for them by day.")
        return f"{MADE}{digest.hex()}-{self._alike[digest]}"
