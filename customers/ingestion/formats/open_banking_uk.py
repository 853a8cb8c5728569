"""Open Banking UK (read/write API 3.1 and 4.0): answers of the accounts, balances and transactions resources."""

from collections.abc import Iterator

from ..reading import Chunk, Source
from .bank_interfaces import ACCOUNT, FEEDS, Statements, balance
from .entries import Entry, chunks_of_entries
from .json_documents import at, first, items, paths_in
from .layout import Arriving, Layout, Stretch
from .statements import BALANCE, ENTRY, account_number, signed

_ACCOUNT, _BALANCE, _TRANSACTION = (f"Data.{name}.item" for name in ("Account", "Balance", "Transaction"))
_BOOKED = ("Booked", "BOOK")
_BALANCES = ("ClosingBooked", "InterimBooked", "CLBD", "ITBD")
_DEBIT = ("Debit", "DBIT")
# The words of the code set of OBIE, for those of the bank transaction codes of ISO 20022.
_BY_SUB_CODE = {
    "PayrollSalaryPayment": "salary", "StandingOrder": "standing_order", "Interest": "interest", "Charges": "fee", "Fees": "fee",
    "PrincipalPayment": "instalment",
}  # fmt: skip
_BY_CODE = {
    "IssuedCreditTransfers": "transfer", "ReceivedCreditTransfers": "transfer", "IssuedDirectDebits": "direct_debit",
    "ReceivedDirectDebits": "direct_debit", "CustomerCardTransactions": "card", "MerchantCardTransactions": "card",
    "CounterTransactions": "cash",
}  # fmt: skip


class OpenBankingUk:
    def recognise(self, file: Arriving) -> Layout | None:
        if not {_ACCOUNT, _BALANCE, _TRANSACTION} & paths_in(file):
            return None
        return Layout(name="open-banking-uk", feeds=FEEDS, chunks=_chunks)


def _chunks(source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(source), FEEDS, stretch)


def _entries(source: Source) -> Iterator[Entry]:
    statements = Statements()
    for number, (path, item) in enumerate(items(source, (_ACCOUNT, _BALANCE, _TRANSACTION)), 1):
        account = account_number(at(item, "AccountId"))
        if path == _ACCOUNT:
            kind = first(item, ("AccountSubType",), ("AccountTypeCode",))
            yield Entry(number, ACCOUNT, (account, kind, at(item, "Currency"), at(item, "OpeningDate")[:10], at(item, "Status")))
        elif path == _BALANCE and at(item, "Type") in _BALANCES:
            value = signed(at(item, "Amount", "Amount"), debit=at(item, "CreditDebitIndicator") in _DEBIT)
            cells = balance(account, currency=at(item, "Amount", "Currency"), amount=value, moment=at(item, "DateTime"))
            yield Entry(number, BALANCE, cells)
        elif path == _TRANSACTION and at(item, "Status") in _BOOKED:
            debit = at(item, "CreditDebitIndicator") in _DEBIT
            other = ("CreditorAccount", "DebtorAccount") if debit else ("DebtorAccount", "CreditorAccount")
            code = (at(item, "BankTransactionCode", "Code"), at(item, "BankTransactionCode", "SubCode"))
            own = at(item, "ProprietaryBankTransactionCode", "Code").lower()
            yield Entry(
                number,
                ENTRY,
                statements.of(account).entry(
                    booked_on=at(item, "BookingDateTime")[:10],
                    amount=signed(at(item, "Amount", "Amount"), debit=debit),
                    currency=at(item, "Amount", "Currency"),
                    reference=at(item, "TransactionId"),
                    told_by=(at(item, "TransactionReference"), at(item, "TransactionInformation"), at(item, "ValueDateTime")),
                    method=_BY_SUB_CODE.get(code[1]) or _BY_CODE.get(code[0]) or own or "other",
                    purpose=at(item, "TransactionInformation"),
                    counterparty=first(item, ("MerchantDetails", "MerchantName"), (other[0], "Name"), (other[1], "Name")),
                    counterparty_account=account_number(first(item, (other[0], "Identification"), (other[1], "Identification"))),
                    mcc=at(item, "MerchantDetails", "MerchantCategoryCode"),
                ),
            )
        else:
            yield Entry(number)
