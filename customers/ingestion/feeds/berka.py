"""The Berka data set (PKDD'99): a Czech bank's tables of 1993 to 1998, split as its systems of record would write them.

Source: P. Berka, M. Sochorova, PKDD'99 Discovery Challenge. Amounts are crowns, rounded to tenths. The bank is anonymised: a
client has no name, a district stands for a branch, and standing orders don't say their day.
"""

from datetime import date
from decimal import Decimal

from ..converters import (
    BadValue,
    amount,
    customer_number,
    day,
    key,
    not_negative_amount,
    one_of,
    positive_amount,
    shown,
    text,
)
from ..feed import Feed, column, columns, constant
from ..records import AccountRecord, BranchRecord, CardRecord, HolderRecord, LoanRecord, PartyRecord, StandingOrderRecord, TransactionRecord

LAST_DAY = date(1998, 12, 31)
CURRENCY = "CZK"

_SIGN = {"credit": 1, "withdrawal": -1, "withdrawal in cash": -1}
_METHODS = {
    "credit in cash": "cash",
    "withdrawal in cash": "cash",
    "remittance to another bank": "transfer",
    "collection from another bank": "transfer",
    "credit card withdrawal": "card",
}
_METHOD_OF_PURPOSE = {
    "interest credited": "interest",
    "sanction interest if negative balance": "fee",
    "payment for statement": "fee",
}
# Larger than any balance in tenths, so that every withdrawal of a day is ordered after its credits.
_AFTER_CREDITS = 10**14


def _branch_code(district: str) -> str:
    return f"D{key(15)(district)}"


def _birth_date(birth_number: str) -> date:
    """YYMMDD, all born in the twentieth century; women have 50 added to the month."""
    value = birth_number.strip()
    try:
        if len(value) != 6 or not value.isdecimal():
            raise ValueError
        return date(1900 + int(value[:2]), int(value[2:4]) % 50, int(value[4:]))
    except ValueError:
        raise BadValue("bad_date", f"{shown(value)} is not a birth number: YYMMDD, a woman's month with 50 added") from None


def _signed(type: str, value: str) -> Decimal:
    return _SIGN_OF(type) * not_negative_amount(value)


_SIGN_OF = one_of(_SIGN)


def _sequence(type: str, balance: str) -> int:
    """The order within a day, which neither the numbers of transactions nor the file's order tell.

    The bank booked a day's credits before its withdrawals: balances first rise, then fall. With this order the stated balances
    are those of the summed amounts on every day but 24, where the file lacks a transaction.
    """
    tenths = int(amount(balance) * 10)
    return tenths if _SIGN_OF(type) > 0 else _AFTER_CREDITS - tenths


def _method(operation: str, purpose: str) -> str:
    if purpose in _METHOD_OF_PURPOSE:
        return _METHOD_OF_PURPOSE[purpose]
    return _METHODS[operation] if operation in _METHODS else one_of(_METHODS)(operation)


def _counterparty_account(bank: str, account: str) -> str:
    return text(60)(f"{bank} {account.removesuffix('.0')}")


DISTRICTS = Feed(
    name="berka.district",
    system="crm",
    header=("district_id", *(f"A{number}" for number in range(2, 17))),
    record=BranchRecord,
    last_day=LAST_DAY,
    fields={
        "code": column("district_id", _branch_code),
        "name": column("A2", text(80, required=True)),
        "town": column("A2", text(80, required=True)),
    },
)

CLIENTS = Feed(
    name="berka.client",
    system="crm",
    header=("client_id", "birth_number", "district_id"),
    record=PartyRecord,
    last_day=LAST_DAY,
    fields={
        "key_kind": constant("client_id"),
        "key": column("client_id", key()),
        "customer_no": constant(""),
        "national_id": constant(""),
        "number": column("client_id", customer_number),
        "kind": constant("person"),
        "name": column("client_id", lambda value: f"Client {key()(value)}"),
        "birth_date": column("birth_number", _birth_date),
        "phone": constant(""),
        "email": constant(""),
        "address": constant(""),
        "town": constant(""),
        "language": constant(""),
        "company_number": constant(""),
        "branch_code": column("district_id", _branch_code),
        "customer_since": constant(None),
    },
)

DISPOSITIONS = Feed(
    name="berka.disp",
    system="crm",
    header=("disp_id", "client_id", "account_id", "type"),
    record=HolderRecord,
    last_day=LAST_DAY,
    fields={
        "source_key": column("disp_id", key()),
        "account_key": column("account_id", key()),
        "party_key_kind": constant("client_id"),
        "party_key": column("client_id", key()),
        "role": column("type", one_of({"OWNER": "owner", "DISPONENT": "authorised"})),
    },
)

