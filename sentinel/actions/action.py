"""What an action is made of, and which there are."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bankos.platform.actors import Actor
from bankos.platform.money import Money

from .. import catalogue, independence
from ..approvals import ApprovalView
from ..catalogue import ActionType
from ..consumption import Consumption
from ..decision import Decision, ModelRef, Resource

Parameters = Mapping[str, Any]


class NotPossible(Exception):
    """As things stand it makes no sense; the message is a sentence for staff. Nothing has happened."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants done, as it is put to the authority.

    `details` are what carrying it out takes beyond what policies may know: plain JSON, kept encrypted with the decision. `context` are
    facts the asker adds, declared in the policies' schema. `approval` is the request that a second person has just agreed to, `note` what
    staff read of it. `at_hand` is what the effect takes and nobody keeps: where a file lies, a secret, what an event says.
    """

    actor: Actor
    resource_id: str
    parameters: Parameters
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    on_behalf_of: Actor | None = None
    model: ModelRef | None = None
    purposes: tuple[str, ...] = ()
    approval: UUID | None = None
    note: str = ""
    at_hand: Any = None


@dataclass(frozen=True, slots=True)
class Permitted:
    """What an effect gets: what was asked, the decision that allows it, and the use of its permit."""

    asked: Ask
    decision: Decision
    use: Consumption

    @property
    def actor(self) -> Actor:
        return self.asked.actor

    @property
    def resource_id(self) -> str:
        return self.asked.resource_id

    @property
    def parameters(self) -> Parameters:
        return self.asked.parameters

    @property
    def details(self) -> Mapping[str, Any]:
        return self.asked.details

    @property
    def at(self) -> datetime:
        return self.asked.at

    @property
    def at_hand(self) -> Any:
        """Raises NotPossible: a second person agreed, and it is gone."""
        if self.asked.at_hand is None:
            raise NotPossible("What this takes was not kept until now. Ask for it again.")
        return self.asked.at_hand

    @property
    def approved(self) -> bool:
        """Whether a second person had to agree."""
        return self.asked.approval is not None


@dataclass(frozen=True, slots=True)
class Change:
    """What an action changes: `now` and `after` are amounts, or words."""

    label: str
    now: Money | str
    after: Money | str


@dataclass(frozen=True, slots=True)
class Asking:
    """A request to a second person: what was asked, why it may not be done alone, and the request."""

    asked: Ask
    decision: Decision
    request: ApprovalView


@dataclass(frozen=True, slots=True)
class Answered:
    """A second person's word on a request: to what, by whom and why. `result` is what the effect returned where it was done."""

    request_id: UUID
    action: str
    resource_id: str
    parameters: Parameters
    approved: bool
    by: Actor
    note: str
    decision_id: UUID
    at: datetime
    result: Any = None


@dataclass(frozen=True, slots=True)
class Action:
    """An action as it was declared.

    `facts` says what the policies may know of what it is done to, and takes the locks the effect needs; whatever it raises was not decided.
    `effect` carries it out, in the transaction of its decision, and returns what `run` gives back. Both raise NotPossible. `check` says,
    before a second person is asked, that it makes sense as things stand, and `changes` what it would change. `waits` and `answered` are
    told, in the same transactions, of a request to a second person and of the answer.

    `concerned` says, where an action gives somebody power or somebody prepared it, the ids of the employees it is about besides who asks:
    who gets it, who wrote it. They, the people above and below them and whoever stands in for any of these are no second person to it
    (see `independence`).
    """

    type: ActionType
    facts: Callable[[Ask], Resource]
    effect: Callable[[Permitted], Any]
    check: Callable[[Ask], None] | None = None
    changes: Callable[[Ask], tuple[Change, ...]] | None = None
    waits: Callable[[Asking], None] | None = None
    answered: Callable[[Answered], None] | None = None

    @property
    def name(self) -> str:
        return self.type.name


_declared: dict[str, Action] = {}


def declare(
    type: ActionType,
    *,
    facts: Callable[[Ask], Resource],
    effect: Callable[[Permitted], Any],
    check: Callable[[Ask], None] | None = None,
    changes: Callable[[Ask], tuple[Change, ...]] | None = None,
    waits: Callable[[Asking], None] | None = None,
    answered: Callable[[Answered], None] | None = None,
    concerned: Callable[[str, Parameters], Collection[str]] | None = None,
) -> Action:
    """Make an action known, to the catalogue the policies are checked against, too; once per name."""
    catalogue.register(type)
    if type.name in _declared:
        raise ValueError(f"{type.name} is declared twice")
    action = _declared[type.name] = Action(type, facts, effect, check, changes, waits, answered)
    if concerned is not None:
        independence.declare(type.name, concerned)
    return action


def declared(name: str) -> Action:
    """Raises catalogue.NotRegistered."""
    try:
        return _declared[name]
    except KeyError:
        raise catalogue.NotRegistered(name) from None


def is_declared(name: str) -> bool:
    """Whether the runner carries it out."""
    return name in _declared


def names() -> Collection[str]:
    return _declared.keys()
