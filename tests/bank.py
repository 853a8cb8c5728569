"""A bank to test with. It speaks the domain, and everything it knows enters through the real door.

`bank.customer(name="Ines Byrne", days_past_due=3)` writes down what the systems of record would send about her. The extracts are let
in through `customers.ingestion` as soon as somebody asks a handle for its id (`customer.id`, `account.id`), or with `deliver()`.
Without a word about it a fact is as dull as possible: adults, of one branch, who agreed to nothing and owe nothing.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bankos.platform import clock
from bankos.platform.actors import Actor, Role, employee
from bankos.platform.models import User
from customers import ingestion
from customers.models import Arrangement, PartyIdentifier
from demobank.extracts import HEADERS
from tests import arranging

from . import people

SYSTEMS = ("core", "crm", "lending", "cards", "payments", "digital")  # in the order that leaves nothing rejected
OPENED = date(2014, 11, 26)
AGREED_AT = datetime(2025, 10, 9, 14, tzinfo=UTC)

Amount = Decimal | int | str


@dataclass(frozen=True, slots=True)
class Branch:
    code: str
    name: str
    town: str


@dataclass(slots=True, eq=False)
class Held:
    """Something a system of record keeps under a key of its own."""

    bank: "Bank"
    system: str
    key: str
    _id: UUID | None = None

    @property
    def id(self) -> UUID:
        """The arrangement's id in the state graph; lets in what is still to be delivered."""
        self.bank.deliver()
        if self._id is None:
            self._id = Arrangement.objects.values_list("pk", flat=True).get(system_id=self.system, source_key=self.key)
        return self._id


@dataclass(slots=True, eq=False)
class Account(Held):
    """`bookings` wait for the next delivery; `balance` is what the ledger holds after the last one, None if it was never told."""

    balance: Decimal | None = None
    bookings: list[dict[str, str]] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.key


@dataclass(slots=True, eq=False)
class Customer:
    """How core banking (`number`, `national_id`) and the CRM (`client`) know a customer."""

    bank: "Bank"
    number: str
    client: str
    national_id: str
    name: str
    email: str
    branch: Branch
    accounts: list[Account] = field(default_factory=list)
    said: dict[str, dict[str, str]] = field(default_factory=dict)
    """What core banking and the CRM last wrote of them, by system."""
    _id: UUID | None = None

    @property
    def id(self) -> UUID:
        """The party's id in the state graph; lets in what is still to be delivered."""
        self.bank.deliver()
        if self._id is None:
            known = PartyIdentifier.objects.filter(system_id="core", kind="customer_no", value=self.number)
            self._id = known.values_list("party_id", flat=True).get()
        return self._id


