"""ISO 20022 cash management: statements (camt.053), reports of the day (camt.052) and notifications (camt.054), versions 001.01 to 001.13.

The versions call the same things by the same local names, so the namespace only tells the message. An entry is what the bank booked:
one that stands for several payments stays one. Entries that are pending are not booked and are left out.
"""

import re
from collections.abc import Iterator

from ..reading import Chunk, Source
from .entries import Entry, chunks_of_entries
from .layout import Arriving, Layout, Stretch
from .statements import BALANCE, ENTRY, Statement, account_number, signed
from .xml import Element, child, elements, first_text, local, root_name, text

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.05[234])\.001\.(0[1-9]|1[0-3])")
_STATEMENTS = ("Stmt", "Rpt", "Ntfctn")
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_BOOKED = ("", "BOOK")
_DETAILS_READ = 2
FEEDS = (ENTRY, BALANCE)

# How money moved, by the family or sub-family of the bank transaction code (ISO 20022 external code set).
_BY_SUB_FAMILY = {"SALA": "salary", "STDO": "standing_order", "INTR": "interest", "CHRG": "fee", "FEES": "fee", "COMM": "fee"}
_BY_FAMILY = {
    "CCRD": "card", "MCRD": "card", "CNTR": "cash", "IDDT": "direct_debit", "RDDT": "direct_debit", "ICDT": "transfer",
    "RCDT": "transfer", "IRCT": "transfer", "RRCT": "transfer",
}  # fmt: skip
_BY_DOMAIN = {"LDAS": "instalment"}


class Camt:
    def recognise(self, file: Arriving) -> Layout | None:
        if not file.beginning.startswith(b"<"):
            return None
        name, namespace = root_name(file.head)
        found = _NAMESPACE.fullmatch(namespace)
        if name != "Document" or found is None:
            return None
        return Layout(name=found[1], feeds=FEEDS, chunks=_chunks)


def _chunks(source: Source, stretch: Stretch) -> Iterator[Chunk]:
    return chunks_of_entries(source, _entries(source), FEEDS, stretch)


def _entries(source: Source) -> Iterator[Entry]:
    number = 0
    statement = Statement(name="", account="", currency="", order=0)
    for event, element in elements(source, *_STATEMENTS, "Acct", "Bal", "Ntry", "TxDtls"):
        name = local(element)
        if event == "start":
            if name in _STATEMENTS:
                statement = Statement(name="", account="", currency="", order=0)
            continue
        parent = element.getparent()
        if name == "TxDtls":
            _forget_further_details(element)
        elif name == "Acct" and parent is not None and local(parent) in _STATEMENTS:
            statement = _opened(parent, element)
        elif name == "Bal":
            _take_balance(element, statement)
            _forget(element)
        elif name == "Ntry":
            number += 1
            booked = first_text(element, ("Sts", "Cd"), ("Sts",)) in _BOOKED
            yield Entry(number, ENTRY, _cells(element, statement)) if booked else Entry(number)
            _forget(element)
        elif name in _STATEMENTS:
            if statement.closing:
                number += 1
                yield Entry(number, BALANCE, statement.balance())
            _forget(element)


def _opened(statement: Element, account: Element) -> Statement:
    order = first_text(statement, ("ElctrncSeqNb",), ("LglSeqNb",))
    return Statement(
        name=text(statement, "Id"),
        account=account_number(first_text(account, ("Id", "IBAN"), ("Id", "Othr", "Id"), ("Id", "PrtryAcct", "Id"), ("Id", "BBAN"))),
        currency=text(account, "Ccy"),
        order=int(order) if order.isascii() and order.isdigit() and len(order) <= 9 else 0,
    )


def _take_balance(element: Element, statement: Statement) -> None:
    kind = first_text(element, ("Tp", "CdOrPrtry", "Cd"), ("Tp", "Cd"))
    value = signed(text(element, "Amt"), debit=text(element, "CdtDbtInd") == "DBIT")
    if kind in _OPENING:
        statement.opening = value
    elif kind in _CLOSING:
        statement.closing = value
        statement.closed_on = first_text(element, ("Dt", "Dt"), ("Dt", "DtTm"))[:10]
        amount = child(element, "Amt")
        statement.currency = statement.currency or (amount.get("Ccy", "") if amount is not None else "")


