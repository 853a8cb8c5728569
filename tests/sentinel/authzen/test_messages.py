"""What is read as a request, what is refused, and where a refusal points."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sentinel.authzen import messages
from sentinel.authzen.messages import Batch, Evaluation, Malformed, Semantic

from .schemas import fits, schemas

ALICE = {"type": "user", "id": "alice"}
READ = {"name": "read"}
RECORD = {"type": "record", "id": "record-1"}
REQUEST = {"subject": ALICE, "action": READ, "resource": RECORD}

READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "evaluation-request": messages.evaluation,
    "evaluations-request": messages.evaluations,
    "subject-search-request": messages.subject_search,
    "resource-search-request": messages.resource_search,
    "action-search-request": messages.action_search,
}


def sent(said: Any) -> Mapping[str, Any]:
    return messages.read(json.dumps(said).encode())


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in REQUEST.items() if name != member}


def refusal(read: Callable[[Mapping[str, Any]], Any], said: Any) -> Malformed:
    with pytest.raises(Malformed) as refused:
        read(sent(said))
    return refused.value


def batch(**said: Any) -> Batch:
    read = messages.evaluations(sent(said))
    assert isinstance(read, Batch)
    return read


@pytest.mark.parametrize(
    ("said", "pointer", "problem"),
    [
        (without("subject"), "/subject", "is missing"),
        (without("action"), "/action", "is missing"),
        (without("resource"), "/resource", "is missing"),
        (REQUEST | {"subject": {"id": "alice"}}, "/subject/type", "is missing"),
        (REQUEST | {"subject": {"type": "user"}}, "/subject/id", "is missing"),
        (REQUEST | {"action": {}}, "/action/name", "is missing"),
        (REQUEST | {"resource": {"id": "record-1"}}, "/resource/type", "is missing"),
        (REQUEST | {"resource": {"type": "record"}}, "/resource/id", "is missing"),
        (REQUEST | {"subject": "alice"}, "/subject", "must be an object, not a string"),
        (REQUEST | {"action": {"name": 123}}, "/action/name", "must be a string, not a number"),
        (REQUEST | {"resource": {"type": "record", "id": None}}, "/resource/id", "must be a string, not null"),
        (REQUEST | {"subject": ALICE | {"properties": []}}, "/subject/properties", "must be an object, not an array"),
        (REQUEST | {"context": True}, "/context", "must be an object, not a boolean"),
        (REQUEST | {"subject": {"type": "", "id": "alice"}}, "/subject/type", "must have 1 to 512 characters"),
        (REQUEST | {"resource": {"type": "record", "id": "r" * 513}}, "/resource/id", "must have 1 to 512 characters"),
    ],
)
def test_what_is_missing_or_of_the_wrong_type_is_named_with_its_place(said: Any, pointer: str, problem: str) -> None:
    refused = refusal(messages.evaluation, said)

    assert (refused.pointer, refused.problem) == (pointer, problem)


def test_members_the_standard_does_not_name_change_nothing() -> None:
    more = REQUEST | {"foo": "bar", "futureField": {"nested": True}, "subject": ALICE | {"version": 3}}

    assert messages.evaluation(sent(more)) == messages.evaluation(sent(REQUEST))


def test_an_action_without_properties_differs_from_one_with_none_in_them() -> None:
    assert messages.evaluation(sent(REQUEST)).action.properties is None
    assert messages.evaluation(sent(REQUEST | {"action": READ | {"properties": {}}})).action.properties == {}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "has no body"),
        (b"  \n", "has no body"),
        (b"{", "is not JSON"),
        (b"\xff\xfe{}", "is not JSON"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[]", "must be an object, not an array"),
        (b'"alice"', "must be an object, not a string"),
        (b'{"subject": {"id": "alice", "id": "bob"}}', 'names the member "id" twice'),
        (b'{"context": {"amount": 9007199254740993}}', "/context/amount is a number no double can hold exactly"),
        (b'{"context": {"a/b": [1e400]}}', "/context/a~1b/0 is a number no double can hold"),
        (b'{"context": {"name": "\\ud800"}}', "/context/name holds half a character"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "is nested deeper than 16 levels"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "larger than"),
        (b"[" * 400_000 + b"]" * 400_000, "is nested deeper than 16 levels"),
        (b'{"a": ' + b"9" * 6_000 + b"}", "is not JSON"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_body_two_readers_could_understand_differently_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(Malformed) as refused:
        messages.read(body)

    assert said in str(refused.value)


def test_sixteen_levels_are_read() -> None:
    assert messages.read(b'{"a":' * 16 + b"1" + b"}" * 16)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,0129.eE+-\\udtrue ', max_size=60).map(str.encode))
def test_whatever_the_bytes_they_are_refused_or_read_as_any_reader_would(body: bytes) -> None:
    try:
        read = messages.read(body)
    except Malformed:
        return
    assert read == json.loads(body)


@pytest.mark.parametrize("more", [{}, {"evaluations": []}])
def test_without_items_a_batch_is_a_single_evaluation(more: dict[str, Any]) -> None:
    assert messages.evaluations(sent(REQUEST | more)) == messages.evaluation(sent(REQUEST))


def test_without_items_what_an_evaluation_lacks_refuses_the_whole() -> None:
    assert refusal(messages.evaluations, {"evaluations": []}).pointer == "/subject"


def test_the_top_level_fills_in_what_an_item_leaves_out() -> None:
    read = batch(subject=ALICE, action=READ, context={"time": "9"}, evaluations=[{"resource": RECORD}, {**REQUEST, "context": {}}])

    first, second = read.items
    assert first == Evaluation(
        messages.Named("user", "alice"), messages.Action("read"), messages.Named("record", "record-1"), {"time": "9"}
    )
    assert second == messages.evaluation(sent(REQUEST))


def test_an_item_replaces_a_default_whole() -> None:
    read = batch(
        subject=ALICE,
        action={"name": "write", "properties": {"soft": True}},
        resource={"type": "record", "id": "record-9", "properties": {"status": "archived", "owner": "bob"}},
        context={"time": "9", "ip": "::1"},
        evaluations=[{"resource": RECORD, "action": READ, "context": {"time": "10"}}],
    )

    assert read.items[0] == Evaluation(
        messages.Named("user", "alice"), messages.Action("read"), messages.Named("record", "record-1"), {"time": "10"}
    )


# What an item may say of an entity without naming it, and the member that is missing then.
INCOMPLETE = [
    ({"subject": {}}, "subject/type"),
    ({"subject": {"type": "user"}}, "subject/id"),
    ({"subject": {"id": "alice"}}, "subject/type"),
    ({"subject": {"properties": {"role": "admin"}}}, "subject/type"),
    ({"action": {}}, "action/name"),
    ({"action": {"properties": {"soft": True}}}, "action/name"),
    ({"resource": {}}, "resource/type"),
    ({"resource": {"type": "record"}}, "resource/id"),
    ({"resource": {"id": "record-1"}}, "resource/type"),
    ({"resource": {"properties": {"status": "active"}}}, "resource/type"),
    ({"resource": {"typ": "record", "ID": "record-1"}}, "resource/type"),
]


@pytest.mark.parametrize(("item", "missing"), INCOMPLETE)
def test_an_entity_an_item_names_by_half_is_never_completed_from_the_default(item: dict[str, Any], missing: str) -> None:
    read = batch(**REQUEST, evaluations=[item, {}])

    broken, whole = read.items
    assert isinstance(broken, Malformed)
    assert str(broken) == f"/evaluations/0/{missing} is missing"
    assert whole == messages.evaluation(sent(REQUEST))


@pytest.mark.parametrize(("half", "missing"), INCOMPLETE)
def test_a_default_named_by_half_spoils_only_the_items_that_rely_on_it(half: dict[str, Any], missing: str) -> None:
    [member] = half
    relying, saying = batch(**(REQUEST | half), evaluations=[{}, {member: REQUEST[member]}]).items

    assert isinstance(relying, Malformed)
    assert str(relying) == f"/evaluations/0/{missing} is missing"
    assert saying == messages.evaluation(sent(REQUEST))


@pytest.mark.parametrize("member", ["subject", "action", "resource", "context"])
@pytest.mark.parametrize("said", [None, "alice", [], 0, False])
def test_what_is_no_entity_does_not_fall_back_to_the_default_either(member: str, said: Any) -> None:
    read = batch(**REQUEST, context={"time": "9"}, evaluations=[{member: said}])

    assert isinstance(read.items[0], Malformed)


def test_an_item_that_cannot_be_read_stays_in_its_place() -> None:
    read = batch(subject=ALICE, action=READ, evaluations=[{}, 7, {"resource": RECORD}, {"resource": RECORD | {"id": 5}}])

    assert [isinstance(item, Evaluation) for item in read.items] == [False, False, True, False]
    assert [str(item) for item in read.items if isinstance(item, Malformed)] == [
        "/evaluations/0/resource is missing",
        "/evaluations/1 must be an object, not a number",
        "/evaluations/3/resource/id must be a string, not a number",
    ]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"evaluations": {}}, "/evaluations"),
        ({"evaluations": [{}] * 101}, "/evaluations"),
        ({"options": []}, "/options"),
        ({"options": {"evaluations_semantic": "first"}}, "/options/evaluations_semantic"),
        ({"options": {"evaluations_semantic": ["execute_all"]}}, "/options/evaluations_semantic"),
        ({"subject": "alice"}, "/subject"),
        ({"resource": {"type": 1}}, "/resource/type"),
        ({"action": {"properties": 1}}, "/action/properties"),
        ({"context": 1}, "/context"),
    ],
)
def test_what_is_wrong_with_the_whole_refuses_the_whole(more: dict[str, Any], pointer: str) -> None:
    assert refusal(messages.evaluations, {"evaluations": [REQUEST]} | more).pointer == pointer


def test_a_hundred_evaluations_are_taken_at_once() -> None:
    assert len(batch(evaluations=[REQUEST] * 100).items) == 100


def test_every_semantic_of_the_standard_is_known_and_all_are_executed_by_default() -> None:
    assert batch(evaluations=[REQUEST]).semantic is Semantic.EXECUTE_ALL
    for semantic in Semantic:
        assert batch(evaluations=[REQUEST], options={"evaluations_semantic": semantic, "other": 1}).semantic is semantic


def test_the_id_of_what_is_searched_is_ignored() -> None:
    subjects = {"subject": {"type": "user"}, "action": READ, "resource": RECORD}
    resources = {"subject": ALICE, "action": READ, "resource": {"type": "record"}}

    assert messages.subject_search(sent(subjects)) == messages.subject_search(sent(subjects | {"subject": ALICE | {"id": 7}}))
    assert messages.resource_search(sent(resources)) == messages.resource_search(sent(resources | {"resource": RECORD}))
    assert messages.action_search(sent(REQUEST)) == messages.action_search(sent(without("action")))


@pytest.mark.parametrize(
    ("kind", "said", "pointer"),
    [
        ("subject", {"subject": {"type": "user"}, "resource": RECORD}, "/action"),
        ("subject", {"subject": {"type": "user"}, "action": READ, "resource": {"type": "record"}}, "/resource/id"),
        ("subject", {"subject": {"id": "alice"}, "action": READ, "resource": RECORD}, "/subject/type"),
        ("resource", {"action": READ, "resource": {"type": "record"}}, "/subject"),
        ("resource", {"subject": {"type": "user"}, "action": READ, "resource": {"type": "record"}}, "/subject/id"),
        ("resource", {"subject": ALICE, "action": READ, "resource": {"id": "record-1"}}, "/resource/type"),
        ("action", {"subject": ALICE}, "/resource"),
        ("action", REQUEST | {"page": 1}, "/page"),
        ("action", REQUEST | {"page": {"limit": -1}}, "/page/limit"),
        ("action", REQUEST | {"page": {"limit": 1.5}}, "/page/limit"),
        ("action", REQUEST | {"page": {"limit": True}}, "/page/limit"),
        ("action", REQUEST | {"page": {"token": 1}}, "/page/token"),
        ("action", REQUEST | {"page": {"token": "t" * 4_097}}, "/page/token"),
        ("action", REQUEST | {"page": {"properties": 1}}, "/page/properties"),
    ],
)
def test_a_search_that_lacks_something_is_refused(kind: str, said: Any, pointer: str) -> None:
    assert refusal(READERS[f"{kind}-search-request"], said).pointer == pointer


# Bodies that are nearly right: each member present or not, right or of another type.
odd = st.sampled_from([None, True, 7, 1.5, "", "text", [], {}])
nearly = {
    "named": st.fixed_dictionaries(
        {}, optional={"type": st.just("user") | odd, "id": st.just("alice") | odd, "properties": st.just({}) | odd}
    ),
    "action": st.fixed_dictionaries({}, optional={"name": st.just("read") | odd, "properties": st.just({}) | odd}),
    "page": st.fixed_dictionaries({}, optional={"token": st.just("t") | odd, "limit": st.just(3) | odd, "properties": st.just({}) | odd}),
    "options": st.fixed_dictionaries({}, optional={"evaluations_semantic": st.sampled_from(list(Semantic)) | odd}),
}
bodies = st.fixed_dictionaries(
    {},
    optional={
        "subject": nearly["named"] | odd,
        "action": nearly["action"] | odd,
        "resource": nearly["named"] | odd,
        "context": st.just({}) | odd,
        "page": nearly["page"] | odd,
        "options": nearly["options"] | odd,
        "evaluations": st.lists(nearly["named"] | odd, max_size=2) | odd,
        "unknown": odd,
    },
)


@pytest.mark.parametrize("name", READERS)
@given(said=bodies | st.just(REQUEST))
def test_what_is_read_is_what_the_schema_describes(name: str, said: dict[str, Any]) -> None:
    try:
        READERS[name](sent(said))
        accepted = True
    except Malformed:
        accepted = False

    assert accepted is fits(name, said)


@pytest.mark.parametrize("name", schemas())
def test_every_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schemas()[name])
