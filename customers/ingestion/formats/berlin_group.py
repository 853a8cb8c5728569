"""Berlin Group NextGenPSD2 (1.3): answers of the accounts, balances and transactions resources. Amounts carry their own sign."""

from collections.abc import Iterator
from typing import Any

from ..errors import UnreadableFile
from ..reading import Chunk, Source
from .bank_interfaces import ACCOUNT, FEEDS, Statements, balance
from .camt import method_of
from .entries import Entry, chunks_of_entries
from .json_documents import at, first, items, negative, paths_in
from .layout import Arriving, Layout, Stretch
from .statements import BALANCE, ENTRY, account_number

_ACCOUNT, _OF, _BALANCE, _ENTRY = "accounts.item", "account", "balances.item", "transactions.booked.item"
_BALANCES = ("closingBooked", "interimBooked")


class BerlinGroup:
    def recognise(self, file: Arriving) -> Layout | None:
        paths = paths_in(file)
        if not {"transactions.booked", "transactions.pending", "accounts.item.resourceId", "accounts.item.iban"} & paths and not (
            {"account.iban", "balances.item.balanceType"} <= paths
        ):
            return None
        return Layout(name="berlin-group", feeds=FEEDS, chunks=_chunks)


def _chunks(source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(source), FEEDS, stretch)


def _entries(source: Source) -> Iterator[Entry]:
    statements, number, account = Statements(), 0, ""
    for path, item in items(source, (_ACCOUNT, _OF, _BALANCE, _ENTRY)):
        if path == _OF:
            account = _number(item)
            continue
        if path != _ACCOUNT and not account:
            raise UnreadableFile(f"{source.name} names its account behind what it says of it; nothing of it can be used.")
        number += 1
        if path == _ACCOUNT:
            cells = (_number(item), at(item, "cashAccountType"), at(item, "currency"), "", at(item, "status"))
            yield Entry(number, ACCOUNT, cells)
            for stated in item.get("balances") or [] if isinstance(item, dict) else []:
                if at(stated, "balanceType") in _BALANCES:
                    number += 1
                    yield Entry(number, BALANCE, _balance(_number(item), stated))
        elif path == _BALANCE:
            closes = at(item, "balanceType") in _BALANCES
            yield Entry(number, BALANCE, _balance(account, item)) if closes else Entry(number)
        else:
            yield Entry(number, ENTRY, _cells(item, account, statements))


def _number(item: Any) -> str:
    return account_number(first(item, ("iban",), ("bban",), ("resourceId",)))


def _balance(account: str, item: Any) -> tuple[str, ...]:
    moment = first(item, ("lastChangeDateTime",), ("referenceDate",))
    return balance(account, currency=at(item, "balanceAmount", "currency"), amount=at(item, "balanceAmount", "amount"), moment=moment)


def _cells(item: Any, account: str, statements: Statements) -> tuple[str, ...]:
    value = at(item, "transactionAmount", "amount")
    near, far = ("creditor", "debtor") if negative(value) else ("debtor", "creditor")
    domain, _, rest = at(item, "bankTransactionCode").partition("-")
    family, _, sub_family = rest.partition("-")
    remittance = at(item, "remittanceInformationUnstructured")
    return statements.of(account).entry(
        booked_on=at(item, "bookingDate"),
        amount=value,
        currency=at(item, "transactionAmount", "currency"),
        reference=first(item, ("entryReference",), ("transactionId",)),
        told_by=(at(item, "valueDate"), at(item, "endToEndId"), remittance),
        method=method_of(domain, family, sub_family) or at(item, "proprietaryBankTransactionCode").lower() or "other",
        purpose=at(item, "purposeCode") or remittance,
        counterparty=first(item, (f"{near}Name",), (f"{far}Name",)),
        counterparty_account=account_number(
            first(item, *((f"{side}Account", kind) for side in (near, far) for kind in ("iban", "bban", "maskedPan")))
        ),
        mcc=at(item, "merchantCategoryCode"),
    )
