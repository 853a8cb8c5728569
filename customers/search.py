"""One field for everything staff know of a customer: name, phone, e-mail, customer number, account number.

Exact finds come first, names that are only alike last; each says why it was found. Only what the actor may see is found, and
every search is recorded, without what was typed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import F, QuerySet
from django.db.models.functions import Right

from bankos.platform import clock
from bankos.platform.actors import Actor

from .ingestion.converters import client_number, customer_number
from .models import ArrangementRole, Party, PartyFact, SearchLog
from .spelling import fold, phone_digits

LONGEST_TEXT = 100
LARGEST_LIST = 50
SHORTEST_PHONE = 7
_NUMBER = re.compile(r"^[CR]?[\s-]*[\d\s-]+$", re.IGNORECASE)
_PHONE = re.compile(r"^[+\d][\d\s()/.-]+$")
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


def find(text: str, *, actor: Actor, limit: int = 10, at: datetime | None = None) -> list[Match]:
    """The customers this text may mean, the surest first. Queries: 1 for each way it can be read, at most 6, and 1 for the record."""
    typed = " ".join(text.split())[:LONGEST_TEXT]
    limit = min(max(limit, 1), LARGEST_LIST)
    visible = Party.objects.visible_to(actor).select_related("home_branch").order_by("name", "pk")
    matches: dict[UUID, Match] = {}
    for why, exact, found in _ways(typed, visible):
        for party in found[:limit]:
            matches.setdefault(party.pk, _match(party, why, exact=exact))
        if len(matches) >= limit:
            break
    SearchLog.objects.create(
        actor_kind=actor.kind, actor_id=actor.id, text_length=len(typed), found=min(len(matches), limit), searched_at=at or clock.now()
    )
    return list(matches.values())[:limit]


def _ways(typed: str, visible: Found) -> Iterator[tuple[str, bool, Found]]:
    """The ways to read what was typed: (why, exact, who)."""
    compact = re.sub(r"[\s-]", "", typed).upper()
    digits = re.sub(r"\D", "", typed)
    if _NUMBER.match(typed) and 4 < len(digits) <= 12:
        yield "Customer number", True, visible.filter(number__in=[customer_number(digits), client_number(digits)])
    if _PHONE.match(typed) and len(digits) >= SHORTEST_PHONE:
        yield "Phone match", True, visible.filter(pk__in=_stating(PartyFact.Attribute.PHONE, phone_digits(typed)))
    if "@" in typed:
        yield "E-mail match", True, visible.filter(pk__in=_stating(PartyFact.Attribute.EMAIL, typed.lower()))
    if len(compact) >= 4 and digits:
        yield "Account number", True, visible.filter(pk__in=_holding().filter(arrangement__number=compact))
    if len(compact) == 4 and compact.isdigit():
        ending = _holding().alias(ending=Right("arrangement__number", 4)).filter(ending=compact)
        yield f"Account or card •• {compact}", False, visible.filter(pk__in=ending)
    name = fold(typed)
    if len(name) >= 2 and not name.replace(" ", "").isdigit():
        yield from _named(name, visible)


def _named(name: str, visible: Found) -> Iterator[tuple[str, bool, Found]]:
    whole = visible
    for word in name.split():
        whole = whole.filter(search_name__contains=word)
    yield "Name", False, whole
    alike = visible.filter(search_name__trigram_word_similar=name).annotate(likeness=TrigramWordSimilarity(name, "search_name"))
    yield "Similar name", False, alike.order_by(F("likeness").desc(), "name", "pk")


def _stating(attribute: str, normalised: str) -> QuerySet[PartyFact, UUID]:
    return PartyFact.objects.filter(attribute=attribute, normalised=normalised).values_list("party_id", flat=True)


def _holding() -> QuerySet[ArrangementRole, UUID]:
    return ArrangementRole.objects.values_list("party_id", flat=True)


def _match(party: Party, why: str, *, exact: bool) -> Match:
    born = [f"born {party.birth_date.year}"] if party.birth_date and party.kind == Party.Kind.PERSON else []
    detail = " · ".join([*born, party.home_branch.town, party.home_branch.name])
    return Match(party_id=party.pk, name=party.name, number=party.number, why=why, detail=detail, exact=exact)
