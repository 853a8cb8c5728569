"""Cedar, spoken with three answers. Knows texts and requests, no database.

*Needs approval* means: denied now, and permitted if the same request carried the approval of an eligible person. So at most two
evaluations give the answer; who is eligible is written in the policies themselves.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import cedarpy

from bankos.platform import apart
from bankos.platform.actors import Role

from . import cedar_bounds
from .catalogue import LARGEST_AMOUNT
from .policy_source import Problem, Statement, first_failing_line, line_of_word, statements
from .rules import ANSWERED_BY_WHO_MAY, AUTOMATION_STOPPED, BUILT_IN, NOTHING_PERMITS, Effect, Rule

# Who can be an approver at all, in the order they are named to the asker.
APPROVER_ROLES = (Role.BRANCH_STAFF, Role.CONTACT_CENTRE, Role.TEAM_LEAD, Role.COMPLIANCE, Role.ADMINISTRATOR)
MACHINES = frozenset({"System", "Agent"})
ANNOTATIONS = ("id", "sentence", "customer", "owner", "basis")
TOO_SHORT = "unexpected end of input"
MOST_MEMBERSHIPS = 100_000
"""Of the entities of one question in their groups, and in the groups of those."""
TOO_COSTLY = "to read these texts takes more time or memory than they are given; write fewer or simpler rules, or fewer types in each other"
# Reads what nobody has read before, so that what it dies of kills no session.
_READER = apart.Apart(Path(__file__).with_name("cedar_apart.py"), memory=200 * 1024**2, seconds=2, patience=30.0)


class PolicyInvalid(ValueError):
    """A policy text that can't be used; `problems` says each reason and its line, in the order of the text."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.in_schema, problem.line)))
        super().__init__("; ".join(str(problem) for problem in self.problems))


class RequestInvalid(ValueError):
    """A request that does not fit the schema of the policies."""


class EngineFailed(RuntimeError):
    """A policy could not be evaluated. Nobody may act on what the others said."""


class Outcome(StrEnum):
    PERMIT = "permit"
    NEEDS_APPROVAL = "needs_approval"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Mandate:
    """Up to how much one person may decide, for one action and until a day, beyond what their role allows."""

    amount: str
    currency: str

    def as_json(self) -> dict[str, str]:
        return {"amount": self.amount, "currency": self.currency}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Self | None:
        return cls(stored["amount"], stored["currency"]) if stored else None


@dataclass(frozen=True, slots=True)
class Approval:
    """The person who agrees, as policies see them. `line` are the ids of those above them; `roles` hold what was delegated to them too.

    `decision` is the id of the person's own decision to agree: evidence, and nothing policies see.
    """

    by: str
    roles: frozenset[str]
    branch: str | None = None
    line: frozenset[str] = frozenset()
    mandate: Mandate | None = None
    decision: str = ""

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"by": self.by, "roles": sorted(self.roles), "line": sorted(self.line)}
        if self.branch:
            said["branch"] = self.branch
        if self.mandate:
            said["mandate"] = self.mandate.as_json()
        return said

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            stored["by"],
            frozenset(stored["roles"]),
            stored.get("branch"),
            frozenset(stored.get("line", ())),
            Mandate.from_json(stored.get("mandate")),
        )


def somebody(request: "Request") -> Approval:
    """Stands for "any eligible person": an approval as good as an approval of this request can be."""
    currency = request.parameters.get("currency", "")
    return Approval(by="", roles=frozenset(APPROVER_ROLES), mandate=Mandate(LARGEST_AMOUNT, currency) if currency else None)


@dataclass(frozen=True, slots=True)
class Entity:
    """Someone or something policies speak about; `parents` are the (type, id) of the groups it belongs to."""

    type: str
    id: str
    attributes: Mapping[str, Any]
    parents: tuple[tuple[str, str], ...] = ()

    @property
    def uid(self) -> dict[str, str]:
        return {"type": self.type, "id": self.id}

    def as_json(self) -> dict[str, Any]:
        return {"uid": self.uid, "attrs": dict(self.attributes), "parents": [{"type": type, "id": id} for type, id in self.parents]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        parents = tuple((parent["type"], parent["id"]) for parent in stored["parents"])
        return cls(stored["uid"]["type"], stored["uid"]["id"], stored["attrs"], parents)


@dataclass(frozen=True, slots=True)
class Question:
    """What Cedar is asked, whoever wrote the policies. `others` are the entities that attributes and parents of the two name.

    `as_json` is stored as the context of a decision asked for through AuthZEN; `from_json` reads it back for a replay. `stopped` names
    the stop in force, if one covers the act.
    """

    principal: Entity
    action: str
    resource: Entity
    context: Mapping[str, Any]
    others: tuple[Entity, ...] = ()
    stopped: str | None = None

    @property
    def entities(self) -> tuple[Entity, ...]:
        return (self.principal, self.resource, *self.others)

    def as_json(self) -> dict[str, Any]:
        return {
            "principal": self.principal.as_json(),
            "action": self.action,
            "resource": self.resource.as_json(),
            "context": dict(self.context),
            "others": [other.as_json() for other in self.others],
        } | ({"stopped": self.stopped} if self.stopped else {})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            Entity.from_json(stored["principal"]),
            stored["action"],
            Entity.from_json(stored["resource"]),
            stored["context"],
            tuple(Entity.from_json(other) for other in stored["others"]),
            stored.get("stopped"),
        )


