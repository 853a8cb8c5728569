"""Writes rows of extracts in every other way a source could have written them down. For tests: bankos itself only reads.

Rows are those of `meridian.transactions` unless said otherwise. A statement holds one account's rows of a piece, in the ledger's order.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow
import pyarrow.parquet

from customers.ingestion.feed import Feed

Row = Mapping[str, str]

# Method → domain, family, sub-family of the bank transaction code.
CODES = {
    "salary": ("PMNT", "RCDT", "SALA"), "transfer": ("PMNT", "ICDT", "ESCT"), "standing_order": ("PMNT", "ICDT", "STDO"),
    "instalment": ("LDAS", "CSLN", "PPAY"), "direct_debit": ("PMNT", "RDDT", "ESDD"), "card": ("PMNT", "CCRD", "POSD"),
    "cash": ("PMNT", "CNTR", "CWDL"), "interest": ("ACMT", "MCOP", "INTR"), "fee": ("ACMT", "MDOP", "CHRG"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """`number` orders the statements of an account."""

    account: str
    number: int
    currency: str
    opening: Decimal
    closing: Decimal
    rows: Sequence[Row]

    @property
    def last_day(self) -> str:
        return self.rows[-1]["booked_on"]


def statements(rows: Iterable[Row]) -> Iterator[Statement]:
    ordered = sorted(rows, key=in_ledger)
    for account, group in groupby(ordered, key=lambda row: row["account_no"]):
        entries = list(group)
        first, last = entries[0], entries[-1]
        opening = Decimal(first["balance_after"]) - Decimal(first["amount"])
        yield Statement(account, int(first["entry_id"]), first["currency"], opening, Decimal(last["balance_after"]), entries)


def in_ledger(row: Row) -> tuple[str, str, int]:
    """By number within a day, unless the row says its place in the ledger otherwise."""
    return row["account_no"], row["booked_on"], int(row.get("place", row["entry_id"]))


def json_lines(path: Path, rows: Iterable[Row]) -> Path:
    path.write_text("".join(f"{json.dumps(dict(row), ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return path


def camt053(path: Path, rows: Iterable[Row], *, version: str = "08") -> Path:
    return _camt(path, rows, message="053", roots=("BkToCstmrStmt", "Stmt"), version=version)


def camt054(path: Path, rows: Iterable[Row], *, version: str = "02") -> Path:
    """A notification says nothing of balances."""
    return _camt(path, rows, message="054", roots=("BkToCstmrDbtCdtNtfctn", "Ntfctn"), version=version)


def _camt(path: Path, rows: Iterable[Row], *, message: str, roots: tuple[str, str], version: str) -> Path:
    body = "".join(_camt_statement(one, roots[1], balances=message == "053", version=version) for one in statements(rows))
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{version}">'
        f"<{roots[0]}><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-23T06:00:00</CreDtTm></GrpHdr>\n{body}</{roots[0]}></Document>\n",
        encoding="utf-8",
    )
    return path


def _camt_statement(one: Statement, name: str, *, balances: bool, version: str) -> str:
    bounds = (("OPBD", one.opening), ("CLBD", one.closing)) if balances else ()
    stated = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_camt_amount(value, one.currency)}<Dt><Dt>{one.last_day}</Dt></Dt></Bal>"
        for kind, value in bounds
    )
    number = f"<IBAN>{one.account}</IBAN>" if one.account[:2].isalpha() else f"<Othr><Id>{one.account}</Id></Othr>"
    entries = "".join(_camt_entry(row, version) for row in one.rows)
    return (
        f"<{name}><Id>S{one.number}</Id><ElctrncSeqNb>{one.number % 10**9}</ElctrncSeqNb><CreDtTm>2026-11-23T06:00:00</CreDtTm>"
        f"<Acct><Id>{number}</Id><Ccy>{one.currency}</Ccy></Acct>{stated}{entries}</{name}>\n"
    )


def _camt_amount(value: Decimal, currency: str) -> str:
    return f'<Amt Ccy="{currency}">{abs(value)}</Amt><CdtDbtInd>{"DBIT" if value < 0 else "CRDT"}</CdtDbtInd>'


def _camt_entry(row: Row, version: str) -> str:
    domain, family, sub_family = CODES.get(row["method"], ("", "", ""))
    code = (
        f"<Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn>"
        if domain
        else f"<Prtry><Cd>{escape(row['method'])}</Cd></Prtry>"
    )
    side = "Cdtr" if row["amount"].startswith("-") else "Dbtr"
    newer = int(version) >= 8
    name = f"<Nm>{escape(row['counterparty'])}</Nm>" if row["counterparty"] else ""
    party = f"<{side}>{f'<Pty>{name}</Pty>' if newer else name}</{side}>" if name else ""
    other = row["counterparty_account"]
    account = f"<{side}Acct><Id><Othr><Id>{escape(other)}</Id></Othr></Id></{side}Acct>" if other else ""
    refs = f"<Prtry><Tp>MCC</Tp><Ref>{row['mcc']}</Ref></Prtry>" if row["mcc"] else ""
    purpose = f"<Purp><Prtry>{escape(row['purpose'])}</Prtry></Purp>" if row["purpose"] else ""
    return (
        f"<Ntry><NtryRef>1</NtryRef>{_camt_amount(Decimal(row['amount']), row['currency'])}"
        f"<Sts>{'<Cd>BOOK</Cd>' if newer else 'BOOK'}</Sts>"
        f"<BookgDt><Dt>{row['booked_on']}</Dt></BookgDt><AcctSvcrRef>{row['entry_id']}</AcctSvcrRef><BkTxCd>{code}</BkTxCd>"
        f"<NtryDtls><TxDtls><Refs>{refs}</Refs><RltdPties>{party}{account}</RltdPties>{purpose}</TxDtls></NtryDtls></Ntry>\n"
    )


# Method → the type of a statement line and the code German banks add.
_SWIFT = {
    "salary": ("SAL", "153"), "transfer": ("TRF", "166"), "standing_order": ("STO", "152"), "instalment": ("LDP", "999"),
    "direct_debit": ("DDT", "105"), "card": ("MSC", "106"), "cash": ("MSC", "083"), "interest": ("INT", "814"), "fee": ("CHG", "805"),
}  # fmt: skip


def mt940(path: Path, rows: Iterable[Row]) -> Path:
    path.write_text("".join(_mt940_message(one) for one in statements(rows)), encoding="utf-8")
    return path


def _mt940_message(one: Statement) -> str:
    lines = [
        "{1:F01MRDNIE2DAXXX0000000000}{2:O9400600261123MRDNIE2DAXXX00000000002611230600N}{4:",
        f":20:S{one.number}",
        f":25:{one.account}",
        f":28C:{one.number // 1000 % 10**5}/{one.number % 1000 + 1}",
        f":60F:{_mt_amount(one.opening, one.rows[0]['booked_on'], one.currency)}",
    ]
    for row in one.rows:
        type, code = _SWIFT.get(row["method"], ("MSC", "999"))
        value, day = Decimal(row["amount"]), row["booked_on"].replace("-", "")
        lines.append(f":61:{day[2:]}{day[4:]}{'D' if value < 0 else 'C'}{_comma(value)}N{type}NONREF//{row['entry_id']}")
        name, purpose = row["counterparty"], row["purpose"]
        parts = [f"?2{place}{purpose[start : start + 27]}" for place, start in enumerate(range(0, len(purpose), 27))]
        parts += [f"?31{row['counterparty_account']}"] if row["counterparty_account"] else []
        parts += [f"?{32 + place}{name[start : start + 27]}" for place, start in enumerate(range(0, len(name), 27))]
        text = f":86:{code}{''.join(parts) or '?00'}"
        lines += [text[start : start + 65] for start in range(0, len(text), 65)]
    lines += [f":62F:{_mt_amount(one.closing, one.last_day, one.currency)}", "-}"]
    return "".join(f"{line}\r\n" for line in lines)


def _mt_amount(value: Decimal, day: str, currency: str) -> str:
    return f"{'D' if value < 0 else 'C'}{day.replace('-', '')[2:]}{currency}{_comma(value)}"


def _comma(value: Decimal) -> str:
    return f"{abs(value):.2f}".replace(".", ",")


_OBIE = {
    "salary": ("ReceivedCreditTransfers", "PayrollSalaryPayment"), "transfer": ("IssuedCreditTransfers", "DomesticCreditTransfer"),
    "standing_order": ("IssuedCreditTransfers", "StandingOrder"), "instalment": ("ConsumerLoans", "PrincipalPayment"),
    "direct_debit": ("ReceivedDirectDebits", "DirectDebitPayment"), "card": ("CustomerCardTransactions", "PointOfSalePayment"),
    "cash": ("CounterTransactions", "CashWithdrawal"), "interest": ("MiscellaneousCreditOperations", "Interest"),
    "fee": ("MiscellaneousDebitOperations", "Charges"),
}  # fmt: skip


def open_banking_uk(path: Path, rows: Iterable[Row]) -> Path:
    """Transactions and the balances behind the last of each account."""

    def money(value: Decimal, currency: str) -> dict[str, object]:
        return {"Amount": {"Amount": f"{abs(value):.2f}", "Currency": currency}, "CreditDebitIndicator": "Debit" if value < 0 else "Credit"}

    def transaction(row: Row) -> dict[str, object]:
        code, sub_code = _OBIE[row["method"]]
        side = "CreditorAccount" if row["amount"].startswith("-") else "DebtorAccount"
        return money(Decimal(row["amount"]), row["currency"]) | {
            "AccountId": row["account_no"],
            "TransactionId": row["entry_id"],
            "Status": "Booked",
            "BookingDateTime": f"{row['booked_on']}T12:00:00+00:00",
            "TransactionInformation": row["purpose"],
            "BankTransactionCode": {"Code": code, "SubCode": sub_code},
            side: {"Identification": row["counterparty_account"], "Name": row["counterparty"]},
            "MerchantDetails": {"MerchantCategoryCode": row["mcc"]},
        }

    def balance(one: Statement) -> dict[str, object]:
        moment = f"{one.last_day}T{_clock(one.number)}+00:00"
        return money(one.closing, one.currency) | {"AccountId": one.account, "Type": "InterimBooked", "DateTime": moment}

    found = list(statements(rows))
    data = {"Balance": [balance(one) for one in found], "Transaction": [transaction(row) for one in found for row in one.rows]}
    path.write_text(json.dumps({"Data": data, "Links": {"Self": "x"}, "Meta": {}}), encoding="utf-8")
    return path


def berlin_group(path: Path, rows: Iterable[Row]) -> Path:
    """An answer is of one account."""

    def entry(row: Row) -> dict[str, object]:
        side = "creditor" if row["amount"].startswith("-") else "debtor"
        return {
            "entryReference": row["entry_id"],
            "bookingDate": row["booked_on"],
            "transactionAmount": {"currency": row["currency"], "amount": row["amount"]},
            f"{side}Name": row["counterparty"],
            f"{side}Account": {"bban": row["counterparty_account"]},
            "bankTransactionCode": "-".join(CODES[row["method"]]),
            "remittanceInformationUnstructured": row["purpose"],
            "merchantCategoryCode": row["mcc"],
        }

    (one,) = statements(rows)
    stated = {
        "balanceType": "closingBooked",
        "balanceAmount": {"currency": one.currency, "amount": str(one.closing)},
        "lastChangeDateTime": f"{one.last_day}T{_clock(one.number)}Z",
    }
    answer = {"account": {"iban": one.account}, "balances": [stated], "transactions": {"booked": [entry(row) for row in one.rows]}}
    path.write_text(json.dumps(answer, indent=1), encoding="utf-8")
    return path


_FDX = {
    "salary": "DIRECTDEPOSIT", "transfer": "TRANSFER", "standing_order": "REPEATPAYMENT", "direct_debit": "DIRECTDEBIT", "card": "POSDEBIT",
    "cash": "CASH", "interest": "INTEREST", "fee": "FEE",
}  # fmt: skip


def fdx(path: Path, rows: Iterable[Row]) -> Path:
    def transaction(row: Row) -> dict[str, object]:
        value = Decimal(row["amount"])
        said = {
            "accountId": row["account_no"], "transactionId": row["entry_id"], "postedTimestamp": f"{row['booked_on']}T12:00:00Z",
            "status": "POSTED", "debitCreditMemo": "DEBIT" if value < 0 else "CREDIT", "payee": row["counterparty"],
            "memo": row["purpose"], "transactionType": _FDX.get(row["method"], "OTHER"),
        }  # fmt: skip
        # Written as a number, as FDX does; every digit of it must come through.
        return {"depositTransaction": said | {"amount": f"#{abs(value):.2f}#"}}

    def account(one: Statement) -> dict[str, object]:
        said = {
            "accountId": one.account, "accountType": "CHECKING", "currency": {"currencyCode": one.currency},
            "currentBalance": f"#{one.closing}#", "balanceAsOf": f"{one.last_day}T{_clock(one.number)}Z",
        }  # fmt: skip
        return {"depositAccount": said}

    found = list(statements(rows))
    answer = {"accounts": [account(one) for one in found], "transactions": [transaction(row) for one in found for row in one.rows]}
    path.write_text(json.dumps(answer).replace('"#', "").replace('#"', ""), encoding="utf-8")
    return path


def _clock(number: int) -> str:
    digits = f"{number % 10**6:06d}"
    return f"{digits[:2]}:{digits[2:4]}:{digits[4:]}"


def change(feed: Feed, row: Row | None, *, position: int, before: Row | None = None, operation: str = "") -> str:
    """One Debezium event of a PostgreSQL table, without Connect's schema."""
    operation = operation or ("d" if row is None else "u" if before else "c")
    source = {"connector": "postgresql", "db": feed.system, "schema": "public", "table": feed.name, "lsn": position, "ts_ms": 0}
    return json.dumps({"op": operation, "before": before and dict(before), "after": row and dict(row), "source": source, "ts_ms": 1})


def debezium(path: Path, feed: Feed, rows: Iterable[Row], *, first: int = 1) -> Path:
    """Rows as a table's snapshot says them."""
    lines = (change(feed, row, position=first + place, operation="r") for place, row in enumerate(rows))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def parquet(path: Path, feed: Feed, rows: Iterable[Row], *, group: int = 1_000) -> Path:
    """With types of their own for days and amounts, as a warehouse writes them."""

    def typed(column: str, value: str) -> object:
        if not value:
            return None
        if column in ("amount", "balance_after", "overdraft_limit"):
            return Decimal(value)
        return date.fromisoformat(value) if column in ("booked_on", "opened_on", "birth_date", "customer_since") else value

    listed = list(rows)
    columns = {name: [typed(name, row[name]) for row in listed] for name in feed.header}
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=group)
    return path
