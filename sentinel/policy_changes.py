"""The life of a policy version: drafted, tried on its examples and on past decisions, approved by a second person, in force, retired.

One person writes, a second one agrees, and only then a text decides anything: `propose` asks the authority like every other act. Going
back is no exception: an older text is drafted again, under a new number and with its old hash, and goes the same way.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.timezone import localtime

from bankos.platform import jobs
from bankos.platform.actors import OVERSEEING, Actor, ActorKind
from bankos.platform.models import User

from . import actions, authority, examples, impact, policy
from .action_types import ACTIVATE_POLICY, POLICY
from .actions import Answered, Ask, NotPossible, Permitted, Ran
from .cedar import moment
from .decision import Resource
from .models import ApprovalAnswer, ApprovalRequest, PolicyStep, PolicyVersion

State = PolicyVersion.State
Kind = PolicyStep.Kind
LONGEST_NOTE = 200
# Steps nobody took: what came due.
NOBODY = "bankos"


class NotInCharge(Exception):
    """Policies are written and read by compliance officers and administrators."""


class ImpactNotKnown(Exception):
    """This version has not been tried on past decisions, or another one came into force since; the message is a sentence for staff."""


def in_charge(actor: Actor) -> None:
    """Raises NotInCharge."""
    if actor.kind is not ActorKind.EMPLOYEE or not actor.roles & OVERSEEING:
        raise NotInCharge(actor.id)


def draft_text(actor: Actor, policies: str, schema: str, examples: str, note: str, at: datetime, store: str = policy.BANK) -> PolicyVersion:
    """Keep a new text under the store's next number. Examples that do not hold are no hindrance to that; they are noted.

    Raises:
        NotInCharge
        PolicyInvalid, ExamplesInvalid: the text cannot be read; `problems` says each reason and its line.
    """
    in_charge(actor)
    read_examples(examples)
    with transaction.atomic():
        version = policy.draft(
            policies=policies, schema=schema, examples=examples, note=note[:LONGEST_NOTE], at=at, store=store, drafted_by=actor.id
        )
        _step(version, Kind.DRAFTED, at, actor, note)
        results = examples_of(version)
        holding = sum(result.holds for result in results)
        said = f"All {len(results)} hold" if holding == len(results) else f"{len(results) - holding} of {len(results)} do not hold"
        _step(version, Kind.EXAMPLES, at, None, said)
    return version


def roll_back_to(version_id: UUID, actor: Actor, at: datetime) -> PolicyVersion:
    """Draft the text of a version that was in force again. It decides nothing before it has gone the way of every draft.

    Raises:
        NotInCharge, PolicyVersion.DoesNotExist
        NotPossible: it was never in force, or is.
    """
    older = PolicyVersion.objects.get(pk=version_id)
    if older.state != State.RETIRED:
        raise NotPossible("Only a version that was in force before can be gone back to.")
    note = f"Back to version {older.number}"
    return draft_text(actor, older.policies, older.schema, older.examples, note, at, store_of(older))


def examples_of(version: PolicyVersion) -> tuple[examples.Result, ...]:
    """What came of each of the version's examples. A text without examples that can be read has none that hold: it has no results.

    Raises:
        PolicyInvalid, TextChanged
    """
    policy.text_of(version.pk, version.sha256)
    try:
        return examples.results_of(version.policies, version.schema, version.examples)
    except examples.ExamplesInvalid:
        return ()


def examples_hold(version: PolicyVersion) -> bool:
    """Whether there are examples and each holds."""
    results = examples_of(version)
    return bool(results) and all(result.holds for result in results)


def impact_stands(version: PolicyVersion) -> bool:
    """Whether somebody looked at what the version would change, and no other came into force since. Queries: 2."""
    looked = version.steps.filter(kind=Kind.IMPACT_SEEN).order_by("-id").values_list("at", flat=True).first()
    return looked is not None and looked >= _in_force_since(store_of(version))


def see_impact(version_id: UUID, actor: Actor, at: datetime) -> None:
    """Note that this person has looked at what the version would have changed. Once per person and run.

    Raises:
        NotInCharge, PolicyVersion.DoesNotExist, ImpactNotKnown
    """
    in_charge(actor)
    version = PolicyVersion.objects.get(pk=version_id)
    run = jobs.of(impact.REPLAY, impact.subject_of(version.pk)).filter(state=jobs.State.DONE).first()
    if run is None:
        raise ImpactNotKnown("This version has not been tried on past decisions yet.")
    if run.asked_at < _in_force_since(store_of(version)):
        raise ImpactNotKnown("Another version came into force since this one was tried. Try it again.")
    since, until = (datetime.fromisoformat(run.given[name]) for name in ("since", "until"))
    detail = f"{run.total:,} decisions from {since:%d %b} to {until:%d %b %Y}, run {run.pk}"
    if not version.steps.filter(kind=Kind.IMPACT_SEEN, actor_id=actor.id, detail=detail).exists():
        _step(version, Kind.IMPACT_SEEN, at, actor, detail)


def propose(version_id: UUID, *, from_: datetime | None, actor: Actor, at: datetime, note: str = "") -> Ran:
    """Ask for a draft to come into force: at once when a second person agrees, or from a moment.

    Whoever agrees did not write it, and stands neither above nor below who did or who asks (`independence`). That the examples hold and
    the impact was looked at is written in the policies.

    Raises:
        PolicyVersion.DoesNotExist
        NotPossible: it is no draft any more, waits for an answer already, or another version came into force since its impact was seen.
        sentinel.authority.AuthorityError
    """
    version = PolicyVersion.objects.get(pk=version_id)
    if from_ is not None and from_ <= at:
        raise NotPossible("That moment has passed.")
    parameters = {"version": str(version.pk), "sha256": version.sha256, "from": moment(from_) if from_ else ""}
    with authority.keeping_evidence(NotPossible):
        policy.lock(store_of(version))
        if open_request(version, at=at) is not None:
            raise NotPossible(f"Version {version.number} waits for an answer already.")
        outcome = actions.run(ACTIVATE, actor=actor, resource_id=str(version.pk), parameters=parameters, at=at, note=note)
        if outcome.request_id is not None:
            when = f"From {localtime(from_):%d %b %Y, %H:%M}" if from_ else "At once"
            _step(version, Kind.PROPOSED, at, actor, f"{when}. {note}" if note else when, outcome.decision.id)
        return outcome


def open_request(version: PolicyVersion, *, at: datetime) -> UUID | None:
    """The request for approval this version waits for, if it does. Queries: 1."""
    asked = ApprovalRequest.objects.filter(
        decision__action=ACTIVATE_POLICY.name,
        decision__resource_type=POLICY,
        decision__resource_id=str(version.pk),
        answer=None,
        expires_at__gt=at,
    )
    return asked.order_by("-id").values_list("pk", flat=True).first()


def activate_due(at: datetime) -> list[PolicyVersion]:
    """Put in force what was approved for a moment that has come; of several, the later one, and of two for one moment the newer.

    A version never takes over from a newer one that came into force after its approval: nobody agreed to undo that. It is set aside, as is
    one whose approval is not a decision the bank signed. Twice is once.
    """
    due = PolicyVersion.objects.filter(state=State.SCHEDULED, active_from__lte=at)
    activated = []
    for store in sorted(set(due.values_list("store__name", flat=True))):
        with transaction.atomic():
            policy.lock(store)
            for version in due.filter(store__name=store).order_by("active_from", "number"):
                newer = _overtaken_by(version)
                if newer is not None:
                    _set_aside(version, at, f"Set aside: version {newer} came into force after this one was approved")
                    continue
                try:
                    activated.append(_put_in_force(version, at, None, version.activation_decision_id))
                except policy.NotDecided as error:
                    _set_aside(version, at, f"Set aside: {error}")
    return activated


def _set_aside(version: PolicyVersion, at: datetime, why: str) -> None:
    version.state = State.REFUSED
    version.save()
    _step(version, Kind.REFUSED, at, None, why)


def store_of(version: PolicyVersion) -> str:
    """The name of a version's store, without a query: a version points to its store by name."""
    return str(version.store_id)


