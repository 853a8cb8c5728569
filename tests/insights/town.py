"""A few households with eight months of account history, let in through ingestion like everybody's data."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from bankos.platform import clock
from customers.ingestion import ingest
from customers.models import Arrangement, PartyIdentifier

# Permits live in real time (the database looks at its own clock), so the town lives today.
NIGHT = clock.now()
TODAY = clock.bank_date(NIGHT)
FIRST_DAY = TODAY - timedelta(days=245)
# The story: the loan payment leaves four days before the salary comes. All of it before the 29th, so that months look alike.
LEAVES = next(day for day in (TODAY + timedelta(days=ahead) for ahead in range(4, 20)) if day.day <= 22)
PAID = LEAVES + timedelta(days=4)
DAILY = 12
ENOUGH_UNTIL_THEN = DAILY * (LEAVES - TODAY).days + 100
SYSTEMS = ("core", "crm", "lending", "payments")
HEADERS: Mapping[str, str] = {
    "core/branches": "branch_code,name,town",
    "core/customers": "customer_no,name,birth_date,national_id,branch_code,customer_since,kind",
    "core/accounts": "account_no,product_code,product_name,type,currency,opened_on,branch_code,overdraft_limit,status",
    "core/account_holders": "account_no,customer_no,role",
    "core/transactions": (
        "entry_id,account_no,booked_on,amount,currency,balance_after,method,purpose,counterparty,counterparty_account,mcc"
    ),
    "crm/clients": (
        "client_id,customer_no,first_name,last_name,company_name,company_number,birth_date,phone,email,street,town,"
        "postcode,language,branch_code,created_at"
    ),
    "crm/consents": "consent_id,client_id,purpose,given,channel,said_at",
    "lending/loans": (
        "loan_no,national_id,applicant_name,account_no,product_code,product_name,amount,currency,opened_on,instalment,"
        "instalment_day,days_past_due,status"
    ),
    "payments/standing_orders": ("order_id,account_no,beneficiary,beneficiary_account,amount,currency,day_of_month,purpose"),
}


@dataclass(frozen=True, slots=True)
class Household:
    """How the source systems know it."""

    number: str
    account: str
    client: str

    @property
    def party_id(self) -> UUID:
        return PartyIdentifier.objects.filter(value=self.number).values_list("party_id", flat=True).distinct().get()

    @property
    def arrangement_id(self) -> UUID:
        return Arrangement.objects.get(number=self.account).pk


class Town:
    """Writes extracts of the source systems and lets them in: `household(...)`, then `move_in()`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rows = folder, {name: [] for name in HEADERS}
        self.rows["core/branches"] = [["GAL1", "Galway Eyre Square", "Galway"], ["COR1", "Cork Patrick Street", "Cork"]]
        self.count = self.entries = self.deliveries = 0

    def household(
        self,
        *,
        balance: int = ENOUGH_UNTIL_THEN,
        salary: int = 2410,
        salary_day: int = PAID.day,
        loan: int = 312,
        loan_day: int = LEAVES.day,
        daily: int = DAILY,
        savings: int = 1318,
        consent: bool | None = True,
        days_past_due: int = 0,
        overdraft: int = 0,
        branch: str = "GAL1",
    ) -> Household:
        """Salary on a day, a loan payment on another, the same spending each day: `balance` is what is left yesterday evening."""
        self.count += 1
        number, client, account = f"{20480000 + self.count}", f"CL{self.count}", f"IE58MRDN9001{self.count:010d}"
        national = f"{30000000 + self.count}T"
        self._add("core/customers", number, f"BYRNE ANNA {self.count}", "1986-06-12", national, branch, "2014-11-26", "P")
        self._add(
            "core/accounts", account, "CUR-STD", "Current account", "current", "EUR", "2014-11-26", branch, f"{overdraft}.00", "active"
        )
        self._add("core/account_holders", account, number, "owner")
        self._add(
            "crm/clients", client, number, "Anna", f"Byrne {self.count}", "", "", "1986-06-12", f"+35388{self.count:07d}",
            f"anna{self.count}@mail.example", "1 Quay Street", "Galway", "H91 X", "en", branch, "2014-11-27T10:00:00+00:00",
        )  # fmt: skip
        if consent is not None:
            self.says(client, consent, at=NIGHT - timedelta(days=400))
        if loan:
            status = "arrears" if days_past_due else "active"
            self._add(
                "lending/loans", f"L-{self.count}", national, "Anna Byrne", account, "LON-PER", "Personal loan", "11240.00", "EUR",
                "2023-10-31", f"{loan}.00", str(loan_day), str(days_past_due), status,
            )  # fmt: skip
        if savings:
            self._savings(number, branch, savings)
        self._history(account, balance, salary, salary_day, loan, loan_day, daily)
        return Household(number, account, client)

    def says(self, client: str, given: bool, *, at: datetime) -> None:
        """The customer agrees to, or withdraws, the use of payments for suggestions."""
        number = len(self.rows["crm/consents"]) + 1 + 1000 * self.deliveries
        self._add("crm/consents", f"CN{number}", client, "payment_insight", "yes" if given else "no", "app", at.isoformat())

    def books(self, household: Household, amount: int, day: date, *, before: int) -> None:
        """One more booking on an account that held `before`."""
        self._book(household.account, day, Decimal(amount), Decimal(before + amount), "transfer", "", "A friend")

    def move_in(self, *, at: datetime = NIGHT) -> None:
        """Let in what was written since the last time."""
        self.deliveries += 1
        for system in SYSTEMS:
            ready = [self._write(name) for name in HEADERS if name.startswith(f"{system}/") and self.rows[name]]
            if ready:
                report = ingest(system, ready, at=at)
                assert not sum(file.rejected for file in report.files), report
        self.rows = {name: [] for name in HEADERS}

    def _savings(self, number: str, branch: str, balance: int) -> None:
        account = f"IE59MRDN9001{self.count:010d}"
        self._add("core/accounts", account, "SAV-STD", "Savings", "savings", "EUR", "2014-11-26", branch, "0.00", "active")
        self._add("core/account_holders", account, number, "owner")
        self._book(account, FIRST_DAY, Decimal(balance), Decimal(balance), "transfer", "savings", "Anna Byrne")

    def _history(self, account: str, balance: int, salary: int, salary_day: int, loan: int, loan_day: int, daily: int) -> None:
        days = [FIRST_DAY + timedelta(days=n) for n in range((TODAY - FIRST_DAY).days)]
        booked: list[tuple[date, int, str, str, str]] = []
        for day in days:
            if day.day == salary_day and salary:
                booked.append((day, salary, "salary", "salary", "Corrib Instruments"))
            if day.day == loan_day and loan:
                booked.append((day, -loan, "instalment", "loan", "Meridian Bank Lending"))
            if day.day == min(salary_day + 2, 28) and salary:
                # What the month brings above the loan and the daily spending goes out again: months look alike.
                booked.append((day, -(salary - loan - 30 * daily), "transfer", "household", "Household"))
            booked.append((day, -daily, "card", "groceries", "Quay Stores"))
        running = balance - sum(amount for _, amount, *_ in booked)
        for day, amount, method, purpose, counterparty in booked:
            running += amount
            self._book(account, day, Decimal(amount), Decimal(running), method, purpose, counterparty)

    def _book(self, account: str, day: date, amount: Decimal, after: Decimal, method: str, purpose: str, counterparty: str) -> None:
        self.entries += 1
        entry = f"{10_000_000 + self.entries}"
        self._add(
            "core/transactions",
            entry,
            account,
            day.isoformat(),
            f"{amount:.2f}",
            "EUR",
            f"{after:.2f}",
            method,
            purpose,
            counterparty,
            "",
            "",
        )

    def _add(self, file: str, *values: str) -> None:
        self.rows[file].append(list(values))

    def _write(self, name: str) -> Path:
        path = self.folder / str(self.deliveries) / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target, lineterminator="\n").writerows([HEADERS[name].split(","), *self.rows[name]])
        return path


def evening(day: date) -> datetime:
    return datetime.combine(day, time(18), UTC)
