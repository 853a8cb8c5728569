"""A customer with traces on every floor, and how to recognise each of them in an answer."""

import html
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from django.apps import apps
from django.db.models import Model, OneToOneField

from bankos.platform import actors, clock
from bankos.platform.actors import Role
from bankos.platform.ids import uuid7
from customers import state
from customers.care import emergencies
from customers.models import PartyLink, RejectedRow, SourceFile
from customers.rights import access, correcting, holds
from customers.statements.stating import Stated, state_fact
from insights.models import ModelVersion, Recommendation
from journeys import work
from tests.bank import Bank, Branch
from tests.journeys import household
from tests.journeys.household import Household

OURS = ("platform", "sentinel", "customers", "journeys", "insights", "console")
NAME, PHONE, EMAIL = "Zephyrine Quatermass", "+353 86 555 0142", "zephyrine.q@posteo.example"
# What nobody is called and no number is: asked for instead of the planted ones.
NOBODY = {"name": "Xanthippe Wolverhampton", "phone": "+353 86 555 9731", "email": "nobody.here@posteo.example"}


class Planted:
    """The customer, by every key there is, and the rows that speak of them."""

    def __init__(self, bank: Bank, branch: Branch) -> None:
        self.customer = bank.customer(NAME, branch=branch, phone=PHONE, email=EMAIL, consents=["payment_insight"])
        current = bank.current_account(self.customer, "100.00")
        self.home = Household(
            self.customer, current, bank.savings(self.customer, "5000.00"), bank.standing_order(self.customer, "700.00", 27)
        )
        bank.loan(self.customer, days_past_due=3)
        bank.card(self.customer, "7351")
        bank.contact(self.customer, f"{NAME} asked about the loan", at=clock.now() - timedelta(days=2))
        bank.signal(self.customer, at=clock.now() - timedelta(days=1), detail=f"{NAME} left the loan page")
        bank.deliver()
        self.id = self.customer.id
        _leave_traces(bank, self.home, branch)
        self.number = state.state_of(self.id, actor=actors.system("tests"), at=clock.now()).number
        self.secrets = self._secrets()
        self.rows = self._rows_about()

    def _secrets(self) -> dict[str, tuple[str, ...]]:
        """Each key in the spellings it may be shown in."""
        customer, account = self.customer, self.home.current.number
        digits = re.sub(r"\D", "", PHONE)
        return {
            "name": (NAME, "QUATERMASS", "Quatermass", "quatermass"),
            "number": (self.number, customer.number, re.sub(r"\D", "", self.number), customer.client),
            "national id": (customer.national_id,),
            "account": (account, " ".join(account[place : place + 4] for place in range(0, len(account), 4)), self.home.savings.number),
            "phone": (PHONE, digits, digits.removeprefix("353")),
            "email": (EMAIL,),
            "id": (str(self.id),),
        }

    def _rows_about(self) -> dict[type[Model], list[Any]]:
        """Every row of ours that speaks of the customer, directly or through another: their keys, by kind."""
        marks = {str(self.id), *(mark for kind in self.secrets.values() for mark in kind if len(mark) > 6)}
        about: dict[type[Model], list[Any]] = {}
        waiting = {model: list(model._default_manager.values()) for model in _models() if model._meta.managed}
        found = True
        while found:
            found = False
            for model, rows in ((model, rows) for model, rows in waiting.items() if rows):
                key = "id" if "id" in rows[0] else model._meta.pk.attname
                mine = [row for row in rows if any(mark in str(value) for value in row.values() for mark in marks)]
                if not mine:
                    continue
                found = True
                waiting[model] = [row for row in rows if row not in mine]
                # Rows keyed by several columns stand at no address of their own.
                keys = [row[key] for row in mine if key in row]
                about.setdefault(model, []).extend(keys)
                # What points to a row about the customer is about the customer, too.
                marks |= {str(key) for key in keys if isinstance(key, UUID)}
        return about

    def key_of(self, model: type[Model]) -> Any | None:
        """One of the rows about the customer; None if there is none of this kind."""
        return next(iter(self.rows.get(model, [])), None)

    def found_in(self, text: str, *, besides: Collection[str] = ()) -> list[str]:
        """Which keys of the customer a text gives away, other than of these kinds."""
        plain = _plain(text)
        return [
            f"{kind} ({mark})" for kind, marks in self.secrets.items() if kind not in besides for mark in marks if _plain(mark) in plain
        ]