def read_examples(text: str) -> tuple[examples.Example, ...]:
    """The examples of a text, read. Raises ExamplesInvalid."""
    return examples.parse(text)


def _in_force_since(store: str) -> datetime:
    since = PolicyVersion.objects.filter(store__name=store, state=State.ACTIVE).values_list("activated_at", flat=True).first()
    return since or datetime.min.replace(tzinfo=UTC)


def _overtaken_by(version: PolicyVersion) -> int | None:
    """The number of a newer version that came into force after this one was approved."""
    approved = version.steps.filter(kind=Kind.APPROVED).order_by("-id").values_list("at", flat=True).first()
    newer = PolicyVersion.objects.filter(store__name=store_of(version), number__gt=version.number, activated_at__isnull=False)
    if approved is not None:
        newer = newer.filter(activated_at__gte=approved)
    return newer.order_by("-number").values_list("number", flat=True).first()


def _resource(asked: Ask) -> Resource:
    """What the policies may know of a version. Asked when it is proposed, and again when a second person agrees."""
    version = PolicyVersion.objects.filter(pk=asked.parameters["version"]).first()
    if version is None or asked.resource_id != str(version.pk) or asked.parameters["sha256"] != version.sha256:
        raise NotPossible("There is no such policy version.")
    if version.state != State.DRAFT:
        raise NotPossible(f"Version {version.number} is no draft any more: it is {version.get_state_display()}.")
    seen = impact_stands(version)
    if not seen and version.steps.filter(kind=Kind.IMPACT_SEEN).exists():
        raise NotPossible("Another version came into force since its impact was looked at. Try it on past decisions again, and look.")
    attributes = {"store": store_of(version), "examples_hold": examples_hold(version), "impact_seen": seen}
    if version.drafted_by:
        attributes["drafted_by"] = version.drafted_by
    return Resource(POLICY, asked.resource_id, attributes)