@dataclass(frozen=True, slots=True)
class Request:
    """All that a decision rests on. `as_json` is stored as the decision's context; `from_json` reads it back for a replay.

    `hour` (0 to 23) and `weekday` (1 is Monday) are those of the bank. For systems and agents `autonomy` is the level that applies and
    `within_limits` whether the act stays inside that level's limits; `stopped` names the stop in force, if one covers the act.
    """

    principal: Entity
    action: str
    resource: Entity
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]
    purposes: tuple[str, ...]
    at: str
    hour: int
    weekday: int
    autonomy: str | None = None
    within_limits: bool | None = None
    approval: Approval | None = None
    stopped: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "principal": self.principal.as_json(),
            "action": self.action,
            "resource": self.resource.as_json(),
            "context": self.context,
        } | ({"stopped": self.stopped} if self.stopped else {})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        context = stored["context"]
        request = context["request"]
        approval = request.get("approval")
        return cls(
            principal=Entity.from_json(stored["principal"]),
            action=stored["action"],
            resource=Entity.from_json(stored["resource"]),
            parameters=context["parameters"],
            facts=context["facts"],
            purposes=tuple(request["purposes"]),
            at=request["at"],
            hour=request["hour"],
            weekday=request["weekday"],
            autonomy=request.get("autonomy"),
            within_limits=request.get("within_limits"),
            approval=approval and Approval.from_json(approval),
            stopped=stored.get("stopped"),
        )

    def question(self) -> Question:
        return Question(self.principal, self.action, self.resource, self.context)

    @property
    def context(self) -> dict[str, Any]:
        request: dict[str, Any] = {"at": self.at, "hour": self.hour, "weekday": self.weekday, "purposes": sorted(self.purposes)}
        if self.autonomy is not None:
            request["autonomy"] = self.autonomy
        if self.within_limits is not None:
            request["within_limits"] = self.within_limits
        if self.approval is not None:
            request["approval"] = self.approval.as_json()
        return {"parameters": dict(self.parameters), "facts": dict(self.facts), "request": request}