def alike(text: str, asked: Iterable[str]) -> str:
    """An answer without what was asked for, and without what differs from request to request."""
    plain = _plain(text)
    for value in asked:
        plain = plain.replace(_plain(value), "‹asked›")
    plain = re.sub(r'(csrfmiddlewaretoken"? value="|request-key"? value="|csrftoken":")[^"]+', r"\1", plain)
    plain = re.sub(r'nonce="[^"]+"', "", plain)
    # The moment of the answer itself.
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(Z| 00:00)?|\d\d:\d\d(:\d\d)?", "‹time›", plain)


def made_anew(text: str) -> str:
    """An answer that names what was only just made. Ids of the customer's rows are looked for before (`found_in`)."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "‹new›", text)


def _plain(text: str) -> str:
    """As a person reads it, in pages, addresses and JSON alike."""
    return html.unescape(unquote(text)).replace("\xa0", " ").replace("\u202f", " ").replace("+", " ")


def _models() -> Iterator[type[Model]]:
    for app in OURS:
        yield from apps.get_app_config(app).get_models()


def _leave_traces(bank: Bank, home: Household, branch: Branch) -> None:
    """Something done, something that waits for a second person, something suggested."""
    at, teller = clock.now(), bank.staff(Role.BRANCH_STAFF, branch=branch, name="Tess Teller")
    done = household.perform(actor=teller, **home.transfer("20.00"), at=at, summary=f"Moved money for {NAME}")
    assert done.result, done.decision.rules
    waits = household.perform(actor=teller, **home.transfer("1500.00"), at=at, summary=f"Moved much money for {NAME}")
    assert waits.request_id, waits.decision.rules
    left, right = sorted([home.party_id, bank.customer("Orla Otherwise", branch=branch).id])
    PartyLink.objects.create(left_id=left, right_id=right, probability=0.7, bits=2.0, levels={}, fingerprint="2" * 65, scored_at=at)
    far_away = bank.staff(branch=bank.branch("Sligo"), name="Fergal Far")
    number = state.state_of(home.party_id, actor=teller, at=at).number
    emergencies.ask(number=number, reason_code="danger", reason=f"{NAME} may come to harm", actor=far_away, at=at)
    asked = {"checked": "document", "heard_on": "branch", "actor": teller, "at": at}
    access.ask(home.party_id, **asked)
    stated = correcting.stated_of(home.party_id, actor=teller, at=at)[0]
    correcting.ask(home.party_id, stated.fact_id, said=f"{NAME} Smith", evidence=f"{NAME}’s passport", **asked)
    said = Stated("occupation", f"baker at {NAME} & Sons", "word", checked="document", heard_on="branch")
    state_fact(home.party_id, said=said, actor=teller, at=at)
    until = clock.bank_date(at) + timedelta(days=9)
    holds.place(home.party_id, until=until, reason=f"{NAME} went to court", actor=bank.staff(Role.COMPLIANCE), at=at)
    version = ModelVersion.objects.create(
        name="leaks", version=1, sha256="0" * 64, params={}, metrics={}, data_until=clock.bank_date(at), fitted_at=at
    )
    row = Recommendation.objects.create(
        party_id=home.party_id, arrangement_id=home.current.id, kind="overdraft", state="open", made_at=at,
        as_of_date=clock.bank_date(at), valid_until=clock.bank_date(at) + timedelta(days=9), model_version=version, grounds="1" * 64,
        action="transfer.between_own_accounts", parameters=home.transfer("20.00")["parameters"], decision_id=done.decision.id,
        title=f"Help {NAME}", say=f"Dear {NAME}", would_not_be_suggested_if="", currency="EUR",
        past_path=[1, 2], low_path=[1, 2], median_path=[1, 2], high_path=[1, 2],
    )  # fmt: skip
    file = SourceFile.objects.filter(system="core").latest("id")
    RejectedRow.objects.create(
        file=file, line=99, feed="meridian.customers", raw={"name": NAME, "national_id": home.customer.national_id}, code="bad_date",
        reason=f"{NAME} was born on no day", rejected_at=at,
    )  # fmt: skip
    work.add(
        kind="suggestion", party_id=home.party_id, title=f"Help {NAME}", why="Goes below zero", due_at=at + timedelta(days=2),
        branch_code=branch.code, subject_id=row.pk, at=at,
    )  # fmt: skip


def decoy(model: type[Model]) -> Any:
    """A key of no row."""
    key = model._meta.pk
    while isinstance(key, OneToOneField):
        key = key.target_field
    return uuid7() if key.get_internal_type() == "UUIDField" else 999_999_999