def _authors(resource_id: str, parameters: Mapping[str, Any]) -> list[str]:
    """Who wrote this text: it stays theirs when somebody else drafts it once more. Queries: 1."""
    same = PolicyVersion.objects.filter(sha256=parameters["sha256"]).exclude(drafted_by="")
    return list(same.values_list("drafted_by", flat=True).distinct())


def _effect(permitted: Permitted) -> None:
    version = PolicyVersion.objects.get(pk=permitted.resource_id)
    policy.lock(store_of(version))
    version.refresh_from_db()
    if version.state != State.DRAFT:
        raise NotPossible(f"Version {version.number} is no draft any more: it is {version.get_state_display()}.")
    begins = str(permitted.parameters["from"])
    from_ = datetime.fromisoformat(begins) if begins else None
    decision = permitted.decision.id
    approver = _approver(permitted)
    if approver is not None:
        _step(version, Kind.APPROVED, permitted.at, approver[0], approver[1], decision)
    if from_ is not None and from_ > permitted.at:
        version.state, version.active_from, version.activation_decision_id = State.SCHEDULED, from_, decision
        version.save()
    else:
        _put_in_force(version, permitted.at, permitted.actor, decision)


def _answered(answer: Answered) -> None:
    if not answer.approved:
        version = PolicyVersion.objects.get(pk=answer.resource_id)
        _step(version, Kind.REFUSED, answer.at, answer.by, answer.note, answer.decision_id)


def _put_in_force(version: PolicyVersion, at: datetime, actor: Actor | None, decision_id: UUID | None) -> PolicyVersion:
    before = PolicyVersion.objects.filter(store__name=store_of(version), state=State.ACTIVE).first()
    version = policy.activate(version.pk, at=at, decision_id=decision_id)
    if before is not None:
        _step(before, Kind.RETIRED, at, actor, f"Version {version.number} took over", decision_id)
    _step(version, Kind.ACTIVATED, at, actor, "", decision_id)
    return version


def _approver(permitted: Permitted) -> tuple[Actor, str] | None:
    """Who agreed, and their note; None where the policies asked for nobody."""
    answer = ApprovalAnswer.objects.filter(use__decision=permitted.decision.id).first()
    if answer is None:
        return None
    name = User.objects.values_list("name", flat=True).get(pk=answer.approver_id)
    return Actor(ActorKind.EMPLOYEE, answer.approver_id, name), answer.note


def _step(version: PolicyVersion, kind: str, at: datetime, actor: Actor | None, detail: str = "", decision_id: UUID | None = None) -> None:
    longest = PolicyStep._meta.get_field("detail").max_length
    PolicyStep.objects.create(
        version=version,
        kind=kind,
        actor_id=actor.id if actor else "",
        actor_name=actor.name if actor else NOBODY,
        detail=detail[:longest],
        decision_id=decision_id,
        at=at,
    )


ACTIVATE = actions.declare(ACTIVATE_POLICY, facts=_resource, effect=_effect, answered=_answered, concerned=_authors)