def moment(at: datetime) -> str:
    """An aware moment as Cedar's `datetime` reads it: UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer and the rules it rests on, in the order they stand in the text."""

    outcome: Outcome
    rules: tuple[Rule, ...]

    @property
    def rule_ids(self) -> tuple[str, ...]:
        return tuple(rule.id for rule in self.rules)

    @property
    def obligations(self) -> tuple[str, ...]:
        """What a permit asks for besides: each once, in order."""
        return tuple(dict.fromkeys(obligation for rule in self.rules for obligation in rule.obligations))


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy version ready to answer: parsed once, used by any number of threads."""

    rules: Mapping[str, Rule]  # by Cedar's own name of the policy, in the order of the text
    _scopes: tuple["_Scope", ...]
    _schema: cedarpy.Schema
    _knows_answers: bool = True
    _slices: dict[tuple[str, str, Effect | None], "_Slice"] = field(default_factory=dict)

    @classmethod
    def parse(cls, policies: str, schema: str) -> "PolicyText":
        """Read and check both texts; the same texts again are the same object, read once.

        Raises:
            PolicyInvalid: syntax, types against the schema, missing annotations or an id used twice.
        """
        return _parsed(policies, schema)

    def rule(self, id: str) -> Rule | None:
        """A rule by its @id."""
        return next((rule for rule in self.rules.values() if rule.id == id), None)

    def policy_json(self, id: str) -> Mapping[str, Any] | None:
        """A policy by its @id, as Cedar's JSON has it; None if the text has none of this id."""
        return next((scope.policy for scope in self._scopes if self.rules[scope.name].id == id), None)

    def rules_for(self, question: Question) -> tuple[Rule, ...]:
        """The rules whose scope can apply to this action and kind of principal at all, in the order of the text."""
        return tuple(rule for _, rule in self._slice(question.action, question.principal.type).rules)

    def holding(self, question: Question, effect: Effect) -> tuple[Rule, ...]:
        """Every rule of one effect whose condition holds, whatever the others say: Cedar names all of them where none competes.

        Raises:
            RequestInvalid, EngineFailed
        """
        return self._evaluate(question, effect)[1]

    def decide(self, request: Request) -> Verdict:
        """Permit, needs approval or deny. A stop comes before every policy: no text can be written that overrides it.

        Raises:
            RequestInvalid, EngineFailed
        """
        if request.action == ANSWERING and not self._knows_answers:
            return _answering(request)
        permitted, rules = self._evaluate(request.question())
        if request.stopped is not None:
            return Verdict(Outcome.DENY, (AUTOMATION_STOPPED,))
        if permitted:
            return Verdict(Outcome.PERMIT, rules)
        permitted_if_approved, remaining = self._evaluate(replace(request, approval=somebody(request)).question())
        if permitted_if_approved:
            return Verdict(Outcome.NEEDS_APPROVAL, rules)
        return Verdict(Outcome.DENY, remaining or (NOTHING_PERMITS,))

    def permits_with(self, request: Request, approval: Approval) -> bool:
        """Whether this person's agreement would be enough."""
        return self._evaluate(replace(request, approval=approval).question())[0]

    def answer(self, question: Question) -> Verdict:
        """Permit or deny, to a question of any store. A stop comes before every policy here too.

        Raises:
            RequestInvalid, EngineFailed
        """
        permitted, rules = self._evaluate(question)
        if question.stopped is not None:
            return Verdict(Outcome.DENY, (AUTOMATION_STOPPED,))
        if permitted:
            return Verdict(Outcome.PERMIT, rules)
        return Verdict(Outcome.DENY, rules or (NOTHING_PERMITS,))

    def misfit(self, entities: Iterable[Entity]) -> str:
        """Why these entities do not fit the schema, or not together; "" if they do.

        Cedar gives its reasons only where something is asked, so something is: of no policy, for an action that does not exist.
        """
        entities = tuple(entities)
        if beyond := _groups_beyond(entities):
            return beyond
        stored = [entity.as_json() for entity in entities]
        nothing = {"type": "Action", "id": ""}
        asked = {"principal": nothing, "action": nothing, "resource": nothing, "context": {}}
        try:
            answer = cedarpy.is_authorized(asked, cedarpy.PolicySet.from_str(""), json.dumps(stored), schema=self._schema)
        except Exception as error:  # whatever happens inside the engine, they do not fit
            return str(error)
        errors = [error for error in answer.diagnostics.errors if error.startswith(_ENTITIES_UNREADABLE)]
        return "; ".join(_reason(error) for error in errors)

    def _evaluate(self, question: Question, effect: Effect | None = None) -> tuple[bool, tuple[Rule, ...]]:
        applying = self._slice(question.action, question.principal.type, effect)
        asked = {
            "principal": question.principal.uid,
            "action": {"type": "Action", "id": question.action},
            "resource": question.resource.uid,
            "context": dict(question.context),
        }
        if beyond := _groups_beyond(question.entities):
            raise RequestInvalid(beyond)
        entities = json.dumps([entity.as_json() for entity in question.entities])
        try:
            answer = cedarpy.is_authorized(asked, applying.policies, entities, schema=self._schema)
        except Exception as error:  # whatever happens inside the engine, it is not a yes
            raise EngineFailed(str(error)) from error
        if answer.decision is cedarpy.Decision.NoDecision:
            raise RequestInvalid("; ".join(_reason(error) for error in answer.diagnostics.errors) or "no decision")
        if answer.diagnostics.errors:
            # Cedar leaves a policy out that fails; a forbid left out would be a permit.
            raise EngineFailed("; ".join(answer.diagnostics.errors))
        reasons = set(answer.diagnostics.reasons)
        return answer.decision is cedarpy.Decision.Allow, tuple(rule for name, rule in applying.rules if name in reasons)

    def _slice(self, action: str, principal_type: str, effect: Effect | None = None) -> "_Slice":
        """The policies whose scope can apply at all; the others could not decide, and each would cost its evaluation."""
        key = (action, principal_type, effect)
        found = self._slices.get(key)
        if found is None:
            scopes = [scope for scope in self._scopes if scope.may_apply(action, principal_type)]
            if effect is not None:
                scopes = [scope for scope in scopes if self.rules[scope.name].effect is effect]
            found = self._slices[key] = _Slice(
                cedarpy.PolicySet.from_json_str(_policy_set(scope.policy for scope in scopes)),
                # Cedar names the policies of a set by place.
                tuple((f"policy{place}", self.rules[scope.name]) for place, scope in enumerate(scopes)),
            )
        return found


