"""Puts the picture of one customer together: rows in, values out. Called by `state_of`, which has asked who may look."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.money import Money

from . import rows
from .agreement import Agreement, agreements_of
from .attributes import DETAILS, STATED_BY_CUSTOMERS, masked_as
from .members import Customer
from .models import Arrangement, ArrangementRole, Party, PartyFact, PartyRelationship, SourceSystem
from .models.behaviour import Channel
from .rows import Held, Said, Standing
from .survivorship import first_word_first
from .values import AccountView, Conflict, ConsentView, CustomerState, Detail, Field, Freshness, PersonView, Provenance

SPARKLINE_DAYS = 90
SHOWN = (Arrangement.Kind.CURRENT, Arrangement.Kind.SAVINGS, *Arrangement.LENT, Arrangement.Kind.CARD)
LANGUAGES = {"en": "English", "ga": "Irish", "de": "German", "fr": "French", "es": "Spanish", "pl": "Polish", "pt": "Portuguese"}
# How the other one stands to this customer: when this customer is the guardian (owner), and when the other one is.
RELATIONS: dict[str, tuple[str, str]] = {
    PartyRelationship.Kind.GUARDIAN: ("ward", "guardian"),
    PartyRelationship.Kind.OWNER: ("business", "owner"),
    PartyRelationship.Kind.DIRECTOR: ("business they direct", "director"),
    PartyRelationship.Kind.EMPLOYER: ("employee", "employer"),
    PartyRelationship.Kind.GUARANTOR: ("guaranteed by them", "guarantor"),
    PartyRelationship.Kind.HOUSEHOLD: ("same household", "same household"),
    PartyRelationship.Kind.JOINT_HOLDER: ("joint holder", "joint holder"),
    PartyRelationship.Kind.ATTORNEY: ("represented by them", "attorney"),
}
ASK_AGAIN_AFTER = timedelta(days=730)
# What can be true in one way only.
ONE_TRUTH = (
    PartyFact.Attribute.BIRTH_DATE,
    PartyFact.Attribute.COMPANY_NUMBER,
    PartyFact.Attribute.KIND,
    PartyFact.Attribute.DECEASED,
)
Kind, Status, Role = Arrangement.Kind, Arrangement.Status, ArrangementRole.Role
STRENGTH = (Role.OWNER, Role.JOINT, Role.GUARDIAN, Role.AUTHORISED, Role.GUARANTOR, Role.BENEFICIARY)


def draw(customer: Customer, *, actor: Actor | None, at: datetime, valid_on: date | None = None) -> CustomerState:
    """`actor` sees the other people; all of them if there is none. `valid_on`: as `state_of`. Queries: 8."""
    party, today = customer.golden, clock.bank_date(at)
    day = valid_on or today
    facts, to_come = _facts(customer, day)
    roles = _roles(customer)
    sparklines = _sparklines(roles, today)
    newest = {standing.arrangement_id: standing for standing in rows.standing_of(roles)}
    accounts = tuple(_account(one, newest.get(one.id), sparklines.get(one.id, ())) for one in roles)
    held = [one for one in roles if one.role in ArrangementRole.HOLDERS and one.status != Status.CLOSED]
    freshness = freshness_of_sources(at)
    first = {attribute: _field(said[0]) for attribute, said in facts.items()}
    conflicts = _conflicts(facts)
    names = tuple(map(_field, facts.get(PartyFact.Attribute.NAME, ())))
    language = first.get(PartyFact.Attribute.LANGUAGE)
    identified = first.get(PartyFact.Attribute.NATIONAL_ID)
    language_code = language.value if language is not None else ""
    if language is not None:
        language = Field(LANGUAGES.get(language.value, language.value), language.provenance)
    return CustomerState(
        party_id=party.pk,
        number=party.number,
        kind=party.kind,
        # Of today the name that lists show too.
        name=party.name if day == today or not names else names[0].value,
        names=names,
        birth_date=first.get(PartyFact.Attribute.BIRTH_DATE),
        age=party.age_on(today) if party.kind == Party.Kind.PERSON else None,
        phone=first.get(PartyFact.Attribute.PHONE),
        email=first.get(PartyFact.Attribute.EMAIL),
        address=first.get(PartyFact.Attribute.ADDRESS),
        town=first.get(PartyFact.Attribute.TOWN),
        language=language,
        language_code=language_code,
        branch_code=party.home_branch.code,
        branch_name=party.home_branch.name,
        customer_since=party.customer_since,
        accounts=accounts,
        people=_people(customer, roles, actor, day),
        deceased=first.get(PartyFact.Attribute.DECEASED),
        consents=consents_of_customer(customer, at=at),
        in_accounts=_sum(((one.balance, one.currency) for one in held if one.kind in (Kind.CURRENT, Kind.SAVINGS)), held),
        owed=_sum(((one.principal, one.currency) for one in held if one.kind in Arrangement.LENT), held),
        freshness=freshness,
        alerts=_alerts(held, freshness),
        conflicts=conflicts,
        to_confirm=_to_confirm(facts, conflicts, at),
        details=tuple(_detail_of(facts[attribute][0]) for attribute in DETAILS if attribute in facts),
        to_come=to_come,
        version=party.version,
        national_id=customer.national_id,
        national_id_provenance=identified.provenance if identified else None,
    )


def _roles(customer: Customer) -> list[Held]:
    """What the customer has to do with which arrangement: of several records' roles on one, the strongest."""
    strongest: dict[UUID, Held] = {}
    for held in rows.held_by(customer.ids, kinds=SHOWN):
        known = strongest.setdefault(held.id, held)
        if STRENGTH.index(Role(held.role)) < STRENGTH.index(Role(known.role)):
            strongest[held.id] = held
    return sorted(strongest.values(), key=lambda held: SHOWN.index(Kind(held.kind)))


