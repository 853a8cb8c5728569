"""Puts the picture of one customer together: rows in, values out. Called by `state_of`, which has asked who may look."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from uuid import UUID

from django.conf import settings
from django.db.models import F, Max, Q, Sum

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.money import Money

from .models import Arrangement, ArrangementRole, Consent, Party, PartyFact, PartyRelationship, SourceSystem, Transaction
from .models.behaviour import Channel, Purpose
from .models.landing import Sourced
from .values import AccountView, ConsentView, CustomerState, Field, Freshness, PersonView, Provenance

SPARKLINE_DAYS = 90
# Whose word on an attribute staff see first; the same order in which ingestion lets names survive.
TRUSTED = ("crm", "core", "lending", "cards", "payments", "digital")
SHOWN = (Arrangement.Kind.CURRENT, Arrangement.Kind.SAVINGS, Arrangement.Kind.LOAN, Arrangement.Kind.CARD)
LANGUAGES = {"en": "English", "ga": "Irish", "de": "German", "fr": "French", "es": "Spanish", "pl": "Polish", "pt": "Portuguese"}
# How the other one stands to this customer: when this customer is the guardian (owner), and when the other one is.
RELATIONS: dict[str, tuple[str, str]] = {
    PartyRelationship.Kind.GUARDIAN: ("ward", "guardian"),
    PartyRelationship.Kind.OWNER: ("business", "owner"),
}
Kind, Status, Role = Arrangement.Kind, Arrangement.Status, ArrangementRole.Role


def draw(party: Party, *, actor: Actor, at: datetime) -> CustomerState:
    """Queries: 9."""
    today = clock.bank_date(at)
    facts = _facts(party)
    roles = list(
        ArrangementRole.objects.filter(party=party, arrangement__kind__in=SHOWN)
        .select_related("arrangement__product", "arrangement__system", "arrangement__source_file", "arrangement__schedule")
        .order_by("arrangement__opened_date", "arrangement__number")
    )
    roles.sort(key=lambda role: SHOWN.index(Kind(role.arrangement.kind)))
    sparklines = _sparklines([role.arrangement for role in roles], today)
    newest = _newest_entries([role.arrangement for role in roles])
    accounts = tuple(_account(role, newest.get(role.arrangement_id), sparklines.get(role.arrangement_id, ())) for role in roles)
    held = [role.arrangement for role in roles if role.role in ArrangementRole.HOLDERS and role.arrangement.status != Status.CLOSED]
    freshness = _freshness(at)
    first = {attribute: values[0] for attribute, values in facts.items()}
    language = first.get(PartyFact.Attribute.LANGUAGE)
    if language is not None:
        language = Field(LANGUAGES.get(language.value, language.value), language.provenance)
    return CustomerState(
        party_id=party.pk,
        number=party.number,
        kind=party.kind,
        name=party.name,
        names=tuple(facts.get(PartyFact.Attribute.NAME, ())),
        birth_date=first.get(PartyFact.Attribute.BIRTH_DATE),
        age=party.age_on(today) if party.kind == Party.Kind.PERSON else None,
        phone=first.get(PartyFact.Attribute.PHONE),
        email=first.get(PartyFact.Attribute.EMAIL),
        address=first.get(PartyFact.Attribute.ADDRESS),
        town=first.get(PartyFact.Attribute.TOWN),
        language=language,
        branch_code=party.home_branch.code,
        branch_name=party.home_branch.name,
        customer_since=party.customer_since,
        accounts=accounts,
        people=_people(party, roles, actor),
        consents=_consents(party),
        in_accounts=_sum(((one.balance, one.currency) for one in held if one.kind in (Kind.CURRENT, Kind.SAVINGS)), held),
        owed=_sum(((one.principal, one.currency) for one in held if one.kind == Kind.LOAN), held),
        freshness=freshness,
        alerts=_alerts(held, freshness),
        version=party.version,
    )


def provenance_of(row: Sourced, system: SourceSystem, as_of: datetime | None = None) -> Provenance:
    """Where a loaded row comes from. Expects `source_file` and the system at hand."""
    return Provenance(system.code, system.name, row.source_file.name, row.source_line, row.recorded_at, as_of)


def _facts(party: Party) -> dict[str, list[Field]]:
    """Per attribute what each source says now, the most trusted first."""
    newest = (
        PartyFact.objects.filter(party=party)
        .select_related("system", "source_file")
        .order_by("attribute", "system_id", "-source_file_id", "-source_line")
        .distinct("attribute", "system_id")
    )
    found: dict[str, list[Field]] = defaultdict(list)
    for fact in sorted(newest, key=lambda fact: TRUSTED.index(fact.system_id)):
        found[fact.attribute].append(Field(fact.value, provenance_of(fact, fact.system)))
    return found


def _newest_entries(arrangements: list[Arrangement]) -> dict[UUID, Transaction]:
    """The entry each account's balance stands in."""
    rows = Transaction.objects.filter(
        arrangement__in=[row.pk for row in arrangements if row.balance is not None],
        booking_date=F("arrangement__balance_date"),
        sequence=F("arrangement__balance_sequence"),
    )
    return {row.arrangement_id: row for row in rows.select_related("system", "source_file")}


def _account_provenance(row: Arrangement, newest: Transaction | None) -> Provenance:
    """Where what staff read of an account comes from: its balance, or the account itself where there is none."""
    if newest is None:
        return provenance_of(row, row.system)
    # A day's entry speaks for that day to its end, but never for a moment after it was told: what is done later is not in it.
    return provenance_of(newest, newest.system, min(clock.end_of_day(newest.booking_date), newest.recorded_at))