def _groups_beyond(entities: Iterable[Entity]) -> str:
    """Why the groups of these are not given to Cedar; "" if they may be.

    Cedar writes down for each entity all that it belongs to, however far: of a chain that is the square of its length, in time and memory.
    """
    parents = {(entity.type, entity.id): entity.parents for entity in entities if entity.parents}
    steps = 0
    for mine in parents.values():
        ahead = mine
        reached: set[tuple[str, str]] = set()
        while ahead:
            steps += len(ahead)
            if steps > MOST_MEMBERSHIPS:
                return f"they belong to more than {MOST_MEMBERSHIPS:,} groups, counted with the groups these belong to"
            new = set(ahead) - reached
            reached |= new
            ahead = tuple(group for one in new for group in parents.get(one, ()))
    return ""


@lru_cache(maxsize=32)
def _parsed(policies: str, schema: str) -> PolicyText:
    if beyond := [found for found in (cedar_bounds.beyond(policies), cedar_bounds.beyond_in_schema(schema)) if found]:
        raise PolicyInvalid(beyond)
    try:
        read = _READER.ask({"policies": policies, "schema": schema})
    except apart.Died as error:
        raise PolicyInvalid([Problem(1, TOO_COSTLY)]) from error
    except apart.Unavailable as error:
        raise PolicyInvalid([Problem(1, f"these texts cannot be read at the moment, {error}; try again soon")]) from error
    if "refused" in read:
        raise PolicyInvalid((() if read.get("whole") else tuple(_unreadable(policies, schema))) or [Problem(1, read["refused"])])
    static = json.loads(read["policies"])["staticPolicies"]
    written = statements(policies)
    if len(static) != len(written):
        raise PolicyInvalid([Problem(1, "only whole policies can be used, no templates")])
    # Cedar names policies policy0, policy1 … in the order of the text, but its JSON sorts them as words.
    rules = {name: _rule(static[name]) for name in sorted(static, key=lambda name: int(name.removeprefix("policy")))}
    placed = dict(zip(rules, written, strict=True))
    problems = list(_incomplete(rules, placed))
    problems += [_unfitting(error, rules, placed) for error in read["errors"]]
    if not read["valid"] and not problems:
        problems.append(Problem(1, "the policies do not fit the schema"))
    if problems:
        raise PolicyInvalid(problems)
    grouped = _groups_actions(schema)
    scopes = tuple(_scope(name, static[name], grouped) for name in rules)
    return PolicyText(rules, scopes, cedarpy.Schema.from_str(schema), _declares(schema, f'"{ANSWERING}"'))


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some of a text's policies, parsed, with their rules by the name Cedar gives each."""

    policies: cedarpy.PolicySet
    rules: tuple[tuple[str, Rule], ...]


@dataclass(frozen=True, slots=True)
class _Scope:
    """A policy in Cedar's JSON form, and what its head says it is for: None stands for everything."""

    name: str
    policy: Mapping[str, Any]
    actions: frozenset[str] | None
    principal_type: str | None

    def may_apply(self, action: str, principal_type: str) -> bool:
        return (self.actions is None or action in self.actions) and self.principal_type in (None, principal_type)


# A second person's answer. A schema from before answers were decisions does not have it: such a text still says who may agree, and could
# not be replaced if nobody's agreement to that were decided.
ANSWERING = "approval.answer"


def _answering(request: Request) -> Verdict:
    """What the starting set says of answers, for a text that says nothing of them."""
    told = request.resource.attributes
    may = request.principal.type == "Employee" and told.get("eligible") is True and told.get("open") is True and told.get("own") is False
    return Verdict(Outcome.PERMIT, (ANSWERED_BY_WHO_MAY,)) if may else Verdict(Outcome.DENY, (NOTHING_PERMITS,))


_ACTION = re.compile(r"\baction\b")
_IN = re.compile(r"\bin\b")


def _heads_of_actions(schema: str) -> Iterator[str]:
    """What stands between the word `action` and what the action applies to."""
    for head in re.split(r"[{;]", schema):
        if (begins := _ACTION.search(head)) is not None:
            yield head[begins.end() :]


