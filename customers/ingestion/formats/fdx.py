"""FDX (versions 5 and 6): answers of the accounts and transactions resources.

Version 5 wraps each in its kind ("depositTransaction"), version 6 names the kind beside it. A transaction doesn't say its currency: it is
that of its account, which must stand before it in the same answer, or the entry waits for a correction.
"""

from collections.abc import Iterator
from typing import Any

from ..reading import Chunk, Source
from .bank_interfaces import ACCOUNT, FEEDS, Statements, balance
from .entries import Entry, chunks_of_entries
from .json_documents import at, first, items, paths_in
from .layout import Arriving, Layout, Stretch
from .statements import BALANCE, ENTRY, account_number, signed

_ACCOUNT, _TRANSACTION = "accounts.item", "transactions.item"
_KINDS = ("deposit", "loan", "loc", "investment", "insurance")
_METHODS = {
    "ATMDEPOSIT": "cash", "ATMWITHDRAWAL": "cash", "CASH": "cash", "CHECK": "cheque", "DIRECTDEBIT": "direct_debit",
    "DIRECTDEPOSIT": "salary", "DIVIDEND": "dividend", "FEE": "fee", "SERVICECHARGE": "fee", "INTEREST": "interest",
    "POSDEBIT": "card", "POSCREDIT": "card", "REPEATPAYMENT": "standing_order", "TRANSFER": "transfer", "PAYMENT": "transfer",
    "DEPOSIT": "deposit",
}  # fmt: skip


class Fdx:
    def recognise(self, file: Arriving) -> Layout | None:
        marks = {f"{path}.accountCategory" for path in (_ACCOUNT, _TRANSACTION)} | {
            f"{path}.{kind}{what}" for kind in _KINDS for path, what in ((_ACCOUNT, "Account"), (_TRANSACTION, "Transaction"))
        }
        return Layout(name="fdx", feeds=FEEDS, chunks=_chunks) if marks & paths_in(file) else None


def _chunks(source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(source), FEEDS, stretch)


def _entries(source: Source) -> Iterator[Entry]:
    statements, number = Statements(), 0
    for path, wrapped in items(source, (_ACCOUNT, _TRANSACTION)):
        item = _unwrapped(wrapped)
        account = account_number(at(item, "accountId"))
        number += 1
        if path == _ACCOUNT:
            currency = at(item, "currency", "currencyCode")
            statements.of(account, currency)
            opened, kind = at(item, "accountOpenDate")[:10], at(item, "accountType")
            yield Entry(number, ACCOUNT, (account, kind, currency, opened, at(item, "status")))
            if at(item, "currentBalance"):
                number += 1
                stated = balance(account, currency=currency, amount=at(item, "currentBalance"), moment=at(item, "balanceAsOf"))
                yield Entry(number, BALANCE, stated)
        elif at(item, "status").upper() == "POSTED":
            yield Entry(number, ENTRY, _cells(item, account, statements))
        else:
            yield Entry(number)


def _unwrapped(item: Any) -> Any:
    if isinstance(item, dict) and len(item) == 1:
        (inner,) = item.values()
        return inner
    return item


def _cells(item: Any, account: str, statements: Statements) -> tuple[str, ...]:
    return statements.of(account).entry(
        booked_on=at(item, "postedTimestamp")[:10],
        amount=signed(at(item, "amount"), debit=at(item, "debitCreditMemo").upper() == "DEBIT"),
        currency="",
        reference=at(item, "transactionId"),
        told_by=(at(item, "description"), at(item, "memo"), at(item, "transactionTimestamp")),
        method=_METHODS.get(at(item, "transactionType").upper(), "other"),
        purpose=at(item, "memo"),
        counterparty=first(item, ("payee",), ("description",)),
    )
