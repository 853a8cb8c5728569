"""One field for everything staff know of a customer: name, phone, e-mail, customer, account, company and identity numbers.

Exact finds come first, names that are only alike last; each says why it was found. Only what the actor may see is found, and
every search is recorded, without what was typed.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import F, IntegerField, QuerySet, Value
from django.db.models.functions import Length, Right

from bankos.platform import clock
from bankos.platform.actors import Actor

from . import alike
from .attributes import EMAILS, PHONES
from .ingestion.converters import client_number, customer_number
from .models import Arrangement, ArrangementRole, Party, PartyFact, PartyIdentifier, SearchLog
from .models.arrangements import compact
from .spelling import fold, phone_digits

LONGEST_TEXT = 100
LARGEST_LIST = 50
SHORTEST_PHONE = 7
RANKED = 1_000
_SEPARATORS = re.compile(r"[\s•·*-]")
_CUSTOMER_NUMBER = re.compile(r"[CR]?(\d{5,12})", re.ASCII)
_PHONE = re.compile(r"(?:tel:)?\s*([+(]*\d[\d\s()/.-]*)", re.ASCII | re.IGNORECASE)
Found = QuerySet[Party]


@dataclass(frozen=True, slots=True)
class Match:
    """`why` it was found; `detail` tells people of the same name apart; `exact` if a key fits rather than a likeness."""

    party_id: UUID
    name: str
    number: str
    why: str
    detail: str
    exact: bool


class _Key(NamedTuple):
    """A key that may have been typed: `kind` for the record, `why` for staff, and the ids of whose customers hold it."""

    kind: str
    why: str
    holders: QuerySet[Any]


class _Likeness(NamedTuple):
    """What is only alike, and who is found by it, the most alike first."""

    kind: str
    why: str
    found: Found


def find(text: str, *, actor: Actor, limit: int = 10, at: datetime | None = None) -> list[Match]:
    """The customers this text may mean, the surest first. Where a key fits that is what was meant, and no name is looked for.

    Queries: 2 for keys, 2 for last digits, 2 for names, 1 for the record; those the text can be read for.
    """
    typed = " ".join(text.replace("\x00", " ").split())[:LONGEST_TEXT]
    limit = min(max(limit, 1), LARGEST_LIST)
    visible = Party.objects.customers_visible_to(actor).select_related("home_branch")
    kind, matches = _by_key(list(_keys(typed)), visible)
    for likeness in (*_ending(typed, visible), *(() if matches else _named(typed, visible))):
        if len(matches) >= limit:
            break
        for party in likeness.found[:limit]:
            kind = kind or likeness.kind
            matches.setdefault(party.pk, _match(party, likeness.why, exact=False))
    found = list(matches.values())[:limit]
    SearchLog.objects.create(
        actor_kind=actor.kind, actor_id=actor.id, kind=kind, text_length=len(typed), found=len(found), searched_at=at or clock.now()
    )
    return found


def _by_key(keys: list[_Key], visible: Found) -> tuple[str, dict[UUID, Match]]:
    """Who is found by a key, and the kind of the first: all keys at once, and then who of the few that hold one may be seen."""
    if not keys:
        return "", {}
    each = [key.holders.annotate(place=Value(place, IntegerField())) for place, key in enumerate(keys)]
    held: dict[UUID, int] = {}
    for golden, place in each[0].union(*each[1:], all=True):
        held[golden] = min(place, held.get(golden, place))
    if not held:
        return "", {}
    found = sorted(visible.filter(pk__in=held), key=lambda party: (held[party.pk], party.name, party.pk))
    matches = {party.pk: _match(party, keys[held[party.pk]].why, exact=True) for party in found}
    return (keys[held[found[0].pk]].kind if found else ""), matches


def _keys(typed: str) -> Iterator[_Key]:
    """Whichever of a customer's records holds a key, the customer is found."""
    compacted = _compacted(typed)
    if number := _CUSTOMER_NUMBER.fullmatch(compacted):
        numbers = [customer_number(number[1]), client_number(number[1])]
        yield _Key("customer_number", "Customer number", Party.objects.filter(number__in=numbers).values_list("golden_id"))
    if (phone := _PHONE.fullmatch(typed)) and sum(map(str.isdigit, phone[1])) >= SHORTEST_PHONE:
        yield _Key("phone", "Phone match", _stating(PHONES, _phones(phone[1])))
    if "@" in typed:
        yield _Key("email", "E-mail match", _stating(EMAILS, {typed.lower()}))
    if len(compacted) >= 4 and any(map(str.isdigit, compacted)):
        # Of a card only the last four digits are known, and those fit many.
        whole = _holding().alias(compact=compact("arrangement__number")).filter(compact=compacted)
        yield _Key("account", "Account number", whole.exclude(arrangement__kind=Arrangement.Kind.CARD))
        yield _Key("company_number", "Company number", _stating((PartyFact.Attribute.COMPANY_NUMBER,), {compacted}))
        identity = PartyIdentifier.objects.filter(kind="national_id", value=compacted).values_list("party__golden_id")
        yield _Key("identity_number", "Identity number", identity)


def _ending(typed: str, visible: Found) -> Iterator[_Likeness]:
    compacted = _compacted(typed)
    if len(compacted) == 4 and compacted.isdigit():
        ending = _holding().alias(ending=Right("arrangement__number", 4)).filter(ending=compacted)
        # First whose they are, then who of them may be seen: left to choose, the database looks at everybody who may be.
        few = visible.filter(pk__in=[golden for (golden,) in ending])
        yield _Likeness("last_four", f"Account or card •• {compacted}", few.order_by("name", "pk"))


def _named(typed: str, visible: Found) -> Iterator[_Likeness]:
    name = fold(typed)
    if len(name) < 2 or name.replace(" ", "").isdigit():
        return
    words = name.split()
    # Of names that hold all that was typed, those with the least besides are the likest.
    shortest = (Length("name"), "name", "pk")
    beginning = visible.filter(alike.bearing(alike.beginning(words)))
    yield _Likeness("name", "Name", beginning.order_by(alike.whole(words).desc(), *shortest))
    few = visible.filter(alike.bearing(alike.near(words))).order_by(*shortest).values("pk")[:RANKED]
    near = Party.objects.filter(pk__in=few).select_related("home_branch").annotate(likeness=TrigramWordSimilarity(name, "search_name"))
    yield _Likeness("similar_name", "Similar name", near.order_by(F("likeness").desc(), "name", "pk"))


def _compacted(typed: str) -> str:
    return _SEPARATORS.sub("", typed).upper()


def _phones(typed: str) -> set[str]:
    """The international numbers it may be: as written, or a number of this country whose leading zero was left out or kept."""
    digits, country = phone_digits(typed), settings.BANK_CALLING_CODE
    return {digits, country + digits, country + digits.removeprefix(country).lstrip("0")}


def _stating(attributes: Collection[str], normalised: Collection[str]) -> QuerySet[Any]:
    return PartyFact.objects.filter(attribute__in=attributes, normalised__in=normalised).values_list("party__golden_id")


def _holding() -> QuerySet[Any]:
    return ArrangementRole.objects.values_list("party__golden_id")


def _match(party: Party, why: str, *, exact: bool) -> Match:
    born = [f"born {party.birth_date.year}"] if party.birth_date and party.kind == Party.Kind.PERSON else []
    detail = " · ".join([*born, party.home_branch.town, party.home_branch.name])
    return Match(party_id=party.pk, name=party.name, number=party.number, why=why, detail=detail, exact=exact)
