"""Policy versions as people read them: which there are, what happened to each, what is still missing, and the rules one by one.

Compliance officers and administrators read them; everybody else gets `NotInCharge`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bankos.platform.actors import Actor
from bankos.platform.models import User

from . import policy
from .models import PolicyStep, PolicyVersion
from .policy import Texts
from .policy_changes import NOBODY, examples_hold, impact_stands, in_charge, open_request, store_of
from .policy_source import statements
from .rules import Rule

State = PolicyVersion.State
Kind = PolicyStep.Kind


class NotThere(LookupError):
    """There is no such version, or it has no such rule."""


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version without its texts; `drafted_by` is a name, "bankos" for what came with the software."""

    id: UUID
    number: int
    state: str
    note: str
    sha256: str
    author_id: str
    drafted_by: str
    created_at: datetime
    active_from: datetime | None
    activated_at: datetime | None
    retired_at: datetime | None

    @property
    def is_draft(self) -> bool:
        return self.state == State.DRAFT


@dataclass(frozen=True, slots=True)
class StepView:
    """One thing that happened to a version; `by_machine` where nobody did it."""

    kind: str
    label: str
    who: str
    by_machine: bool
    detail: str
    decision_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule with the lines it is written in; `line` is where they begin in the version's text."""

    rule: Rule
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Needs:
    """What a draft still needs before it can decide; `request_id` is the request a second person has to answer."""

    examples_hold: bool
    impact_seen: bool
    impact_stale: bool
    request_id: UUID | None

    @property
    def may_be_proposed(self) -> bool:
        return self.examples_hold and self.impact_seen and self.request_id is None


def versions(*, actor: Actor, store: str = policy.BANK) -> list[VersionView]:
    """Every version of a store, the newest first. Queries: 2.

    Raises:
        NotInCharge
    """
    in_charge(actor)
    return _views(PolicyVersion.objects.filter(store__name=store).order_by("-number").defer("policies", "schema", "examples"))


def version_of(number: int, *, actor: Actor, store: str = policy.BANK) -> tuple[VersionView, PolicyVersion]:
    """One version, for reading and with its texts. Queries: 2.

    Raises:
        NotInCharge, NotThere
    """
    in_charge(actor)
    row = PolicyVersion.objects.filter(store__name=store, number=number).first()
    if row is None:
        raise NotThere(number)
    return _views([row])[0], row


def in_force(store: str = policy.BANK) -> PolicyVersion | None:
    """The version that decides now, with its texts."""
    return PolicyVersion.objects.filter(store__name=store, state=State.ACTIVE).first()


def compared_with(version: PolicyVersion) -> PolicyVersion | None:
    """What a version is read against: what was in force before it, and for one that never was, what is in force now."""
    if version.activated_at is None:
        return in_force(store_of(version))
    earlier = PolicyVersion.objects.filter(store__name=store_of(version), activated_at__lte=version.activated_at).exclude(pk=version.pk)
    return earlier.order_by("-activated_at", "-number").first()


def texts_of(version: PolicyVersion | None) -> Texts:
    """A version's three texts; of none, three empty ones."""
    return Texts("", "", "") if version is None else Texts(version.policies, version.schema, version.examples)


def timeline(version: PolicyVersion) -> list[StepView]:
    """What happened to a version, in order. Queries: 1."""
    steps = [
        StepView(
            kind=step.kind,
            label=step.get_kind_display(),
            who=step.actor_name,
            by_machine=not step.actor_id,
            detail=step.detail,
            decision_id=step.decision_id,
            at=step.at,
        )
        for step in version.steps.order_by("id")
    ]
    return [*_unwritten(version, steps), *steps]


def needs_of(version: PolicyVersion, *, at: datetime) -> Needs:
    """What a draft still needs. Queries: 4."""
    seen = impact_stands(version)
    stale = not seen and version.steps.filter(kind=Kind.IMPACT_SEEN).exists()
    return Needs(examples_hold(version), seen, stale, open_request(version, at=at))


def rules_of(version: PolicyVersion, *, text: str = "", owner: str = "") -> list[WrittenRule]:
    """The rules of a version in which every word of `text` occurs, of one owner or of all, in the order of the text.

    Raises:
        PolicyInvalid, TextChanged
    """
    written = {one.id: one for one in statements(version.policies)}
    rules = policy.text_of(version.pk, version.sha256).rules.values()
    return [
        WrittenRule(rule, written[rule.id].source, written[rule.id].line)
        for rule in rules
        if (not owner or rule.owner == owner) and _says(rule, text)
    ]


def rule_of(version: PolicyVersion, id: str) -> WrittenRule:
    """One rule of a version. Raises NotThere."""
    found = next((one for one in rules_of(version) if one.rule.id == id), None)
    if found is None:
        raise NotThere(id)
    return found


def owners(version: PolicyVersion) -> list[str]:
    """Who owns rules of a version, in the order of the alphabet."""
    return sorted({rule.owner for rule in policy.text_of(version.pk, version.sha256).rules.values()})


def by_owner(rules: Iterable[WrittenRule]) -> list[tuple[str, list[WrittenRule]]]:
    """Rules grouped by who owns them."""
    groups: dict[str, list[WrittenRule]] = {}
    for one in rules:
        groups.setdefault(one.rule.owner, []).append(one)
    return sorted(groups.items())


def _says(rule: Rule, text: str) -> bool:
    said = " ".join((rule.id, rule.sentence, rule.customer_sentence, rule.basis, rule.owner)).casefold()
    return all(word in said for word in text.casefold().split())


def _unwritten(version: PolicyVersion, steps: Sequence[StepView]) -> list[StepView]:
    """What happened to a version that came with bankos, where nobody took a step."""
    taken = {step.kind for step in steps}
    told = []
    for kind, at, detail in (
        (Kind.DRAFTED, version.created_at, version.note),
        (Kind.ACTIVATED, version.activated_at, ""),
    ):
        if at is not None and not version.drafted_by and kind not in taken:
            told.append(StepView(kind, kind.label, NOBODY, True, detail, None, at))
    return told


def _views(rows: Iterable[PolicyVersion]) -> list[VersionView]:
    rows = list(rows)
    authors = {row.drafted_by for row in rows if row.drafted_by}
    names = {str(id): name for id, name in User.objects.filter(pk__in=authors).values_list("pk", "name")}
    return [
        VersionView(
            id=row.pk,
            number=row.number,
            state=row.state,
            note=row.note,
            sha256=row.sha256,
            author_id=row.drafted_by,
            drafted_by=names.get(row.drafted_by, row.drafted_by) or NOBODY,
            created_at=row.created_at,
            active_from=row.active_from,
            activated_at=row.activated_at,
            retired_at=row.retired_at,
        )
        for row in rows
    ]
