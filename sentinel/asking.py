"""From what somebody asks to what the policies are asked: checked, completed with how things stand, in the policies' own terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from bankos.platform.actors import Actor, ActorKind

from . import agreements, autonomy, catalogue
from .canonical import canonical, parameters_hash
from .cedar import Approval, Entity, Mandate, Request, moment
from .decision import ModelRef, Resource
from .errors import ApprovalNotValid, BadRequest, UnknownAction
from .models import Decision
from .standing import Look, Standing

ENTITY_TYPES = {
    ActorKind.EMPLOYEE: "Employee",
    ActorKind.CUSTOMER: "Customer",
    ActorKind.AGENT: "Agent",
    ActorKind.SYSTEM: "System",
}
MACHINES = frozenset({ActorKind.AGENT, ActorKind.SYSTEM})
LONGEST_ID = 120
LONGEST_CONTEXT = 32_000  # characters of canonical JSON


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the authority, as it was put. What it rests on is kept under the key of `about`; without it, of the resource.

    `details` say what carrying it out takes beyond what policies know; they are kept with what the decision rests on.
    """

    actor: Actor
    action: str
    resource: Resource
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]
    model: ModelRef | None
    purposes: tuple[str, ...]
    consents: tuple[UUID, ...]
    approval: UUID | None
    on_behalf_of: Actor | None
    at: datetime
    about: tuple[str, str] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    recorded: bool = True

    @property
    def by_machine(self) -> bool:
        return self.actor.kind in MACHINES

    def look(self) -> Look:
        """What to look up for it. It may be wrongly written in any way: only what is printable text goes to the database."""
        attributes = self.resource.attributes
        subject_type, subject_id = self.about or (self.resource.type, self.resource.id)
        return Look(
            actor=word(self.actor.id, LONGEST_ID),
            machine=self.by_machine,
            action=word(self.action, 80),
            segment=word(attributes.get("segment") or "", 40),
            branch=word(attributes.get("branch") or "", 20),
            model=word(self.model.name, 80) if self.model else "",
            subject_type=word(subject_type, 40),
            subject_id=word(subject_id, LONGEST_ID),
            currency=word(self.parameters.get("currency") or "", 3) if isinstance(self.parameters, Mapping) else "",
            recorded=self.recorded,
        )


def checked(asked: Asked) -> catalogue.ActionType:
    """The action's type, once everything about the request that needs no policy is found in order.

    Raises:
        UnknownAction, BadRequest
    """
    try:
        action_type = catalogue.get(asked.action)
        action_type.check(asked.parameters)
    except catalogue.NotRegistered as error:
        raise UnknownAction(f"there is no action {word(asked.action, 200)!r}") from error
    except catalogue.WrongParameters as error:
        raise BadRequest(str(error)) from error
    if asked.resource.type != action_type.resource_type:
        raise BadRequest(f"{asked.action} is done to a {action_type.resource_type}, not to a {word(asked.resource.type, 200)!r}")
    for name, value in (("resource", asked.resource.id), ("actor", asked.actor.id)):
        if not isinstance(value, str) or not value or len(value) > LONGEST_ID or not value.isprintable():
            raise BadRequest(f"the id of the {name} must be text of 1 to {LONGEST_ID} printable characters")
    if not all(isinstance(purpose, str) for purpose in asked.purposes):
        raise BadRequest("purposes are codes")
    return action_type


