"""Answering: one decision, or those of a batch as far as its semantic goes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .messages import Batch, Evaluation, Malformed, Semantic


class NotEvaluated(Exception):
    """The policies were not asked, or gave no answer. Whoever asked must take it as a no.

    `status` is that of HTTP: 400 the question does not fit the store's schema, 404 it speaks of a type or an action the schema does not
    have, 500 the policies failed.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision and what the caller may make of it; `context` may be empty."""

    decision: bool
    context: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"decision": self.decision} | ({"context": dict(self.context)} if self.context else {})

    @classmethod
    def refusing(cls, status: int, message: str) -> Self:
        """What went wrong with one evaluation, said where section 7.2.1 says it: the decision is closed."""
        return cls(False, {"error": {"status": status, "message": message}})


Evaluate = Callable[[Evaluation], Answer]

# A semantic ends with the first decision of this value.
_ENDS_WITH = {Semantic.EXECUTE_ALL: None, Semantic.DENY_ON_FIRST_DENY: False, Semantic.PERMIT_ON_FIRST_PERMIT: True}


def answer_one(evaluation: Evaluation, evaluate: Evaluate) -> Answer:
    """A single evaluation. What nobody has ever heard of is denied like anything else that no rule permits.

    Raises:
        NotEvaluated: 400 or 500, of which the whole request is to be answered.
    """
    try:
        return evaluate(evaluation)
    except NotEvaluated as refusal:
        if refusal.status == 404:
            return Answer.refusing(refusal.status, refusal.message)
        raise


def answer_each(batch: Batch, evaluate: Evaluate) -> Iterator[Answer]:
    """The answers in the order of the items; fewer than items when the semantic ends the batch early.

    `evaluate` is called once an item and never for one after the end, nor for one that could not be read. An error counts as a deny.
    """
    for item in batch.items:
        answer = _answer(item, evaluate)
        yield answer
        if answer.decision is _ENDS_WITH[batch.semantic]:
            return


def _answer(item: Evaluation | Malformed, evaluate: Evaluate) -> Answer:
    if isinstance(item, Malformed):
        return Answer.refusing(400, str(item))
    try:
        return evaluate(item)
    except NotEvaluated as refusal:
        return Answer.refusing(refusal.status, refusal.message)


def evaluations_response(answers: Iterable[Answer]) -> dict[str, Any]:
    return {"evaluations": [answer.as_json() for answer in answers]}
