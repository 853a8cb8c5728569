"""From an AuthZEN evaluation to a question Cedar can be asked, and from Cedar's verdict to an AuthZEN answer."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sentinel.cedar import EngineFailed, Entity, Outcome, PolicyText, Question, RequestInvalid, Verdict

from .merging import known_and_said
from .messages import Action, Evaluation
from .semantics import Answer, NotEvaluated
from .vocabulary import Vocabulary, fit

ACTION_PROPERTIES = "action_properties"


def question(
    evaluation: Evaluation,
    *,
    vocabulary: Vocabulary,
    subject: Entity | None,
    resource: Entity | None,
    others: Iterable[Entity] = (),
) -> Question:
    """The evaluation in Cedar's words.

    Args:
        subject, resource: what the store knows of the two, None where it knows nothing.
        others: the entities the two belong to or name in their attributes.

    Raises:
        NotEvaluated: 404, the schema has no such type or action, or not this action for these types.
    """
    asker, action, target = evaluation.subject, evaluation.action, evaluation.resource
    for role, named in (("subjects", asker), ("resources", target)):
        if named.type not in vocabulary.entities:
            raise NotEvaluated(404, f"The policies know no {role} of type {named.type}.")
    if action.name not in vocabulary.actions:
        raise NotEvaluated(404, f"The policies know no action {action.name}.")
    if not vocabulary.applies(action.name, asker.type, target.type):
        raise NotEvaluated(404, f"The policies know no action {action.name} of a {asker.type} on a {target.type}.")
    who, what = known_and_said(subject, asker.entity), known_and_said(resource, target.entity)
    if who.uid == what.uid:
        who = what = known_and_said(who, what)  # Cedar knows every entity once
    asked = {(who.type, who.id), (what.type, what.id)}
    return Question(
        fitted(who, vocabulary),
        action.name,
        fitted(what, vocabulary),
        fit(_context(action, evaluation.context), vocabulary.actions[action.name].context),
        tuple(fitted(other, vocabulary) for other in others if (other.type, other.id) not in asked),
    )


def answer(question: Question, *, text: PolicyText) -> Answer:
    """What the policies say, for the caller. Raises as `verdict_on`."""
    verdict = verdict_on(question, text=text)
    return Answer(verdict.outcome is Outcome.PERMIT, explained(verdict))


def verdict_on(question: Question, *, text: PolicyText) -> Verdict:
    """What the policies say.

    Raises:
        NotEvaluated: 400, a value is not of the type the schema gives it or a required one is missing; 500, a policy failed.
    """
    try:
        return text.answer(question)
    except RequestInvalid as error:
        raise NotEvaluated(400, f"The request does not fit the schema of the policies: {error}") from error
    except EngineFailed as error:
        raise NotEvaluated(500, "The policies could not be evaluated.") from error


def explained(verdict: Verdict) -> dict[str, Any]:
    """The rules a decision rests on: by id for a program, in words for staff and for the person concerned (section 5.5.1).

    Obligations are those of a permit; the caller has to fulfil them.
    """
    rules = verdict.rules
    said: dict[str, Any] = {"rules": list(verdict.rule_ids)}
    if verdict.outcome is not Outcome.PERMIT:
        said["reason_admin"] = {"en": " ".join(rule.sentence for rule in rules)}
        said["reason_user"] = {"en": " ".join(dict.fromkeys(rule.customer_sentence for rule in rules))}
    if verdict.outcome is Outcome.PERMIT and verdict.obligations:
        said["obligations"] = [{"id": obligation} for obligation in verdict.obligations]
    return said


def _context(action: Action, context: Mapping[str, Any]) -> dict[str, Any]:
    """Cedar's actions carry nothing, so an action's properties travel in the context, under a name the caller's context can't take."""
    own = {name: value for name, value in context.items() if name != ACTION_PROPERTIES}
    return own if action.properties is None else own | {ACTION_PROPERTIES: dict(action.properties)}


def fitted(entity: Entity, vocabulary: Vocabulary) -> Entity:
    """The entity with the attributes its type declares; as it is, if its type is not declared."""
    shape = vocabulary.entities.get(entity.type)
    return replace(entity, attributes=fit(dict(entity.attributes), shape)) if shape else entity
