"""Cedar, spoken with three answers. Knows texts and requests, no database.

*Needs approval* means: denied now, and permitted if the same request carried the approval of an eligible person. So at most two
evaluations give the answer; who is eligible is written in the policies themselves.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

import cedarpy

from bankos.platform.actors import Role

from .rules import BUILT_IN, NOTHING_PERMITS, Effect, Rule

# Who can be an approver at all, in the order they are named to the asker.
APPROVER_ROLES = (Role.BRANCH_STAFF, Role.CONTACT_CENTRE, Role.TEAM_LEAD, Role.COMPLIANCE)
ANNOTATIONS = ("id", "sentence", "customer", "owner", "basis")


class PolicyInvalid(ValueError):
    """A policy text that can't be used; `problems` says each reason and its place."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class RequestInvalid(ValueError):
    """A request that does not fit the schema of the policies."""


class EngineFailed(RuntimeError):
    """A policy could not be evaluated. Nobody may act on what the others said."""


class Outcome(StrEnum):
    PERMIT = "permit"
    NEEDS_APPROVAL = "needs_approval"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Approval:
    """The person who agrees, as policies see them."""

    by: str
    roles: frozenset[str]
    branch: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"by": self.by, "roles": sorted(self.roles)} | ({"branch": self.branch} if self.branch else {})


# Stands for "any eligible person": an approval as good as an approval can be.
SOMEBODY = Approval(by="", roles=frozenset(APPROVER_ROLES))


@dataclass(frozen=True, slots=True)
class Entity:
    type: str
    id: str
    attributes: Mapping[str, Any]

    @property
    def uid(self) -> dict[str, str]:
        return {"type": self.type, "id": self.id}

    def as_json(self) -> dict[str, Any]:
        return {"uid": self.uid, "attrs": dict(self.attributes), "parents": []}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(stored["uid"]["type"], stored["uid"]["id"], stored["attrs"])


@dataclass(frozen=True, slots=True)
class Request:
    """All that a decision rests on. `as_json` is stored as the decision's context; `from_json` reads it back for a replay."""

    principal: Entity
    action: str
    resource: Entity
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]
    purposes: tuple[str, ...]
    at: str
    autonomy: str | None = None
    approval: Approval | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "principal": self.principal.as_json(),
            "action": self.action,
            "resource": self.resource.as_json(),
            "context": self.context,
        }

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
            autonomy=request.get("autonomy"),
            approval=approval and Approval(approval["by"], frozenset(approval["roles"]), approval.get("branch")),
        )

    @property
    def context(self) -> dict[str, Any]:
        request: dict[str, Any] = {"at": self.at, "purposes": sorted(self.purposes)}
        if self.autonomy is not None:
            request["autonomy"] = self.autonomy
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
    _policies: cedarpy.PolicySet
    _schema: cedarpy.Schema

    @classmethod
    def parse(cls, policies: str, schema: str) -> Self:
        """Read and check both texts.

        Raises:
            PolicyInvalid: syntax, types against the schema, missing annotations or an id used twice.
        """
        try:
            parsed, parsed_schema = cedarpy.PolicySet.from_str(policies), cedarpy.Schema.from_str(schema)
            as_json = json.loads(cedarpy.policies_to_json_str(policies))
        except ValueError as error:
            raise PolicyInvalid([str(error)]) from error
        static = as_json["staticPolicies"]
        # Cedar names policies policy0, policy1 … in the order of the text, but its JSON sorts them as words.
        rules = {name: _rule(static[name]) for name in sorted(static, key=lambda name: int(name.removeprefix("policy")))}
        problems = list(_incomplete(rules))
        validation = cedarpy.validate_policies(policies, parsed_schema)
        problems += [_with_id(error.error, rules) for error in validation.errors]
        if not validation.validation_passed and not problems:
            problems.append("the policies do not fit the schema")
        if problems:
            raise PolicyInvalid(problems)
        return cls(rules, parsed, parsed_schema)

    def rule(self, id: str) -> Rule | None:
        """A rule by its @id."""
        return next((rule for rule in self.rules.values() if rule.id == id), None)

    def decide(self, request: Request) -> Verdict:
        """Permit, needs approval or deny.

        Raises:
            RequestInvalid, EngineFailed
        """
        permitted, rules = self._evaluate(request)
        if permitted:
            return Verdict(Outcome.PERMIT, rules)
        permitted_if_approved, remaining = self._evaluate(replace(request, approval=SOMEBODY))
        if permitted_if_approved:
            return Verdict(Outcome.NEEDS_APPROVAL, rules)
        return Verdict(Outcome.DENY, remaining or (NOTHING_PERMITS,))

    def permits_with(self, request: Request, approval: Approval) -> bool:
        """Whether this person's agreement would be enough."""
        return self._evaluate(replace(request, approval=approval))[0]

    def _evaluate(self, request: Request) -> tuple[bool, tuple[Rule, ...]]:
        question = {
            "principal": request.principal.uid,
            "action": {"type": "Action", "id": request.action},
            "resource": request.resource.uid,
            "context": request.context,
        }
        entities = json.dumps([request.principal.as_json(), request.resource.as_json()])
        try:
            answer = cedarpy.is_authorized(question, self._policies, entities, schema=self._schema)
        except Exception as error:  # whatever happens inside the engine, it is not a yes
            raise EngineFailed(str(error)) from error
        if answer.decision is cedarpy.Decision.NoDecision:
            raise RequestInvalid("; ".join(_reason(error) for error in answer.diagnostics.errors) or "no decision")
        if answer.diagnostics.errors:
            # Cedar leaves a policy out that fails; a forbid left out would be a permit.
            raise EngineFailed("; ".join(answer.diagnostics.errors))
        reasons = set(answer.diagnostics.reasons)
        return answer.decision is cedarpy.Decision.Allow, tuple(rule for name, rule in self.rules.items() if name in reasons)


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


def _incomplete(rules: Mapping[str, Rule]) -> Iterable[str]:
    seen = set()
    for name, rule in rules.items():
        values = (rule.id, rule.sentence, rule.customer_sentence, rule.owner, rule.basis)
        if missing := [f"@{note}" for note, value in zip(ANNOTATIONS, values, strict=True) if not value.strip()]:
            yield f"{rule.id or name} lacks {', '.join(missing)}"
        if rule.id in seen or rule.id in BUILT_IN:
            yield f"the id {rule.id} is used twice"
        seen.add(rule.id)


def _with_id(error: str, rules: Mapping[str, Rule]) -> str:
    return re.sub(r"policy\d+", lambda name: rules[name[0]].id if name[0] in rules else name[0], error)


def _reason(error: str) -> str:
    """Cedar's message without the copy of the request it carries."""
    error = re.sub(r"\Afailed to parse entities from:\n.*?\}\]: ", "", error, flags=re.DOTALL)
    return error.removeprefix("failed to build request: ").removeprefix("error during entity deserialization: ")
