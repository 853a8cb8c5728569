"""Answering what a store is asked, and keeping each answer as a decision.

Searches are answered without a record: a page looks at up to 2,000 candidates of which nobody has asked anything yet. What a caller
does with a result it asks for as an evaluation, and that is kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import structlog
from django.db import transaction

from sentinel.canonical import canonical
from sentinel.cedar import Outcome, Question
from sentinel.recording import insert, rows_of
from sentinel.standing import Standing, standings

from . import searching, stores
from .messages import ActionSearch, Batch, Evaluation, Malformed, Search, Semantic
from .questions import answer, explained, question, verdict_on
from .recording import Asker, Concerned, Evaluated, Unevaluated, rule_for
from .searching import Found
from .semantics import Answer, NotEvaluated, answer_each, answer_one
from .stores import Known

log = structlog.get_logger(__name__)

LONGEST_QUESTION = 100_000  # characters of canonical JSON, with all entities it rests on


def evaluate(evaluation: Evaluation, *, asker: Asker) -> Answer:
    """One decision, recorded.

    Raises:
        NotEvaluated: 400 or 500; a refusal has been recorded.
        Malformed: it concerns too many entities. Nothing has been recorded: see `refuse`.
    Queries: 3; 2 more when a resource is met for the first time, 2 more the first time this process meets the policies.
    """
    failure: NotEvaluated
    said = evaluation.as_json()
    known = _known(asker, [evaluation])
    with transaction.atomic():
        desk = _Desk(asker, known, _standings(asker, [said]))
        try:
            [answered] = desk.recorded([answer_one(evaluation, desk.evaluate)])
            return answered
        except NotEvaluated as error:
            # Not out through the transaction: it holds the evidence of what was asked.
            desk.recorded([])
            failure = error
    raise failure


def evaluate_each(batch: Batch, *, asker: Asker) -> list[Answer]:
    """The decisions of a batch as far as its semantic goes, recorded together.

    Raises:
        Malformed: it concerns too many entities. Nothing has been recorded: see `refuse`.
    Queries: as for one; where the semantic may end the batch early, 1 for each answer, so that no place in the log is taken in vain.
    """
    said = [item.said if isinstance(item, Malformed) else item.as_json() for item in batch.items]
    known = _known(asker, [item for item in batch.items if isinstance(item, Evaluation)])
    with transaction.atomic():
        together = batch.semantic is Semantic.EXECUTE_ALL
        desk = _Desk(asker, known, _standings(asker, said) if together else _one_by_one(asker, said))
        answers = []
        for item, answered in zip(batch.items, answer_each(batch, desk.evaluate), strict=False):
            if isinstance(item, Malformed):
                desk.keep_unread(item)
            answers.append(answered)
        return desk.recorded(answers)


def refuse(malformed: Malformed, *, said: Any, asker: Asker) -> None:
    """Record that a request could not be read, with what can be made of it: `said` is its JSON, None if it is none."""
    with transaction.atomic():
        desk = _Desk(asker, Known({}), _standings(asker, [said]))
        desk.keep_unread(Malformed(malformed.pointer, malformed.problem, said))
        desk.recorded([])


def search(asked: Search, *, store: str) -> Found:
    """One page of what is permitted.

    Raises:
        Malformed: a token that does not belong here, or too many entities are concerned.
        NotEvaluated: 500
    Queries: 2, and 2 more for each 100 candidates looked at.
    """
    policies = stores.policies_of(stores.in_force(store))
    around = set(stores.named_by(asked))
    about = stores.known(store, around)
    if any(about.get(named.type, named.id) is None for named in asked.given):
        return searching.nothing(asked)
    known = about

    def candidates(after: str | None) -> Iterator[str]:
        nonlocal known
        if isinstance(asked, ActionSearch):
            names = policies.vocabulary.actions_for(asked.subject.type, asked.resource.type)
            yield from (name for name in names if after is None or name > after)
            return
        while ids := stores.candidate_ids(store, asked.type, after, limit=stores.AT_ONCE):
            known = stores.known(store, around | {(asked.type, id) for id in ids})
            yield from ids
            after = ids[-1]

    def evaluate(evaluation: Evaluation) -> Answer:
        subject, resource = evaluation.subject, evaluation.resource
        asking = question(
            evaluation,
            vocabulary=policies.vocabulary,
            subject=known.get(subject.type, subject.id),
            resource=known.get(resource.type, resource.id),
            others=known.around(evaluation),
        )
        return answer(asking, text=policies.text)

    return searching.find(asked, candidates=candidates, evaluate=evaluate, store=store)


class _Desk:
    """Answers evaluations in their order, each where things stand for it, and records all of them at the end."""

    def __init__(self, asker: Asker, known: Known, stand: Iterator[Standing]) -> None:
        self._asker = asker
        self._known = known
        self._standings = stand
        self._cases: list[Evaluated | Unevaluated] = []

    def evaluate(self, evaluation: Evaluation) -> Answer:
        """
        Raises:
            NotEvaluated
        """
        standing = next(self._standings)
        try:
            case = self._evaluated(evaluation, standing)
        except NotEvaluated as refusal:
            self._keep(evaluation.as_json(), refusal.status, refusal.message, standing)
            raise
        self._cases.append(case)
        return Answer(case.verdict.outcome is Outcome.PERMIT, explained(case.verdict))

    def keep_unread(self, malformed: Malformed) -> None:
        self._keep(malformed.said, 400, str(malformed), next(self._standings))

    def recorded(self, answers: list[Answer]) -> list[Answer]:
        """Write all that was asked. The answers come back with the decision each is, by its id and in its signed form."""
        rows = rows_of(self._cases, at=self._asker.at)
        insert(rows)
        permits = sum(row.outcome == Outcome.PERMIT for row in rows)
        log.info("authzen.decided", store=self._asker.store, client=str(self._asker.client), decisions=len(rows), permits=permits)
        return [
            replace(answered, context={**answered.context, "decision": str(row.pk), "token": row.token})
            for answered, row in zip(answers, rows, strict=False)
        ]

    def _evaluated(self, evaluation: Evaluation, standing: Standing) -> Evaluated:
        policies = stores.policies_of(standing.policy)
        subject, resource = evaluation.subject, evaluation.resource
        asked = question(
            evaluation,
            vocabulary=policies.vocabulary,
            subject=self._known.get(subject.type, subject.id),
            resource=self._known.get(resource.type, resource.id),
            others=self._known.around(evaluation),
        )
        asked = replace(asked, stopped=standing.stop)
        _writable(asked)
        verdict = verdict_on(asked, text=policies.text)
        return Evaluated(self._asker, Concerned.by(evaluation.as_json()), evaluation, asked, verdict, standing)

    def _keep(self, said: Any, status: int, reason: str, standing: Standing) -> None:
        self._cases.append(Unevaluated(self._asker, Concerned.by(said), said, reason, rule_for(status), standing))


def _writable(asked: Question) -> None:
    """Only what can be kept is asked: the record is what an answer is held against."""
    try:
        length = len(canonical(asked.as_json()))
    except ValueError as error:
        raise NotEvaluated(400, f"The evaluation, with all it rests on, is not plain JSON: {error}") from error
    if length > LONGEST_QUESTION:
        raise NotEvaluated(400, f"The evaluation, with all it rests on, is longer than {LONGEST_QUESTION:,} characters.")


def _known(asker: Asker, evaluations: Iterable[Evaluation]) -> Known:
    """The store's knowledge for all of them at once; the bank's own store knows nobody, and takes what it is told."""
    return stores.known(asker.store, [uid for evaluation in evaluations for uid in stores.named_by(evaluation)])


def _standings(asker: Asker, said: Iterable[Any]) -> Iterator[Standing]:
    looks = [Concerned.by(one).look(asker.store, one) for one in said]
    return iter(standings(looks, store=asker.store, at=asker.at))


def _one_by_one(asker: Asker, said: Iterable[Any]) -> Iterator[Standing]:
    for one in said:
        yield from _standings(asker, [one])