def _cells(entry: Element, statement: Statement) -> tuple[str, ...]:
    amount = child(entry, "Amt")
    debit = text(entry, "CdtDbtInd") == "DBIT"
    details = list(entry.iter("{*}TxDtls"))
    one = details[0] if len(details) == 1 else None
    party, account = _other_side(one, debit=debit)
    remittance = " ".join(part.text.strip() for part in one.iter("{*}Ustrd") if part.text) if one is not None else ""
    booked = first_text(entry, ("BookgDt", "Dt"), ("BookgDt", "DtTm"))[:10]
    return statement.entry(
        booked_on=booked,
        amount=signed(text(entry, "Amt"), debit=debit),
        currency=amount.get("Ccy", "") if amount is not None else "",
        reference=text(entry, "AcctSvcrRef") or text(one, "Refs", "AcctSvcrRef") or _own_reference(entry, statement),
        told_by=(
            first_text(entry, ("ValDt", "Dt"), ("ValDt", "DtTm"))[:10], text(one, "Refs", "EndToEndId"), remittance,
            text(entry, "AddtlNtryInf"),
        ),
        method=_method(entry, one),
        purpose=first_text(one, ("Purp", "Prtry"), ("Purp", "Cd")) or remittance or text(entry, "AddtlNtryInf"),
        counterparty=f"{len(details)} payments" if len(details) > 1 else party,
        counterparty_account=account,
        mcc=_merchant_category(one),
    )  # fmt: skip


def _own_reference(entry: Element, statement: Statement) -> str:
    """An entry's reference within its statement, which is unique only together with it."""
    reference = text(entry, "NtryRef")
    return f"{statement.account}/{statement.name}/{reference}" if reference and statement.name else ""


def _other_side(details: Element | None, *, debit: bool) -> tuple[str, str]:
    """(name, account) of who paid or was paid."""
    parties = child(details, "RltdPties")
    for side in ("Cdtr", "Dbtr") if debit else ("Dbtr", "Cdtr"):
        name = first_text(parties, (side, "Nm"), (side, "Pty", "Nm"), (f"Ultmt{side}", "Nm"), (f"Ultmt{side}", "Pty", "Nm"))
        account = first_text(parties, (f"{side}Acct", "Id", "IBAN"), (f"{side}Acct", "Id", "Othr", "Id"))
        if name or account:
            return name, account_number(account)
    return "", ""


def _method(entry: Element, details: Element | None) -> str:
    code = child(entry, "BkTxCd")
    if code is None:
        code = child(details, "BkTxCd")
    family, sub_family = text(code, "Domn", "Fmly", "Cd"), text(code, "Domn", "Fmly", "SubFmlyCd")
    return method_of(text(code, "Domn", "Cd"), family, sub_family) or text(code, "Prtry", "Cd").lower() or "other"


def method_of(domain: str, family: str, sub_family: str) -> str:
    """How money moved by a bank transaction code; empty if the code doesn't say."""
    return _BY_SUB_FAMILY.get(sub_family) or _BY_DOMAIN.get(domain) or _BY_FAMILY.get(family) or ""


def _merchant_category(details: Element | None) -> str:
    if details is None:
        return ""
    stated = next((element.text or "" for element in details.iter("{*}MrchntCtgyCd")), "")
    own = (text(one, "Ref") for one in details.iter("{*}Prtry") if text(one, "Tp") == "MCC")
    return stated.strip() or next(own, "")


def _forget(element: Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _forget_further_details(details: Element) -> None:
    """Of an entry that stands for thousands of payments only their number counts: the rest of each is let go."""
    parent = details.getparent()
    if parent is not None and parent.index(details) >= _DETAILS_READ:
        details.clear()
