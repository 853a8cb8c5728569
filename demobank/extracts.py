"""The files the source systems would send: their headers, and a folder that is written block by block."""

import csv
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self

HEADERS: dict[str, tuple[str, ...]] = {
    "core/branches.csv": ("branch_code", "name", "town"),
    "core/customers.csv": ("customer_no", "name", "birth_date", "national_id", "branch_code", "customer_since", "kind"),
    "core/accounts.csv": (
        "account_no",
        "product_code",
        "product_name",
        "type",
        "currency",
        "opened_on",
        "branch_code",
        "overdraft_limit",
        "status",
    ),
    "core/account_holders.csv": ("account_no", "customer_no", "role"),
    "core/transactions.csv": (
        "entry_id",
        "account_no",
        "booked_on",
        "amount",
        "currency",
        "balance_after",
        "method",
        "purpose",
        "counterparty",
        "counterparty_account",
        "mcc",
    ),
    "crm/clients.csv": (
        "client_id",
        "customer_no",
        "first_name",
        "last_name",
        "company_name",
        "company_number",
        "birth_date",
        "phone",
        "email",
        "street",
        "town",
        "postcode",
        "language",
        "branch_code",
        "created_at",
    ),
    "crm/details.csv": ("client_id", "detail", "value", "valid_from", "valid_to"),
    "crm/relationships.csv": ("client_id", "related_client_id", "relation", "valid_from", "valid_to"),
    "crm/consents.csv": ("consent_id", "client_id", "purpose", "given", "channel", "said_at"),
    "crm/contacts.csv": ("contact_id", "client_id", "at", "channel", "kind", "summary", "staff"),
    "lending/loans.csv": (
        "loan_no",
        "national_id",
        "applicant_name",
        "account_no",
        "product_code",
        "product_name",
        "amount",
        "currency",
        "opened_on",
        "instalment",
        "instalment_day",
        "days_past_due",
        "status",
    ),
    "cards/cards.csv": ("card_ref", "last4", "embossed_name", "account_no", "customer_no", "type", "issued_on", "status"),
    "payments/standing_orders.csv": (
        "order_id",
        "account_no",
        "beneficiary",
        "beneficiary_account",
        "amount",
        "currency",
        "day_of_month",
        "purpose",
    ),
    "digital/signals.csv": ("event_id", "login_email", "at", "channel", "kind", "detail"),
}

# In the order that leaves nothing rejected: what a row refers to has landed before it.
SYSTEMS = ("core", "crm", "lending", "cards", "payments", "digital")


def files_of(system: str, folder: Path) -> list[Path]:
    return [folder / name for name in HEADERS if name.startswith(f"{system}/")]


class ExtractFolder:
    """All extract files of a bank, open for writing until the `with` ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = dict.fromkeys(HEADERS, 0)
        self._open: dict[str, TextIOWrapper] = {}

    def __enter__(self) -> Self:
        for name, header in HEADERS.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[name] = path.open("w", encoding="utf-8", newline="")
            self._open[name].write(",".join(header) + "\n")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for stream in self._open.values():
            stream.close()

    def write(self, name: str, rows: Iterable[Sequence[object]]) -> None:
        rows = list(rows)
        csv.writer(self._open[name], lineterminator="\n").writerows(rows)
        self.rows[name] += len(rows)

    def write_lines(self, name: str, lines: Sequence[str]) -> None:
        """Rows already put together, for the one file that is too long for the csv module: no field may need quoting."""
        self._open[name].write("".join(lines))
        self.rows[name] += len(lines)


def euros(cents: int) -> str:
    whole, part = divmod(abs(int(cents)), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{part:02d}"