def _account(role: ArrangementRole, newest: Transaction | None, sparkline: tuple[Decimal, ...]) -> AccountView:
    row = role.arrangement
    balance = Money(row.balance, row.currency) if row.balance is not None else None
    if row.kind == Kind.LOAN and row.principal is not None:
        balance = Money(-row.principal, row.currency)
    is_account = row.kind in (Kind.CURRENT, Kind.SAVINGS)
    schedule = getattr(row, "schedule", None)
    return AccountView(
        id=row.pk,
        kind=row.kind,
        product_name=row.product.name,
        number=row.number,
        masked_number=f"•• {row.number[-4:]}",
        currency=row.currency,
        balance=balance,
        available=balance + Money(row.principal or Decimal(0), row.currency) if balance and is_account else None,
        status=row.status,
        status_label=Status(row.status).label,
        role=role.role,
        opened_date=row.opened_date,
        provenance=_account_provenance(row, newest),
        sparkline=sparkline,
        payment=Money(schedule.amount, schedule.currency) if schedule else None,
        payment_day=schedule.day_of_month if schedule else None,
        detail=_detail(role),
    )


def _detail(role: ArrangementRole) -> str:
    row, said = role.arrangement, []
    if row.days_past_due:
        said.append(f"{row.days_past_due} days overdue")
    if role.role != Role.OWNER:
        said.append(Role(role.role).label)
    return " · ".join(said)


def _sparklines(arrangements: list[Arrangement], today: date) -> dict[UUID, tuple[Decimal, ...]]:
    """The balance at the end of each of the last 90 days, worked back from the balance known now."""
    known = {row.pk: row.balance for row in arrangements if row.balance is not None}
    first = today - timedelta(days=SPARKLINE_DAYS - 1)
    moved: dict[UUID, dict[date, Decimal]] = defaultdict(dict)
    days = Transaction.objects.filter(arrangement__in=known, booking_date__gte=first).values("arrangement_id", "booking_date")
    for row in days.annotate(net=Sum("amount")).order_by():
        moved[row["arrangement_id"]][row["booking_date"]] = row["net"]
    back = [today - timedelta(days=ago) for ago in range(SPARKLINE_DAYS)]
    lines = {}
    for account, balance in known.items():
        leaving = (-moved[account].get(day, Decimal(0)) for day in back[:-1])
        lines[account] = tuple(reversed(list(accumulate(leaving, initial=balance))))
    return lines


def _people(party: Party, roles: list[ArrangementRole], actor: Actor) -> tuple[PersonView, ...]:
    """Those this customer shares an account with or who act for them, as far as the actor may know of them. Queries: 3."""
    others = list(
        ArrangementRole.objects.filter(
            arrangement__in=[role.arrangement_id for role in roles], arrangement__kind__in=(Kind.CURRENT, Kind.SAVINGS)
        ).exclude(party=party)
    )
    mine = {role.arrangement_id: role.role for role in roles}
    relations = {role.party_id: _shared(mine[role.arrangement_id], role.role) for role in others}
    for row in PartyRelationship.objects.filter(Q(party=party) | Q(other=party)):
        if row.party_id == party.pk:
            relations[row.other_id] = RELATIONS[row.kind][0]
        else:
            relations[row.party_id] = RELATIONS[row.kind][1]
    names = Party.objects.visible_to(actor).filter(pk__in=relations).values_list("pk", "name").order_by("name")
    return tuple(PersonView(person, name, relations[person]) for person, name in names)


def _shared(mine: str, theirs: str) -> str:
    if theirs in (Role.GUARDIAN, Role.AUTHORISED):
        return Role(theirs).label
    return "joint holder" if mine in ArrangementRole.HOLDERS else "account holder"


def _consents(party: Party) -> tuple[ConsentView, ...]:
    said = {row.purpose: row for row in Consent.objects.now().filter(party=party)}
    return tuple(_consent(purpose, said.get(purpose)) for purpose in Purpose)


def _consent(purpose: Purpose, said: Consent | None) -> ConsentView:
    if said is None:
        return ConsentView(purpose, purpose.label, None, None, None)
    return ConsentView(purpose, purpose.label, said.given, said.occurred_at, Channel(said.channel).label)


def _freshness(at: datetime) -> tuple[Freshness, ...]:
    """Each source's newest moment of business; for a source that tells none, when its newest file came."""
    systems = SourceSystem.objects.annotate(until=Max("files__data_until"), received=Max("files__received_at"))
    found = {system.code: system for system in systems}
    shown = []
    for code in TRUSTED:
        if code in found:
            system = found[code]
            last = system.until or system.received
            shown.append(Freshness(code, system.name, last, last is None or at - last > system.freshness_promise))
    return tuple(shown)


def _alerts(held: list[Arrangement], freshness: tuple[Freshness, ...]) -> tuple[str, ...]:
    found = []
    for row in held:
        where = f"{row.product.name} •• {row.number[-4:]}"
        if row.days_past_due:
            found.append(f"{where} is {row.days_past_due} days overdue.")
        if row.status == Status.DEFAULTED:
            found.append(f"{where} ended unpaid.")
        if row.kind in (Kind.CURRENT, Kind.SAVINGS) and row.balance is not None and row.balance < 0:
            found.append(f"{where} is below zero.")
    found += [f"{source.system_name} sent nothing new in time: check before you rely on it." for source in freshness if source.stale]
    return tuple(found)


def _sum(amounts: Iterable[tuple[Decimal | None, str]], held: list[Arrangement]) -> Money:
    """The sum in the currency of the customer's first account; other currencies are not mixed in."""
    currency = held[0].currency if held else settings.BANK_CURRENCY
    return Money(sum((amount for amount, of in amounts if amount is not None and of == currency), Decimal(0)), currency)