ACCOUNTS = Feed(
    name="berka.account",
    system="core",
    header=("account_id", "district_id", "frequency", "date"),
    record=AccountRecord,
    last_day=LAST_DAY,
    fields={
        "source_key": column("account_id", key(40)),
        "kind": constant("current"),
        "product_code": constant("current-account"),
        "product_name": constant("Current account"),
        "currency": constant(CURRENCY),
        "opened_date": column("date", day),
        "branch_code": column("district_id", _branch_code),
        # The ledger names districts that only the CRM describes, and is read before it.
        "branch_name": column("district_id", lambda value: f"District {key(15)(value)}"),
        "overdraft": constant(None),
        "status": constant("active"),
    },
)

TRANSACTIONS = Feed(
    name="berka.trans",
    system="core",
    header=("trans_id", "account_id", "date", "type", "operation", "amount", "balance", "k_symbol", "bank", "account", "source"),
    record=TransactionRecord,
    last_day=LAST_DAY,
    moment="booking_date",
    fields={
        "source_key": column("trans_id", key()),
        "account_key": column("account_id", key()),
        "booking_date": column("date", day),
        "sequence": columns("type", "balance", convert=_sequence),
        "amount": columns("type", "amount", convert=_signed),
        "currency": constant(CURRENCY),
        "balance_after": column("balance", amount),
        "method": columns("operation", "k_symbol", convert=_method),
        "purpose": column("k_symbol", text(60)),
        "counterparty": constant(""),
        "counterparty_account": columns("bank", "account", convert=_counterparty_account),
        "merchant_category": constant(""),
    },
)

LOANS = Feed(
    name="berka.loan",
    system="lending",
    header=("loan_id", "account_id", "date", "amount", "duration", "payments", "status"),
    record=LoanRecord,
    last_day=LAST_DAY,
    fields={
        "source_key": column("loan_id", key(40)),
        "national_id": constant(""),
        "borrower_name": constant(""),
        "account_key": column("account_id", key()),
        "product_code": constant("loan"),
        "product_name": constant("Loan"),
        "currency": constant(CURRENCY),
        "principal": column("amount", positive_amount),
        "opened_date": column("date", day),
        "instalment": column("payments", positive_amount),
        "instalment_day": constant(None),
        # How long a loan has been in arrears isn't said: at least a day.
        "days_past_due": column("status", one_of({"A": 0, "B": 1, "C": 0, "D": 1})),
        "status": column("status", one_of({"A": "closed", "B": "defaulted", "C": "active", "D": "arrears"})),
    },
)

CARDS = Feed(
    name="berka.card",
    system="cards",
    header=("card_id", "disp_id", "type", "issued"),
    record=CardRecord,
    last_day=LAST_DAY,
    fields={
        "source_key": column("card_id", key(40)),
        "number": column("card_id", key(40)),
        "embossed_name": constant(""),
        "holder_key": column("disp_id", key()),
        "account_key": constant(""),
        "customer_no": constant(""),
        "product_code": column("type", one_of({kind: f"card-{kind}" for kind in ("classic", "junior", "gold")})),
        "product_name": column("type", one_of({kind: f"{kind.capitalize()} card" for kind in ("classic", "junior", "gold")})),
        "opened_date": column("issued", day),
        "status": constant("active"),
    },
)

STANDING_ORDERS = Feed(
    name="berka.order",
    system="payments",
    header=("order_id", "account_id", "bank_to", "account_to", "amount", "k_symbol"),
    record=StandingOrderRecord,
    last_day=LAST_DAY,
    fields={
        "source_key": column("order_id", key(40)),
        "account_key": column("account_id", key()),
        "amount": column("amount", positive_amount),
        "currency": constant(CURRENCY),
        "day_of_month": constant(None),
        "counterparty": columns("bank_to", "account_to", convert=lambda bank, account: text(120)(f"{bank} {account}")),
        "purpose": column("k_symbol", one_of({"SIPO": "household", "UVER": "loan", "POJISTNE": "insurance", "LEASING": "leasing", "": ""})),
    },
)

FEEDS = (ACCOUNTS, TRANSACTIONS, DISTRICTS, CLIENTS, DISPOSITIONS, LOANS, CARDS, STANDING_ORDERS)
