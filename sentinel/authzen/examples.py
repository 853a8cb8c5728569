"""Examples of a store: evaluations and what has to come out, tried before its policies come into force.

A text is one JSON object::

    {
      "entities": [{"type": "user", "id": "bob", "attributes": {"role": "admin"}, "parents": []}],
      "evaluations": [
        {"says": "Admins correct what is archived", "decision": true, "rules": ["admins-write-archived"],
         "subject": {"type": "user", "id": "bob"}, "action": {"name": "write"}, "resource": {"type": "record", "id": "record-2"}}
      ]
    }

`says` and `rules` may be left out. Only the entities of the text are known to its examples, so that they come out the same at any time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sentinel.cedar import Entity, Outcome

from . import messages
from .messages import Malformed
from .questions import question, verdict_on
from .semantics import NotEvaluated
from .stores import Known, Policies, Uid

MOST_EXAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an example, and where (RFC 6901, JSON Pointer)."""

    pointer: str
    what: str


def problems(text: str, *, policies: Policies) -> tuple[Problem, ...]:
    """Why the examples keep these policies from coming into force; nothing if all hold. An empty text has no examples."""
    if not text.strip():
        return ()
    try:
        said = messages.read(text.encode())
        known = Known(_entities(said))
        evaluations = messages.an_array(said.get("evaluations", []), "/evaluations")
        if len(evaluations) > MOST_EXAMPLES:
            raise Malformed("/evaluations", f"has {len(evaluations):,} items; at most {MOST_EXAMPLES:,} are taken")
    except Malformed as malformed:
        return (Problem(malformed.pointer, malformed.problem),)
    return tuple(
        problem
        for place, example in enumerate(evaluations)
        for problem in _tried(example, f"/evaluations/{place}", known=known, policies=policies)
    )


def _tried(example: Any, pointer: str, *, known: Known, policies: Policies) -> Iterator[Problem]:
    try:
        example = messages.an_object(example, "")
        expected, rules = _expected(example)
        asked = messages.evaluation(example)
        subject, resource = asked.subject, asked.resource
        answer = verdict_on(
            question(
                asked,
                vocabulary=policies.vocabulary,
                subject=known.get(subject.type, subject.id),
                resource=known.get(resource.type, resource.id),
                others=known.around(asked),
            ),
            text=policies.text,
        )
    except Malformed as malformed:
        yield Problem(pointer + malformed.pointer, malformed.problem)
        return
    except NotEvaluated as refusal:
        yield Problem(pointer, refusal.message)
        return
    if (answer.outcome is Outcome.PERMIT) is not expected or not rules <= set(answer.rule_ids):
        wanted = f"decision {_word(expected)}" + (f" by {', '.join(sorted(rules))}" if rules else "")
        came_out = f"decision {_word(answer.outcome is Outcome.PERMIT)} by {', '.join(answer.rule_ids)}"
        yield Problem(pointer, f"does not hold. Expected: {wanted}. Came out: {came_out}.")


def _word(decision: bool) -> str:
    return "true" if decision else "false"


def _expected(example: Mapping[str, Any]) -> tuple[bool, set[str]]:
    decision = example.get("decision")
    if not isinstance(decision, bool):
        raise Malformed("/decision", "must be true or false")
    rules = messages.an_array(example.get("rules", []), "/rules")
    if not all(isinstance(rule, str) for rule in rules):
        raise Malformed("/rules", "must be ids of rules")
    return decision, set(rules)


def _entities(said: Mapping[str, Any]) -> dict[Uid, Entity]:
    return {
        (entity.type, entity.id): entity
        for place, one in enumerate(messages.an_array(said.get("entities", []), "/entities"))
        for entity in [_entity(one, f"/entities/{place}")]
    }


def _entity(said: Any, pointer: str) -> Entity:
    one = messages.an_object(said, pointer)
    attributes = messages.an_object(one.get("attributes", {}), f"{pointer}/attributes")
    parents = [
        _uid(parent, f"{pointer}/parents/{place}")
        for place, parent in enumerate(messages.an_array(one.get("parents", []), f"{pointer}/parents"))
    ]
    return Entity(*_uid(one, pointer), attributes, tuple(parents))


def _uid(said: Any, pointer: str) -> Uid:
    one = messages.an_object(said, pointer)
    return messages.a_name(one, "type", pointer), messages.a_name(one, "id", pointer)
