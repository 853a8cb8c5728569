"""The pairs a person decides about: the surest first, each with its evidence field by field, for who may see both customers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q, QuerySet

from bankos.platform.actors import Actor
from sentinel.actions import NotPossible, Ran

from ..care.masking import EVERYTHING, mask, shown_to
from ..models import LinkVerdict, Party, PartyFact, PartyLink
from ..visibility import NotVisible
from . import links, merging
from .comparisons import COMPARISONS, Comparison
from .model import MISSING

Verdict = LinkVerdict.Verdict
ASKED_AGAIN_AFTER = timedelta(days=14)
PAGE = 25

# From how many bits on, either way, evidence is called what.
_STRENGTHS = (
    (10.0, "very strong sign of one person"),
    (4.0, "strong sign of one person"),
    (1.0, "some sign of one person"),
    (-1.0, "says little"),
    (-4.0, "some sign of two people"),
    (-1e9, "strong sign of two people"),
)
_FACTS: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "birth_date": ("birth_date",),
    "national_id": ("national_id",),
    "address": ("address",),
    "place": ("town",),
    "phone": ("phone",),
    "email": ("email",),
}


@dataclass(frozen=True, slots=True)
class Value:
    """What one side says, and who says so."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing compared: what both sides say, how well it agrees, and what that says."""

    title: str
    left: tuple[Value, ...]
    right: tuple[Value, ...]
    agreement: str
    strength: str
    speaks_for: bool
    speaks_against: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two customers."""

    id: UUID
    name: str
    number: str
    branch: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers that may be one."""

    id: UUID
    left: Side
    right: Side
    percent: int
    state: str
    evidence: tuple[Evidence, ...] = ()
    contradicts: str = "none"
    earlier: tuple[LinkVerdict, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state == PartyLink.State.OPEN


def waiting(actor: Actor, *, at: datetime, limit: int = PAGE) -> list[Pair]:
    """What this person may decide, the surest first. Queries: 1."""
    return [_pair(link) for link in _open(actor, at).order_by("-probability", "pk")[:limit]]


def how_many_wait(actor: Actor, *, at: datetime) -> int:
    """Queries: 1."""
    return _open(actor, at).count()


def next_after(link_id: UUID | None, actor: Actor, *, at: datetime) -> UUID | None:
    """The next in line after this one; the first where there is none behind it. Queries: 1 to 3."""
    line = _open(actor, at).order_by("-probability", "pk")
    if link_id is None:
        first = line.first()
        return first.pk if first else None
    here = PartyLink.objects.filter(pk=link_id).first()
    if here is not None:
        behind = line.filter(Q(probability__lt=here.probability) | Q(probability=here.probability, pk__gt=here.pk)).first()
        if behind is not None:
            return behind.pk
    first = line.exclude(pk=link_id).first()
    return first.pk if first else None


def pair(link_id: UUID, actor: Actor) -> Pair:
    """One pair with its evidence.

    Raises:
        NotVisible: there is none, or one side is not for this person.
    Queries: 6.
    """
    link = _visible(actor).filter(pk=link_id).first()
    if link is None:
        raise NotVisible(link_id)
    one, other = link.left.golden_id, link.right.golden_id
    return _pair(
        link,
        evidence=_evidence(link, links.judge(), frozenset(link.shown)),  # type: ignore[attr-defined] # annotated where it is looked for
        contradicts=merging.contradiction(one, other) if one != other else "none",
        earlier=tuple(link.verdicts.order_by("-recorded_at", "-pk")[:5]),
    )


def decide(link_id: UUID, verdict: Verdict, *, reason: str, actor: Actor, at: datetime) -> Ran | None:
    """Say whether both are one person. "Same" joins them, after a second person's agreement where that is needed.

    "Different" is remembered: the pair is not asked about again unless either record says something new. "Not sure" changes nothing but
    when this is asked again, and so is no act: None.

    Raises:
        NotVisible
        NotPossible: somebody was faster.
        sentinel.authority.AuthorityError
    """
    link = _visible(actor).filter(pk=link_id).first()
    if link is None:
        raise NotVisible(link_id)
    if link.state != PartyLink.State.OPEN or link.left.golden_id == link.right.golden_id:
        raise NotPossible("Somebody has decided about these two already.")
    if verdict == Verdict.SAME:
        return merging.ask_to_join(link.left_id, link.right_id, actor=actor, reason=reason, at=at)
    if verdict == Verdict.DIFFERENT:
        return merging.ask_to_tell_apart(link.left_id, link.right_id, actor=actor, reason=reason, at=at)
    between = links.between(link.left.golden_id, link.right.golden_id)
    merging.judge(between, verdict, actor=actor, reason=reason, decision_id=None, at=at)
    PartyLink.objects.filter(pk=link.pk).update(put_off_until=at + ASKED_AGAIN_AFTER)
    return None


def _visible(actor: Actor) -> QuerySet[PartyLink]:
    seen = Party.objects.visible_to(actor).values("pk")
    found = PartyLink.objects.filter(left__in=seen, right__in=seen).annotate(shown=shown_to(actor))
    return found.select_related("left__golden__home_branch", "right__golden__home_branch")


def _open(actor: Actor, at: datetime) -> QuerySet[PartyLink]:
    waits = Q(put_off_until=None) | Q(put_off_until__lte=at)
    return _visible(actor).filter(waits, state=PartyLink.State.OPEN).exclude(left__golden=F("right__golden"))


def _pair(
    link: PartyLink, *, evidence: tuple[Evidence, ...] = (), contradicts: str = "none", earlier: tuple[LinkVerdict, ...] = ()
) -> Pair:
    percent = min(max(round(link.probability * 100), 1), 99)
    return Pair(link.pk, _side(link.left), _side(link.right), percent, link.state, evidence, contradicts, earlier)


def _side(unit: Party) -> Side:
    golden = unit.golden
    return Side(golden.pk, golden.name, golden.number, golden.home_branch.name)


def _evidence(link: PartyLink, by: links.Judge, shown: frozenset[str]) -> tuple[Evidence, ...]:
    said = _said([link.left_id, link.right_id])
    found = []
    for comparison in COMPARISONS:
        level = link.levels.get(comparison.code, MISSING)
        left, right = (
            tuple(_shown(value, kind, shown) for kind in _FACTS[comparison.code] for value in said.get((unit, kind), ()))
            for unit in (link.left_id, link.right_id)
        )
        if not left and not right:
            continue
        bits = 0.0 if level == MISSING else by.model.weight(comparison, level).bits
        found.append(
            Evidence(
                title=comparison.title,
                left=left,
                right=right,
                agreement=_agreement(comparison, level),
                strength=next(words for least, words in _STRENGTHS if bits >= least) if level != MISSING else "says nothing",
                speaks_for=level != MISSING and bits >= 1,
                speaks_against=level != MISSING and bits < -1,
            )
        )
    return tuple(found)


def _shown(value: Value, kind: str, shown: Collection[str]) -> Value:
    """As this person may see it: whether two values agree is told, also where neither is."""
    return value if kind not in EVERYTHING or kind in shown else Value(mask(kind, value.text), value.source)


def _agreement(comparison: Comparison, level: str) -> str:
    return "Stated on one side only" if level == MISSING else comparison.level(level).words


def _said(units: Collection[UUID]) -> dict[tuple[UUID, str], list[Value]]:
    """What the records of these units say, each value once, the newest first. Queries: 1."""
    rows = (
        PartyFact.objects.filter(Q(party__opened_as__in=units) | Q(party__in=units))
        .order_by("-source_file", "-source_line")
        .values_list("party_id", "party__opened_as_id", "attribute", "value", "system__name")
    )
    said: dict[tuple[UUID, str], list[Value]] = {}
    for party, opened_as, kind, text, source in rows:
        values = said.setdefault((party if party in units else opened_as, kind), [])
        if all(value.text != text for value in values):
            values.append(Value(text, source))
    return said