def _facts(customer: Customer, day: date) -> tuple[dict[str, list[Said]], tuple[Detail, ...]]:
    """Per attribute what each record in each source says for the day, in the order of the attribute's rule; and what is yet to come."""
    found: dict[str, list[Said]] = defaultdict(list)
    coming: list[Said] = []
    for said in first_word_first(rows.said_of(customer.ids, day=day)):
        if said.valid_from is not None and said.valid_from > day:
            coming.append(said)
        else:
            found[said.attribute].append(said)
    return found, tuple(map(_detail_of, sorted(coming, key=lambda said: said.valid_from or day)))


def _detail_of(said: Said) -> Detail:
    return Detail(said.attribute, PartyFact.Attribute(said.attribute).label, _field(said), masked_as(said.attribute))


def _field(said: Said) -> Field:
    return Field(said.value, said.provenance, valid_from=said.valid_from, valid_to=said.valid_to)


def _conflicts(facts: dict[str, list[Said]]) -> tuple[Conflict, ...]:
    """Nobody is born on two days: what sources disagree on is shown, with everybody's word, and never decided by itself. So is what a
    source says otherwise than the customer.
    """
    return tuple(
        Conflict(attribute, attribute.label, tuple(map(_field, facts[attribute])))
        for attribute in PartyFact.Attribute
        if len({one.normalised for one in facts.get(attribute, ())}) > 1
        and (attribute in ONE_TRUTH or any(one.system == SourceSystem.CUSTOMERS_WORD for one in facts[attribute]))
    )


def _to_confirm(facts: dict[str, list[Said]], conflicts: tuple[Conflict, ...], at: datetime) -> frozenset[str]:
    """What the customer should be asked about: where words differ and theirs is missing, and what nobody has said anew for long."""
    own = {attribute for attribute, said in facts.items() if any(one.system == SourceSystem.CUSTOMERS_WORD for one in said)}
    old = {attribute for attribute, said in facts.items() if max(one.recorded_at for one in said) < at - ASK_AGAIN_AFTER}
    return frozenset({conflict.attribute for conflict in conflicts} - own | old) & frozenset(STATED_BY_CUSTOMERS)


def _account_provenance(held: Held, newest: Standing | None) -> Provenance:
    """Where what staff read of an account comes from: the entry its balance stands in, or the account itself where there is none."""
    if newest is None:
        return held.provenance
    # A day's entry speaks for that day to its end, but never for a moment after it was told: what is done later is not in it.
    as_of = min(clock.end_of_day(newest.booking_date), newest.recorded_at)
    return Provenance(newest.system, newest.system_name, newest.file, newest.line, newest.recorded_at, as_of)


def _account(held: Held, newest: Standing | None, sparkline: tuple[Decimal, ...]) -> AccountView:
    balance = Money(held.balance, held.currency) if held.balance is not None else None
    if held.kind in Arrangement.LENT and held.principal is not None:
        balance = Money(-held.principal, held.currency)
    is_account = held.kind in (Kind.CURRENT, Kind.SAVINGS)
    return AccountView(
        id=held.id,
        kind=held.kind,
        product_name=held.product_name,
        number=held.number,
        masked_number=f"•• {held.number[-4:]}",
        currency=held.currency,
        balance=balance,
        available=balance + Money(held.principal or Decimal(0), held.currency) if balance and is_account else None,
        status=held.status,
        status_label=Status(held.status).label,
        role=held.role,
        opened_date=held.opened_date,
        provenance=_account_provenance(held, newest),
        sparkline=sparkline,
        payment=Money(held.payment_amount, held.payment_currency) if held.payment_amount is not None and held.payment_currency else None,
        payment_day=held.payment_day,
        detail=_detail(held),
    )


