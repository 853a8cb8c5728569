"""One field for everything staff know of a customer: name, phone, e-mail, customer number, account number.

Exact finds come first, names that are only alike last; each says why it was found. Only what the actor may see is found, and
every search is recorded, without what was typed.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import F, QuerySet
from django.db.models.functions import Right

from bankos.platform import clock
from bankos.platform.actors import Actor

from .ingestion.converters import client_number, customer_number
from .models import Arrangement, ArrangementRole, Party, PartyFact, SearchLog
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


class _Way(NamedTuple):
    """One way to read what was typed: `kind` for the record, `why` for staff, and who is found so."""

    kind: str
    why: str
    exact: bool
    found: Found


def find(text: str, *, actor: Actor, limit: int = 10, at: datetime | None = None) -> list[Match]:
    """The customers this text may mean, the surest first. Queries: 1 for each way it can be read, at most 6, and 1 for the record."""
    typed = " ".join(text.replace("\x00", " ").split())[:LONGEST_TEXT]
    limit = min(max(limit, 1), LARGEST_LIST)
    visible = Party.objects.visible_to(actor).select_related("home_branch").order_by("name", "pk")
    matches: dict[UUID, Match] = {}
    kind = ""
    for way in _ways(typed, visible):
        for party in way.found[:limit]:
            kind = kind or way.kind
            matches.setdefault(party.pk, _match(party, way.why, exact=way.exact))
        if len(matches) >= limit:
            break
    found = list(matches.values())[:limit]
    SearchLog.objects.create(
        actor_kind=actor.kind, actor_id=actor.id, kind=kind, text_length=len(typed), found=len(found), searched_at=at or clock.now()
    )
    return found


def _ways(typed: str, visible: Found) -> Iterator[_Way]:
    compacted = _SEPARATORS.sub("", typed).upper()
    if number := _CUSTOMER_NUMBER.fullmatch(compacted):
        numbers = [customer_number(number[1]), client_number(number[1])]
        yield _Way("customer_number", "Customer number", True, visible.filter(number__in=numbers))
    if (phone := _PHONE.fullmatch(typed)) and sum(map(str.isdigit, phone[1])) >= SHORTEST_PHONE:
        stating = _stating(PartyFact.Attribute.PHONE, _phones(phone[1]))
        yield _Way("phone", "Phone match", True, visible.filter(pk__in=stating))
    if "@" in typed:
        yield _Way("email", "E-mail match", True, visible.filter(pk__in=_stating(PartyFact.Attribute.EMAIL, {typed.lower()})))
    if len(compacted) >= 4 and any(map(str.isdigit, compacted)):
        # Of a card only the last four digits are known, and those fit many.
        whole = _holding().alias(compact=compact("arrangement__number")).filter(compact=compacted)
        whole = whole.exclude(arrangement__kind=Arrangement.Kind.CARD)
        yield _Way("account", "Account number", True, visible.filter(pk__in=whole))
    if len(compacted) == 4 and compacted.isdigit():
        ending = _holding().alias(ending=Right("arrangement__number", 4)).filter(ending=compacted)
        yield _Way("last_four", f"Account or card •• {compacted}", False, visible.filter(pk__in=ending))
    name = fold(typed)
    if len(name) >= 2 and not name.replace(" ", "").isdigit():
        yield from _named(name, visible)


def _named(name: str, visible: Found) -> Iterator[_Way]:
    whole = visible
    for word in name.split():
        whole = whole.filter(search_name__contains=word)
    yield _Way("name", "Name", False, _nearest(name, whole))
    yield _Way("similar_name", "Similar name", False, _nearest(name, visible.filter(search_name__trigram_word_similar=name)))


def _nearest(name: str, found: Found) -> Found:
    """The most alike first, among the first thousand: of a name that more people bear nobody reads the list to its end."""
    few = Party.objects.filter(pk__in=found.order_by().values("pk")[:RANKED]).select_related("home_branch")
    return few.annotate(likeness=TrigramWordSimilarity(name, "search_name")).order_by(F("likeness").desc(), "name", "pk")


def _phones(typed: str) -> set[str]:
    """The international numbers it may be: as written, or a number of this country whose leading zero was left out or kept."""
    digits, country = phone_digits(typed), settings.BANK_CALLING_CODE
    return {digits, country + digits, country + digits.removeprefix(country).lstrip("0")}


def _stating(attribute: str, normalised: Collection[str]) -> QuerySet[PartyFact, UUID]:
    return PartyFact.objects.filter(attribute=attribute, normalised__in=normalised).values_list("party_id", flat=True)


def _holding() -> QuerySet[ArrangementRole, UUID]:
    return ArrangementRole.objects.values_list("party_id", flat=True)


def _match(party: Party, why: str, *, exact: bool) -> Match:
    born = [f"born {party.birth_date.year}"] if party.birth_date and party.kind == Party.Kind.PERSON else []
    detail = " · ".join([*born, party.home_branch.town, party.home_branch.name])
    return Match(party_id=party.pk, name=party.name, number=party.number, why=why, detail=detail, exact=exact)
