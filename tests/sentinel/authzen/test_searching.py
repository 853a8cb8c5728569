"""What a search finds, and that its pages together are all of it, once."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator

import pytest
from django.core import signing
from hypothesis import given
from hypothesis import strategies as st

from sentinel.authzen import searching
from sentinel.authzen.messages import Action, ActionSearch, Evaluation, Malformed, Named, PageAsked, ResourceSearch, SubjectSearch
from sentinel.authzen.searching import Found, find, nothing
from sentinel.authzen.semantics import Answer, NotEvaluated

from .schemas import fits


def search(page: PageAsked | None = None, action: str = "read") -> SubjectSearch:
    return SubjectSearch("user", {}, Action(action), Named("record", "r"), {}, page)


class People:
    """Candidates by id; `permitted` may do it. Counts what it is asked."""

    def __init__(self, ids: list[str], permitted: set[str], broken: set[str] | None = None) -> None:
        self.ids, self.permitted, self.broken, self.asked = sorted(ids), permitted, broken or set(), 0

    def after(self, after: str | None) -> list[str]:
        return [id for id in self.ids if after is None or id > after]

    def evaluate(self, evaluation: Evaluation) -> Answer:
        self.asked += 1
        if evaluation.subject.id in self.broken:
            raise NotEvaluated(400, f"{evaluation.subject.id} does not fit")
        return Answer(evaluation.subject.id in self.permitted)

    def find(self, asked: SubjectSearch, store: str = "s") -> Found:
        return find(asked, candidates=self.after, evaluate=self.evaluate, store=store)


def ids(found: Found) -> list[str]:
    return [result["id"] for result in found.results]


def pages(people: People, limit: int) -> list[Found]:
    found = [people.find(search(PageAsked(limit)))]
    while found[-1].next_token:
        found.append(people.find(search(PageAsked(token=found[-1].next_token))))
    return found


names = st.text(alphabet="abc", min_size=1, max_size=4)


@given(everybody=st.sets(names, max_size=25), data=st.data(), limit=st.integers(1, 5))
def test_the_pages_together_hold_everyone_permitted_once_and_in_order(everybody: set[str], data: st.DataObject, limit: int) -> None:
    permitted = data.draw(st.sets(st.sampled_from(sorted(everybody)))) if everybody else set()

    read = pages(People(list(everybody), permitted), limit)

    assert [id for page in read for id in ids(page)] == sorted(permitted)
    assert all(len(page.results) == limit for page in read[:-1]), "a page is full unless it is the last"
    assert all(fits("search-response", json.loads(json.dumps(page.as_json()))) for page in read)


def test_the_last_page_is_known_to_be_the_last() -> None:
    people = People(["a", "b", "c", "d"], {"a", "b"})

    assert people.find(search(PageAsked(2))).as_json() == {
        "page": {"next_token": "", "count": 2},
        "results": [{"type": "user", "id": "a"}, {"type": "user", "id": "b"}],
    }


def test_a_whole_answer_nobody_asked_to_be_paged_has_no_page() -> None:
    assert People(["a"], {"a"}).find(search()).as_json() == {"results": [{"type": "user", "id": "a"}]}
    assert nothing(search()).as_json() == {"results": []}
    assert nothing(search(PageAsked(2))).as_json() == {"page": {"next_token": "", "count": 0}, "results": []}


def test_an_answer_that_is_not_whole_has_a_page_even_unasked() -> None:
    many = [f"{number:04}" for number in range(searching.RESULTS_A_PAGE + 1)]

    said = People(many, set(many)).find(search()).as_json()

    assert next(iter(said)) == "page"
    assert said["page"]["count"] == len(said["results"]) == searching.RESULTS_A_PAGE
    assert said["page"]["next_token"]


def test_one_page_looks_at_no_more_than_its_share_of_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MOST_EVALUATED", 3)
    people = People(list("abcdefg"), {"g"})

    first = people.find(search(PageAsked(2)))

    assert (ids(first), people.asked, bool(first.next_token)) == ([], 3, True)
    assert [id for page in pages(people, 2) for id in ids(page)] == ["g"]


def test_a_page_ends_when_its_time_is_up_and_goes_on_behind_the_last_it_looked_at() -> None:
    """Each look takes 0.9 s: the third begins in time, the fourth would not."""
    people, seconds = People(list("abcdefg"), {"b", "g"}), iter(range(1_000))

    def slowly(page: PageAsked) -> Found:
        return find(search(page), candidates=people.after, evaluate=people.evaluate, store="s", watch=lambda: next(seconds) * 0.9)

    first = slowly(PageAsked(2))
    assert (ids(first), people.asked, bool(first.next_token)) == (["b"], 3, True)
    second = slowly(PageAsked(token=first.next_token))
    third = slowly(PageAsked(token=second.next_token))
    assert (ids(second), ids(third), third.next_token) == ([], ["g"], "")


def test_a_page_looks_at_one_candidate_however_late_it_is() -> None:
    people, seconds = People(["a", "b"], {"b"}), iter(range(0, 10_000, 100))

    first = find(search(PageAsked(5)), candidates=people.after, evaluate=people.evaluate, store="s", watch=lambda: next(seconds))

    assert (people.asked, bool(first.next_token)) == (1, True)


def test_a_page_holds_no_more_than_the_most_whatever_is_asked() -> None:
    many = [f"{number:05}" for number in range(1_005)]

    assert len(People(many, set(many)).find(search(PageAsked(10_000))).results) == 1_000


def test_a_limit_of_nothing_evaluates_nothing() -> None:
    people = People(["a"], {"a"})

    assert (ids(people.find(search(PageAsked(0)))), people.asked) == ([], 0)


def test_a_candidate_that_cannot_be_evaluated_is_left_out_and_mentioned() -> None:
    found = People(["a", "b", "c"], {"a", "c"}, {"b"}).find(search())

    assert found.as_json() == {
        "context": {"not_evaluated": {"count": 1, "example": "b does not fit"}},
        "results": [{"type": "user", "id": "a"}, {"type": "user", "id": "c"}],
    }


def test_what_the_policies_do_not_speak_of_is_just_not_found() -> None:
    def evaluate(evaluation: Evaluation) -> Answer:
        raise NotEvaluated(404, "The policies know no action fly.")

    assert find(search(), candidates=lambda after: ["a"], evaluate=evaluate, store="s").as_json() == {"results": []}


def test_candidates_after_the_page_are_not_even_read() -> None:
    def endless(after: str | None) -> Iterator[str]:
        number = int(after or 0)
        while True:
            number += 1
            yield f"{number:09}"

    found = find(search(PageAsked(2)), candidates=endless, evaluate=lambda evaluation: Answer(True), store="s")

    assert ids(found) == ["000000001", "000000002"]


def test_a_token_belongs_to_one_search_of_one_store() -> None:
    people = People(["a", "b"], {"a", "b"})
    token = people.find(search(PageAsked(1))).next_token

    assert ids(people.find(search(PageAsked(token=token)))) == ["b"]
    assert ids(people.find(search(PageAsked(1, token)))) == ["b"]
    with pytest.raises(Malformed, match="/page/token belongs to another search"):
        people.find(search(PageAsked(token=token), action="write"))
    with pytest.raises(Malformed, match="/page/token belongs to another search"):
        people.find(search(PageAsked(token=token)), store="another")
    with pytest.raises(Malformed, match="/page/limit must stay the same"):
        people.find(search(PageAsked(2, token)))


def test_a_token_without_a_limit_cannot_be_given_one() -> None:
    many = [f"{number:04}" for number in range(150)]
    people = People(many, set(many))
    token = people.find(search()).next_token

    assert len(people.find(search(PageAsked(token=token))).results) == 50
    with pytest.raises(Malformed, match="/page/limit must stay the same"):
        people.find(search(PageAsked(10, token)))


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "%%%",
        "é",
        "[]",
        *(urlsafe_b64encode(json.dumps(said).encode()).decode() for said in (7, [], ["s", 1, 2], ["s", "a", True], {})),
    ],
)
def test_a_token_of_somebody_else_is_refused(token: str) -> None:
    with pytest.raises(Malformed, match="/page/token is not a token this service gave"):
        People(["a"], {"a"}).find(search(PageAsked(token=token)))


@pytest.mark.parametrize("place", range(0, 60, 3))
def test_a_token_that_was_changed_or_is_signed_for_something_else_is_refused(place: int) -> None:
    people = People(["a", "b"], {"a", "b"})
    token = people.find(search(PageAsked(1))).next_token
    said = signing.loads(token, salt="sentinel.authzen.page")
    changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]

    for other in (changed, token[:-1], signing.dumps(said, salt="another"), urlsafe_b64encode(json.dumps(said).encode()).decode()):
        with pytest.raises(Malformed, match="/page/token is not a token this service gave"):
            people.find(search(PageAsked(token=other)))


@given(st.text(alphabet="ABCabc019-_=+/é ", min_size=1, max_size=40))
def test_no_invented_token_opens_a_page(token: str) -> None:
    with pytest.raises(Malformed):
        People(["a"], {"a"}).find(search(PageAsked(token=token)))


def test_a_result_is_what_was_searched() -> None:
    subject, resource = Named("user", "alice"), Named("record", "r")

    def first(asked: ActionSearch | ResourceSearch) -> dict[str, str]:
        return find(asked, candidates=lambda after: ["k"], evaluate=lambda evaluation: Answer(True), store="s").results[0]

    assert first(ResourceSearch(subject, Action("read"), "record", {}, {})) == {"type": "record", "id": "k"}
    assert first(ActionSearch(subject, resource, {})) == {"name": "k"}


def test_properties_said_of_the_searched_are_said_of_every_candidate() -> None:
    asked = ResourceSearch(Named("user", "alice"), Action("read"), "record", {"status": "archived"}, {"time": "9"})

    assert asked.asked_of("r") == Evaluation(
        Named("user", "alice"), Action("read"), Named("record", "r", {"status": "archived"}), {"time": "9"}
    )