def _detail(held: Held) -> str:
    said = []
    if held.days_past_due:
        said.append(f"{held.days_past_due} days overdue")
    if held.role != Role.OWNER:
        said.append(Role(held.role).label)
    return " · ".join(said)


def _sparklines(roles: list[Held], today: date) -> dict[UUID, tuple[Decimal, ...]]:
    """The balance at the end of each of the last 90 days, worked back from the balance known now."""
    known = {held.id: held.balance for held in roles if held.balance is not None}
    moved: dict[UUID, dict[date, Decimal]] = defaultdict(dict)
    for account, day, net in rows.moved_on(known.keys(), since=today - timedelta(days=SPARKLINE_DAYS - 1)):
        moved[account][day] = net
    back = [today - timedelta(days=ago) for ago in range(SPARKLINE_DAYS)]
    lines = {}
    for account, balance in known.items():
        leaving = (-moved[account].get(day, Decimal(0)) for day in back[:-1])
        lines[account] = tuple(reversed(list(accumulate(leaving, initial=balance))))
    return lines


class _Stands(NamedTuple):
    """How somebody stands to the customer: as the last columns of PersonView."""

    relation: str
    acts_as: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


def _people(customer: Customer, roles: list[Held], actor: Actor | None, day: date) -> tuple[PersonView, ...]:
    """Those this customer shares an account with or who act for them, as far as the actor may know of them. Queries: 2."""
    own = set(customer.ids)
    mine = {held.id: held.role for held in roles}
    relations: dict[UUID, _Stands] = {}
    for linked in rows.linked_with(own, arrangements=mine, kinds=(Kind.CURRENT, Kind.SAVINGS), day=day):
        if linked.arrangement_id is not None:
            relations[linked.party_id] = _Stands(_shared(mine[linked.arrangement_id], linked.said))
        else:
            theirs, ours = RELATIONS[linked.said]
            stands = (theirs, "") if linked.is_other else (ours, linked.said)
            relations[linked.party_id] = _Stands(*stands, linked.valid_from, linked.valid_to)
    members = Party.objects.filter(pk__in=relations.keys() - own)
    if actor is not None:
        members = members.visible_to(actor)
    people: dict[UUID, PersonView] = {}
    for member, golden, name in members.values_list("pk", "golden", "golden__name").order_by("golden__name", "golden", "pk"):
        people.setdefault(golden, PersonView(golden, name, *relations[member]))
    return tuple(people.values())


def _shared(mine: str, theirs: str) -> str:
    if theirs not in ArrangementRole.HOLDERS:
        return Role(theirs).label
    return "joint holder" if mine in ArrangementRole.HOLDERS else "account holder"


def consents_of_customer(customer: Customer, *, at: datetime) -> tuple[ConsentView, ...]:
    """Every use of data the customer is asked about or spoke of. Queries: 1."""
    return tuple(_consent(one) for one in agreements_of(customer, at=at) if one.offered or one.last)


def _consent(found: Agreement) -> ConsentView:
    said = found.last
    if said is None:
        return ConsentView(found.purpose, found.label, None, None, None, found.by_channel)
    return ConsentView(
        purpose=found.purpose,
        label=found.label,
        given=found.given,
        occurred_at=said.occurred_at,
        channel=Channel(said.heard_on).label,
        by_channel=found.by_channel,
        contact_channels=None if found.channels is None else tuple(Channel(one).label for one in sorted(found.channels)),
        valid_until=said.valid_until,
        record_id=said.record_id,
    )


def freshness_of_sources(at: datetime) -> tuple[Freshness, ...]:
    """How old what each source tells is. Queries: 1."""
    return tuple(
        Freshness(one.code, one.name, one.last_data_at, one.last_data_at is None or at - one.last_data_at > one.freshness_promise)
        for one in rows.sources()
    )


def _alerts(held: list[Held], freshness: tuple[Freshness, ...]) -> tuple[str, ...]:
    found = []
    for row in held:
        where = f"{row.product_name} •• {row.number[-4:]}"
        if row.days_past_due:
            found.append(f"{where} is {row.days_past_due} days overdue.")
        if row.status == Status.DEFAULTED:
            found.append(f"{where} ended unpaid.")
        if row.kind in (Kind.CURRENT, Kind.SAVINGS) and row.balance is not None and row.balance < 0:
            found.append(f"{where} is below zero.")
    found += [f"{source.system_name} sent nothing new in time: check before you rely on it." for source in freshness if source.stale]
    return tuple(found)


def _sum(amounts: Iterable[tuple[Decimal | None, str]], held: list[Held]) -> Money:
    """The sum in the currency of the customer's first account; other currencies are not mixed in."""
    currency = held[0].currency if held else settings.BANK_CURRENCY
    return Money(sum((amount for amount, of in amounts if amount is not None and of == currency), Decimal(0)), currency)