def _groups_actions(schema: str) -> bool:
    """Whether an action is declared `in` another."""
    return any(_IN.search(head) for head in _heads_of_actions(schema))


def _declares(schema: str, action: str) -> bool:
    return any(action in head for head in _heads_of_actions(schema))


def _scope(name: str, policy: Mapping[str, Any], grouped: bool) -> _Scope:
    """What the policy's head says; of a schema with groups of actions the names alone do not tell, and everything may apply."""
    action, principal = policy["action"], policy["principal"]
    named = [action["entity"]] if "entity" in action else action.get("entities")
    actions = None if grouped or named is None else frozenset(entity["id"] for entity in named)
    return _Scope(name, policy, actions, principal.get("entity_type") if principal["op"] == "is" else None)


def _policy_set(policies: Iterable[Mapping[str, Any]]) -> str:
    static = {f"policy{place}": policy for place, policy in enumerate(policies)}
    return json.dumps({"staticPolicies": static, "templates": {}, "templateLinks": []})


def _rule(policy: Mapping[str, Any]) -> Rule:
    notes = {name: value or "" for name, value in policy.get("annotations", {}).items()}
    return Rule(
        id=notes.get("id", ""),
        effect=Effect(policy["effect"]),
        sentence=notes.get("sentence", ""),
        customer_sentence=notes.get("customer", ""),
        owner=notes.get("owner", ""),
        basis=notes.get("basis", ""),
        obligations=tuple(notes.get("obligation", "").split()),
    )


def _unreadable(policies: str, schema: str) -> Iterable[Problem]:
    """What Cedar cannot read. Its parser says what it did not expect, but not where, so each policy is read by itself, line by line."""
    for written in statements(policies):
        reason = _refusal(written.source, cedarpy.PolicySet.from_str)
        if reason is not None:
            # What is well begun, but not at its end, is no mistake yet.
            wrong = _line_of_named(written.source, reason) or first_failing_line(
                written.source, lambda part: _refusal(part, cedarpy.PolicySet.from_str) not in (None, TOO_SHORT)
            )
            yield Problem(written.line + (wrong or len(written.source.splitlines())) - 1, reason)
    reason = _refusal(schema, cedarpy.Schema.from_str)
    if reason is not None:
        wrong = _line_of_named(schema, reason) or first_failing_line(
            schema, lambda part: _refusal(part, cedarpy.Schema.from_str) == reason != TOO_SHORT
        )
        yield Problem(wrong or max(len(schema.rstrip().splitlines()), 1), reason, in_schema=True)


def _line_of_named(text: str, reason: str) -> int | None:
    """Where the word stands that a message names, if it is one that has no place before the whole is read."""
    named = re.search(r"(?:failed to resolve types?|invalid policy condition): (\w+)", reason)
    return line_of_word(text, named[1]) if named else None


def _refusal(text: str, parse: Callable[[str], object]) -> str | None:
    try:
        parse(text)
    except ValueError as error:
        return str(error).removeprefix("error parsing schema: ")
    return None


def _incomplete(rules: Mapping[str, Rule], placed: Mapping[str, Statement]) -> Iterable[Problem]:
    seen = set()
    for name, rule in rules.items():
        line = placed[name].line
        values = (rule.id, rule.sentence, rule.customer_sentence, rule.owner, rule.basis)
        if missing := [f"@{note}" for note, value in zip(ANNOTATIONS, values, strict=True) if not value.strip()]:
            yield Problem(line, f"{rule.id or 'this policy'} lacks {', '.join(missing)}")
        if rule.id in seen or rule.id in BUILT_IN:
            yield Problem(line, f"the id {rule.id} is used twice")
        seen.add(rule.id)


def _unfitting(error: str, rules: Mapping[str, Rule], placed: Mapping[str, Statement]) -> Problem:
    """A validator's message, which names policies by their place, with the rule's id and line."""
    found = re.search(r"policy\d+", error)
    name = found[0] if found else ""
    if name not in rules:
        return Problem(1, error)
    return Problem(placed[name].line, f"{rules[name].id or 'this policy'}: {error.removeprefix(f'for policy `{name}`, ')}")


_ENTITIES_UNREADABLE = "failed to parse entities from:"


def _reason(error: str) -> str:
    """Cedar's message without the copy of the request it carries."""
    error = re.sub(rf"\A{_ENTITIES_UNREADABLE}\n.*?\}}\]: ", "", error, flags=re.DOTALL)
    return error.removeprefix("failed to build request: ").removeprefix("error during entity deserialization: ")