def request_of(asked: Asked, standing: Standing) -> tuple[Request, str]:
    """The request as the policies see it, and its canonical text.

    Raises:
        BadRequest: a fact is no plain JSON, or there is too much of it.
        ApprovalNotValid
    Queries: 0; 1 with an approval; 1 where a machine may act alone so often a day.
    """
    local = asked.at.astimezone(ZoneInfo(settings.TIME_ZONE))
    leave = _leave(asked, standing) if asked.by_machine else None
    request = Request(
        principal=principal_of(asked.actor, mandate=standing.mandate),
        action=asked.action,
        resource=Entity(asked.resource.type, asked.resource.id, known(asked.resource.attributes)),
        parameters=dict(asked.parameters),
        facts=known(asked.facts),
        purposes=asked.purposes,
        at=moment(asked.at),
        hour=local.hour,
        weekday=local.isoweekday(),
        autonomy=str(leave.level) if leave else None,
        within_limits=_within_limits(asked, leave, local.hour) if leave else None,
        approval=_approval_of(asked),
        stopped=standing.stop,
    )
    try:
        text = canonical(request.as_json())
    except ValueError as error:
        raise BadRequest(f"a fact is not plain JSON: {error}") from error
    if len(text) > LONGEST_CONTEXT:
        raise BadRequest(f"the request is longer than {LONGEST_CONTEXT} characters")
    if "\\u0000" in text:
        raise BadRequest("a text holds a zero character")
    if asked.details:
        _check_details(asked.details)
    return request, text


def _check_details(details: Mapping[str, Any]) -> None:
    """Raises BadRequest."""
    try:
        text = canonical(details)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"the details are not plain JSON: {error}") from error
    if len(text) > LONGEST_CONTEXT:
        raise BadRequest(f"the details are longer than {LONGEST_CONTEXT} characters")
    if "\\u0000" in text:
        raise BadRequest("a detail holds a zero character")


def principal_of(actor: Actor, *, mandate: Mandate | None = None) -> Entity:
    attributes: dict[str, Any] = {}
    if actor.kind in (ActorKind.EMPLOYEE, ActorKind.AGENT):
        attributes["roles"] = sorted(str(role) for role in actor.roles)
    if actor.kind is ActorKind.EMPLOYEE:
        attributes["person"] = actor.id
        attributes["line"] = sorted(actor.line)
        if actor.branch:
            attributes["branch"] = actor.branch
        if mandate is not None:
            attributes["mandate"] = mandate.as_json()
    if actor.kind is ActorKind.CUSTOMER:
        attributes["party"] = {"__entity": {"type": "Party", "id": actor.id}}
    return Entity(ENTITY_TYPES[actor.kind], actor.id, attributes)


def known(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that are known, sets as sorted lists."""
    return {
        name: sorted(value) if isinstance(value, set | frozenset) else list(value) if isinstance(value, tuple) else value
        for name, value in facts.items()
        if value is not None
    }


def evidence(value: Any, depth: int = 3) -> Any:
    """Anything at all, cut down to JSON that can be stored and hashed."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= catalogue.LARGEST_INTEGER:
        return int(value)
    if isinstance(value, Mapping) and depth:
        return {word(name, 80): evidence(entry, depth - 1) for name, entry in list(value.items())[:40]}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        return [evidence(entry, depth - 1) for entry in list(value)[:40]]
    return word(value, 200)


def word(value: Any, longest: int) -> str:
    text = str(value)[:longest]
    return text if text.isprintable() else "".join(character for character in text if character.isprintable())


def _leave(asked: Asked, standing: Standing) -> autonomy.Leave:
    subjects: Sequence[str] = [asked.actor.id, asked.model.name] if asked.model else [asked.actor.id]
    return autonomy.leave_of(standing.settings, subjects=subjects)


def _within_limits(asked: Asked, leave: autonomy.Leave, hour: int) -> bool:
    done = 0
    if leave.limits.per_day is not None:
        own = Decision.objects.filter(store="bank", actor_kind=asked.actor.kind, actor_id=asked.actor.id)
        alone = own.filter(action=asked.action, outcome="permit", approval=None)
        done = alone.filter(issued_at__gte=autonomy.start_of_day(asked.at)).count()
    return leave.limits.allow(asked.parameters, hour=hour, done_today=done)


def _approval_of(asked: Asked) -> Approval | None:
    if asked.approval is None:
        return None
    try:
        return agreements.usable(
            asked.approval,
            actor=asked.actor,
            action=asked.action,
            resource=(asked.resource.type, asked.resource.id),
            parameters_hash=parameters_hash(asked.parameters),
            at=asked.at,
        )
    except agreements.ApprovalVoid as error:
        raise ApprovalNotValid(str(error)) from error
