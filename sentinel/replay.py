"""Making a decision again: from the facts it rested on, with its own policy version or another one.

With its own version the answer has to be the same, to the rule; with another one it says what that text would have changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from . import contexts, policy
from .cedar import EngineFailed, Outcome, PolicyInvalid, PolicyText, Question, Request, RequestInvalid, Verdict
from .models import Decision, PolicyVersion

# Whatever keeps a decision whose content is whole from being made again.
FAILURES = (RequestInvalid, EngineFailed, PolicyInvalid, policy.TextChanged, contexts.ContentDamaged)


class NeverAsked(Exception):
    """It was refused before any policy was asked: there is nothing to make again."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out, and the ids of the rules it rests on in the order of the text."""

    outcome: Outcome
    rules: tuple[str, ...]

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        return cls(verdict.outcome, verdict.rule_ids)

    def same_as(self, row: Decision) -> bool:
        """Whether the decision said exactly this."""
        return (self.outcome, list(self.rules)) == (row.outcome, row.rules)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a decision rested on, read back: the bank's own rest on a request, those asked for through AuthZEN on a question."""

    asked: Request | Question

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Raises RequestInvalid: it is written as no version of bankos ever wrote it."""
        try:
            return cls(Question.from_json(content["question"]) if "question" in content else Request.from_json(content["request"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise RequestInvalid(f"the stored facts lack {error}") from error

    @property
    def resource_attributes(self) -> Mapping[str, Any]:
        return self.asked.resource.attributes

    def put_to(self, text: PolicyText) -> Replayed:
        """Raises RequestInvalid, EngineFailed."""
        asked = self.asked
        return Replayed.of(text.decide(asked) if isinstance(asked, Request) else text.answer(asked))


def again(row: Decision) -> Replayed:
    """With its own policy version. Needs `context_key` and `policy_version` at hand; the version's texts may be deferred.

    Raises:
        NeverAsked, contexts.ContentErased
        FAILURES: it cannot be made again, which should not happen.
    Queries: 0; 1 when this process meets the version for the first time.
    """
    if row.policy_version is None:
        raise NeverAsked(str(row.pk))
    return with_version(row, row.policy_version)


def with_version(row: Decision, version: PolicyVersion) -> Replayed:
    """With any version of the decision's store. Raises and needs the same as `again`."""
    if row.policy_version_id is None:
        raise NeverAsked(str(row.pk))
    stored = Stored.from_json(contexts.content_of(row))
    return stored.put_to(policy.text_of(version.pk, version.sha256))


def decision(decision_id: UUID, *, version_id: UUID | None = None) -> Replayed:
    """`again`, or with another version, by id. Whoever asks has seen to it that the reader may see the decision.

    Raises:
        Decision.DoesNotExist, PolicyVersion.DoesNotExist, and as `again`.
    Queries: 1; 1 more for another version; 1 more for a version this process has not met.
    """
    row = Decision.objects.select_related("context_key", "policy_version").get(pk=decision_id)
    return again(row) if version_id is None else with_version(row, PolicyVersion.objects.get(pk=version_id, store__name=row.store))
