"""How far a batch goes, in which order it answers, and what an error inside it is."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.authzen.messages import Action, Batch, Evaluation, Malformed, Named, Semantic
from sentinel.authzen.semantics import Answer, NotEvaluated, answer_each, answer_one, evaluations_response

from .schemas import fits


def asked(id: str) -> Evaluation:
    return Evaluation(Named("user", id), Action("read"), Named("record", "r"))


def by_name(heard: list[str]) -> Callable[[Evaluation], Answer]:
    """Permits subjects called "permit", denies "deny", fails for "fail"; writes down whom it was asked about."""

    def evaluate(evaluation: Evaluation) -> Answer:
        heard.append(evaluation.subject.id)
        if evaluation.subject.id == "fail":
            raise NotEvaluated(500, "The policies could not be evaluated.")
        return Answer(evaluation.subject.id == "permit")

    return evaluate


@pytest.mark.parametrize(
    ("semantic", "names", "decisions"),
    [
        (Semantic.EXECUTE_ALL, ["permit", "deny", "permit"], [True, False, True]),
        (Semantic.DENY_ON_FIRST_DENY, ["permit", "deny", "permit"], [True, False]),
        (Semantic.DENY_ON_FIRST_DENY, ["permit", "fail", "permit"], [True, False]),
        (Semantic.DENY_ON_FIRST_DENY, ["permit", "permit"], [True, True]),
        (Semantic.PERMIT_ON_FIRST_PERMIT, ["permit", "deny", "permit"], [True]),
        (Semantic.PERMIT_ON_FIRST_PERMIT, ["fail", "deny", "permit", "deny"], [False, False, True]),
        (Semantic.PERMIT_ON_FIRST_PERMIT, ["deny"], [False]),
    ],
)
def test_a_semantic_ends_the_batch_with_the_answer_it_waits_for(semantic: Semantic, names: list[str], decisions: list[bool]) -> None:
    heard: list[str] = []

    answers = list(answer_each(Batch(tuple(map(asked, names)), semantic), by_name(heard)))

    assert [answer.decision for answer in answers] == decisions
    assert heard == names[: len(decisions)], "nothing is evaluated after the end"


@given(st.lists(st.sampled_from(["permit", "deny", "fail", "unread"]), min_size=1, max_size=8), st.sampled_from(Semantic))
def test_early_ends_only_cut_off_what_executing_all_would_say(names: list[str], semantic: Semantic) -> None:
    items = tuple(Malformed("/evaluations/0", "is missing") if name == "unread" else asked(name) for name in names)

    everything = list(answer_each(Batch(items), by_name([])))
    some = list(answer_each(Batch(items, semantic), by_name([])))

    assert len(everything) == len(items)
    assert some == everything[: len(some)]
    assert fits("evaluations-response", evaluations_response(iter(some)))


def test_an_error_is_a_no_with_its_reason() -> None:
    items = (asked("permit"), Malformed("/evaluations/1/resource", "is missing"), asked("fail"))

    said = evaluations_response(answer_each(Batch(items), by_name([])))

    assert json.loads(json.dumps(said)) == {
        "evaluations": [
            {"decision": True},
            {"decision": False, "context": {"error": {"status": 400, "message": "/evaluations/1/resource is missing"}}},
            {"decision": False, "context": {"error": {"status": 500, "message": "The policies could not be evaluated."}}},
        ]
    }


@pytest.mark.parametrize("status", [400, 500])
def test_a_single_evaluation_that_fails_is_no_decision(status: int) -> None:
    def evaluate(evaluation: Evaluation) -> Answer:
        raise NotEvaluated(status, "No.")

    with pytest.raises(NotEvaluated):
        answer_one(asked("alice"), evaluate)


def test_a_single_evaluation_of_the_unheard_of_is_denied() -> None:
    def evaluate(evaluation: Evaluation) -> Answer:
        raise NotEvaluated(404, "The policies know no action fly.")

    assert answer_one(asked("alice"), evaluate) == Answer.refusing(404, "The policies know no action fly.")