class Bank:
    """Writes extracts of the source systems into `folder` and lets them in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, list[dict[str, str]]] = {name: [] for name in HEADERS}
        self._branches: dict[str, Branch] = {}
        self._open: list[Account] = []
        self._counted = self._delivered = 0

    # ---- the house and its people ----

    def branch(self, town: str = "Galway") -> Branch:
        """The branch of a town; the same one whenever it is asked for."""
        if town not in self._branches:
            self._branches[town] = branch = Branch(f"{town[:3].upper()}{len(self._branches) + 1}", f"{town} Main Street", town)
            self._row("core/branches.csv", branch_code=branch.code, name=branch.name, town=branch.town)
        return self._branches[town]

    def staff(self, role: Role = Role.BRANCH_STAFF, *, branch: Branch | None = None, name: str = "Siobhán Keane") -> Actor:
        """An employee with the role and, if they work at a branch, the right to see its customers."""
        user = User.objects.create(username=f"user{self._next()}", name=name, branch_code=branch.code if branch else "")
        people.give(user, role)
        if branch:
            self.deliver()
            arranging.show_branch(branch.code, to=user)
        return employee(user)

    def desk(self, actor: Actor) -> Client:
        """A browser in which this employee is signed in."""
        client = Client()
        client.force_login(User.objects.get(pk=actor.id), backend="django.contrib.auth.backends.ModelBackend")
        return client

    # ---- customers ----

    def customer(
        self,
        name: str = "",
        *,
        born: date | None = date(1986, 6, 13),
        branch: Branch | None = None,
        consents: Iterable[str] | Mapping[str, bool] = (),
        days_past_due: int = 0,
        phone: str = "",
        email: str = "",
        street: str = "1 Quay Street",
        language: str = "en",
        kind: str = "P",
        national_id: str = "",
    ) -> Customer:
        """A person. Core banking spells the name "BYRNE INES", the CRM "Ines Byrne".

        Args:
            consents: purposes agreed to, or purpose → yes or no.
            days_past_due: opens a current account with a loan that is late.
        """
        serial, branch = self._next(), branch or self.branch()
        name = name or f"Ines Byrne {_in_letters(serial)}"
        first, _, last = name.partition(" ")
        email = email or f"client{serial}@mail.example"
        customer = Customer(self, f"{20_400_000 + serial}", f"CL{serial}", national_id or f"{3_000_000 + serial}T", name, email, branch)
        birth_date = born.isoformat() if born else ""
        self._row(
            "core/customers.csv",
            customer_no=customer.number,
            name=(f"{last} {first}" if kind == "P" else name).strip().upper(),
            birth_date=birth_date,
            national_id=customer.national_id,
            branch_code=branch.code,
            customer_since=OPENED.isoformat(),
            kind=kind,
        )
        self._row(
            "crm/clients.csv",
            client_id=customer.client,
            customer_no=customer.number,
            **({"first_name": first, "last_name": last} if kind == "P" else {"company_name": name, "company_number": f"CRO{serial}"}),
            birth_date=birth_date,
            phone=phone or f"+353 88 {serial:07d}",
            email=email,
            street=street,
            town=branch.town,
            postcode="H91 B00Z",
            language=language,
            branch_code=branch.code,
            created_at=datetime.combine(OPENED, time(10), UTC).isoformat(),
        )
        customer.said = {"core": self._rows["core/customers.csv"][-1], "crm": self._rows["crm/clients.csv"][-1]}
        for purpose, given in consents.items() if isinstance(consents, Mapping) else ((purpose, True) for purpose in consents):
            self.says(customer, purpose, given)
        if days_past_due:
            self.loan(customer, days_past_due=days_past_due)
        return customer

    def restate(self, customer: Customer, system: str, **cells: str) -> None:
        """Core banking ("core") or the CRM ("crm") now writes something else of this customer, in the words of its extract."""
        customer.said[system] = customer.said[system] | cells
        self._row({"core": "core/customers.csv", "crm": "crm/clients.csv"}[system], **customer.said[system])

    def business(self, name: str = "Quill & Kettle Café Ltd", *, owner: Customer, branch: Branch | None = None) -> Customer:
        """An organisation with its owner."""
        business = self.customer(name, born=None, branch=branch or owner.branch, kind="O")
        self._row("crm/relationships.csv", client_id=owner.client, related_client_id=business.client, relation="owner_of")
        return business

    def moves(self, customer: Customer, *, street: str, postcode: str = "H91 C11Z") -> None:
        """The customer tells the CRM a new address."""
        first, _, last = customer.name.partition(" ")
        self._row(
            "crm/clients.csv",
            client_id=customer.client,
            customer_no=customer.number,
            first_name=first,
            last_name=last,
            email=customer.email,
            street=street,
            town=customer.branch.town,
            postcode=postcode,
            language="en",
            branch_code=customer.branch.code,
            created_at=datetime.combine(OPENED, time(10), UTC).isoformat(),
        )

    def detail(self, customer: Customer, attribute: str, value: str, *, since: date | None = None, until: date | None = None) -> None:
        """One thing the CRM says of a customer, and the days it is true for."""
        self._row("crm/details.csv", client_id=customer.client, detail=attribute, value=value, **_days(since, until))

    def related(self, one: Customer, relation: str, other: Customer, *, since: date | None = None, until: date | None = None) -> None:
        """By the CRM's word and in its words ("director_of", "household_with" …)."""
        self._row("crm/relationships.csv", client_id=one.client, related_client_id=other.client, relation=relation, **_days(since, until))

    def guardian(self, guardian: Customer, *, of: Customer) -> None:
        self._row("crm/relationships.csv", client_id=guardian.client, related_client_id=of.client, relation="guardian_of")

    def says(self, customer: Customer, purpose: str, given: bool = True, *, at: datetime = AGREED_AT, channel: str = "branch") -> None:
        """The customer agrees to a use of their data, or withdraws, by the CRM's word."""
        self._row(
            "crm/consents.csv",
            consent_id=f"CN{self._next()}",
            client_id=customer.client,
            purpose=purpose,
            given="yes" if given else "no",
            channel=channel,
            said_at=at.isoformat(),
        )

    def contact(
        self, customer: Customer, summary: str, *, at: datetime, channel: str = "phone", kind: str = "call", staff: str = ""
    ) -> None:
        self._row(
            "crm/contacts.csv",
            contact_id=f"CT{self._next()}",
            client_id=customer.client,
            at=at.isoformat(),
            channel=channel,
            kind=kind,
            summary=summary,
            staff=staff,
        )

    def signal(self, customer: Customer, kind: str = "loan_application_abandoned", *, at: datetime, detail: str = "") -> None:
        """Something done in the app, where customers sign in with their e-mail address."""
        self._row(
            "digital/signals.csv",
            event_id=f"EV{self._next()}",
            login_email=customer.email,
            at=at.isoformat(),
            channel="app",
            kind=kind,
            detail=detail,
        )

    # ---- what they hold ----

    def current_account(self, customer: Customer, balance: Amount | None = "500.00", *, overdraft: Amount = 0) -> Account:
        """`balance` is what it holds after everything booked before the next delivery; None: nothing was ever booked."""
        return self._account(customer, "current", "CUR-STD", "Current account", balance, overdraft)

    def savings(self, customer: Customer, balance: Amount | None = "1000.00") -> Account:
        return self._account(customer, "savings", "SAV-STD", "Savings", balance, 0)

    def hold(self, account: Account, customer: Customer, *, role: str = "joint") -> None:
        """One more holder (joint, authorised, guardian) of an account."""
        self._row("core/account_holders.csv", account_no=account.number, customer_no=customer.number, role=role)
        customer.accounts.append(account)

    def loan(
        self,
        customer: Customer,
        amount: Amount = "8000.00",
        *,
        instalment: Amount = "312.00",
        day: int = 27,
        days_past_due: int = 0,
        status: str | None = None,
        mortgage: bool = False,
    ) -> Held:
        """A loan whose instalment leaves the customer's current account. Lending knows the customer by national id and name."""
        reference = f"L-{self._next():08d}"
        self._row(
            "lending/loans.csv",
            loan_no=reference,
            national_id=customer.national_id,
            applicant_name=customer.name,
            account_no=self._current_of(customer).number,
            product_code="LON-MTG" if mortgage else "LON-PER",
            product_name="Mortgage" if mortgage else "Personal loan",
            amount=_money(amount),
            currency="EUR",
            opened_on=OPENED.isoformat(),
            instalment=_money(instalment),
            instalment_day=str(day),
            days_past_due=str(days_past_due),
            status=status or ("arrears" if days_past_due else "active"),
        )
        return Held(self, "lending", reference)

    def card(self, customer: Customer, last_four: str = "4417", *, embossed: str = "") -> Held:
        reference = f"CRD{self._next():09d}"
        self._row(
            "cards/cards.csv",
            card_ref=reference,
            last4=last_four,
            embossed_name=embossed or customer.name.upper(),
            account_no=self._current_of(customer).number,
            customer_no=customer.number,
            type="debit",
            issued_on=OPENED.isoformat(),
            status="active",
        )
        return Held(self, "cards", reference)

    def standing_order(
        self, customer: Customer, amount: Amount = "700.00", day: int = 27, *, beneficiary: str = "Eyre Residential", purpose: str = "rent"
    ) -> Held:
        reference = f"SO-{self._next()}"
        self._row(
            "payments/standing_orders.csv",
            order_id=reference,
            account_no=self._current_of(customer).number,
            beneficiary=beneficiary,
            beneficiary_account="IE06QUAY80940952810575",
            amount=_money(amount),
            currency="EUR",
            day_of_month=str(day),
            purpose=purpose,
        )
        return Held(self, "payments", reference)

    # ---- what happens on it ----

    def salary(
        self, customer: Customer, amount: Amount = "2410.00", day: int = 1, *, months: int = 6, employer: str = "Ardilaun Hotel"
    ) -> None:
        """The salary of the last months, on the same day (1 to 28) of each."""
        account, on = self._current_of(customer), clock.today()
        while months:
            if on.day == day:
                self._book(account, amount, on, method="salary", purpose="salary", counterparty=employer)
                months -= 1
            on -= timedelta(days=1)

    def transactions(
        self, account: Account, bookings: Iterable[tuple[date, Amount, str]], *, method: str = "card", purpose: str = ""
    ) -> None:
        """(day, amount, counterparty) each; money in is positive."""
        for day, amount, counterparty in bookings:
            self._book(account, amount, day, method=method, purpose=purpose, counterparty=counterparty)

    def deliver(self, *, at: datetime | None = None) -> None:
        """Let in what the systems have to say since the last time; does nothing if that is nothing."""
        for account in self._open:
            self._write_up(account)
        self._open.clear()
        waiting = {name: rows for name, rows in self._rows.items() if rows}
        if not waiting:
            return
        self._delivered += 1
        for system in SYSTEMS:
            paths = [self._write(name, rows) for name, rows in waiting.items() if name.startswith(f"{system}/")]
            if paths:
                report = ingestion.ingest(system, paths, at=at or clock.now())
                assert not report.rejected, [reject.reason for reject in ingestion.open_rejects(system)]
        self._rows = {name: [] for name in HEADERS}

    # ---- how it is written ----

    def _account(self, customer: Customer, kind: str, code: str, name: str, balance: Amount | None, overdraft: Amount) -> Account:
        serial = self._next()
        account = Account(self, "core", f"IE58MRDN9001{serial:010d}", balance=None if balance is None else Decimal(balance))
        self._row(
            "core/accounts.csv",
            account_no=account.number,
            product_code=code,
            product_name=name,
            type=kind,
            currency="EUR",
            opened_on=OPENED.isoformat(),
            branch_code=customer.branch.code,
            overdraft_limit=_money(overdraft),
            status="active",
        )
        self._row("core/account_holders.csv", account_no=account.number, customer_no=customer.number, role="owner")
        customer.accounts.append(account)
        if balance is not None:
            # A ledger states balances with its entries only: one entry says what was there before all others.
            account.bookings.append({"booked_on": OPENED.isoformat(), "amount": "", "method": "transfer", "purpose": "opening"})
            self._open.append(account)
        return account

    def _current_of(self, customer: Customer) -> Account:
        return customer.accounts[0] if customer.accounts else self.current_account(customer)

    def _book(self, account: Account, amount: Amount, day: date, **said: str) -> None:
        account.bookings.append({"booked_on": day.isoformat(), "amount": _money(amount), **said})
        if account not in self._open:
            self._open.append(account)

    def _write_up(self, account: Account) -> None:
        """The waiting bookings in the ledger's order, with their balances. Before the first delivery `balance` is where they end,
        afterwards where they start."""
        bookings = sorted(account.bookings, key=lambda booking: booking["booked_on"])
        moved = sum((Decimal(booking["amount"] or 0) for booking in bookings), Decimal(0))
        balance = account.balance or Decimal(0)
        if not bookings[0]["amount"]:
            bookings[0]["amount"] = _money(balance - moved)
            balance = Decimal(0)
        for booking in bookings:
            balance += Decimal(booking["amount"])
            self._row(
                "core/transactions.csv",
                **booking,
                entry_id=f"{10_000_000 + self._next()}",
                account_no=account.number,
                currency="EUR",
                balance_after=_money(balance),
            )
        account.balance = balance
        account.bookings.clear()

    def _next(self) -> int:
        self._counted += 1
        return self._counted

    def _row(self, file: str, **cells: str) -> None:
        self._rows[file].append(cells)

    def _write(self, name: str, rows: list[dict[str, str]]) -> Path:
        path = self._folder / str(self._delivered) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, HEADERS[name], restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path


def _days(since: date | None, until: date | None) -> dict[str, str]:
    return {name: day.isoformat() for name, day in (("valid_from", since), ("valid_to", until)) if day}


def _money(amount: Amount) -> str:
    return f"{Decimal(amount):.2f}"


def _in_letters(serial: int) -> str:
    """A made-up family name for each number, so that no two customers are taken for one."""
    return "".join("abcdefghij"[int(digit)] for digit in str(serial)).capitalize()


@pytest.fixture
def bank(db: None, tmp_path: Path) -> Bank:
    """A bank without customers yet."""
    return Bank(tmp_path / "extracts")


@pytest.fixture
def galway(bank: Bank) -> Branch:
    return bank.branch("Galway")


@pytest.fixture
def cork(bank: Bank) -> Branch:
    return bank.branch("Cork")


@pytest.fixture
def adviser(bank: Bank, galway: Branch) -> Actor:
    """Branch staff of Galway."""
    return bank.staff(Role.BRANCH_STAFF, branch=galway)


@pytest.fixture
def queries_of() -> Callable[[Callable[[], object]], int]:
    """How many queries a call takes."""

    def count(call: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as queries:
            call()
        return len(queries)

    return count
