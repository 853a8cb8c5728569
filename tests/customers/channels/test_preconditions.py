"""A condition that cannot be read, or that nobody evaluates, never lets a change through."""

import gzip
from typing import Any

import pytest
from django.test import Client

from bankos.platform import preconditions
from bankos.platform.problems import Problem
from tests.bank import Customer

from .conftest import Deploy

SAID = {"purpose": "marketing", "given": False, "channel": "app"}
MALFORMED = [
    "", " ", ",", "garbage", "abc-def", '"open', 'open"', "'single'", 'w/"a"', 'W/ "a"', 'W/a', '"a" "b"', '"a";"b"', '*, "a"', '"a", *',
    "**",
    '"a b"', '"a"b', "null", '"a", b', '"a"\x00', "\u201ca\u201d", "0", "%22a%22", '"a""b"',
]  # fmt: skip


class Asked:
    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.mark.parametrize("text", MALFORMED)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_what_is_no_list_of_tags_is_refused(header: str, text: str) -> None:
    asked = Asked()
    asked.headers[header] = text
    with pytest.raises(Problem) as refused:
        preconditions.tags(asked, header)
    assert (refused.value.status_code, refused.value.get_codes()) == (400, "bad_condition")


@pytest.mark.parametrize(
    ("text", "strong", "weak"),
    [
        ('"a"', {'"a"'}, set()),
        (' "a" ,"b",\t W/"c" ', {'"a"', '"b"'}, {'"c"'}),
        ('"a",,"b",', {'"a"', '"b"'}, set()),
        ('""', {'""'}, set()),
        ('"a,b"', {'"a,b"'}, set()),
        ('"W/a"', {'"W/a"'}, set()),
        ('"a-gzip"', {'"a"'}, set()),
    ],
)
def test_a_list_is_read_as_the_standard_has_it(text: str, strong: set[str], weak: set[str]) -> None:
    named = preconditions.tags(Asked(If_Match=text), "If-Match")
    assert named is not None
    assert (named.strong, named.weak, named.anything) == (strong, weak, False)


@pytest.mark.parametrize("text", ["garbage", "stale-without-quotes", '"', "", 'W/"', '*,"x"'])
def test_a_malformed_condition_changes_nothing(deploy: Deploy, ines: Customer, text: str) -> None:
    app, path = deploy(reach="spoken_for"), f"customers/{ines.id}/consents/"
    before = app.get(path, for_=ines).json()
    refused = app.post(path, SAID, for_=ines, If_Match=text)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_condition")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert app.get(path, for_=ines).json() == before


def test_a_weak_tag_never_fits_a_strong_condition(deploy: Deploy, ines: Customer) -> None:
    app, path = deploy(reach="spoken_for"), f"customers/{ines.id}/consents/"
    tag = app.get(path, for_=ines).headers["ETag"]
    for stale in (f"W/{tag}", '"other"', f'"other", W/{tag}', tag.upper(), tag.replace('"', '"x', 1)):
        assert app.post(path, SAID, for_=ines, If_Match=stale).status_code == 412
    assert app.get(path, for_=ines, If_None_Match=f"W/{tag}").status_code == 304
    assert app.post(path, SAID, for_=ines, If_Match=f'"other", {tag}').status_code == 204
    assert app.post(path, SAID, for_=ines, If_Match="*").status_code == 204


@pytest.mark.parametrize("kind", ["", "timeline/", "consents/"])
def test_a_malformed_tag_at_hand_is_told(deploy: Deploy, ines: Customer, kind: str) -> None:
    refused = deploy().get(f"customers/{ines.id}/{kind}", If_None_Match="garbage")
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_condition")


@pytest.mark.parametrize("header", ["If_Match", "If_None_Match", "If_Unmodified_Since"])
def test_a_condition_nobody_evaluates_is_refused(deploy: Deploy, ines: Customer, header: str) -> None:
    refused = deploy().post("events/", [], **{header: '"x"' if "Match" in header else "Mon, 30 Nov 2026 10:00:00 GMT"})
    assert (refused.status_code, refused.json()["code"]) == (400, "condition_not_evaluated")
    app = deploy(reach="spoken_for")
    late = app.post(f"customers/{ines.id}/consents/", SAID, for_=ines, If_Unmodified_Since="Mon, 30 Nov 2020 10:00:00 GMT")
    assert (late.status_code, late.json()["code"]) == (400, "condition_not_evaluated")


def test_a_compressed_body_has_a_strong_tag_of_its_own(deploy: Deploy, ines: Customer) -> None:
    app, path = deploy(reach="spoken_for"), f"customers/{ines.id}/"
    plain = app.get(path, for_=ines)
    bodies = [app.get(path, for_=ines, Accept_Encoding="gzip") for _ in range(3)]
    tag = bodies[0].headers["ETag"]
    assert bodies[0].headers["Content-Encoding"] == "gzip"
    assert tag == plain.headers["ETag"][:-1] + '-gzip"'
    assert len({body.content for body in bodies}) == 1, "one strong tag, two bodies"
    assert gzip.decompress(bodies[0].content) == plain.content
    again = app.get(path, for_=ines, Accept_Encoding="gzip", If_None_Match=tag)
    assert (again.status_code, again.headers["ETag"]) == (304, tag)
    consents = f"{path}consents/"
    small = app.get(consents, for_=ines).headers["ETag"]
    assert app.post(consents, SAID, for_=ines, If_Match=f'{small[:-1]}-gzip"').status_code == 204


@pytest.mark.parametrize("key", ["", '"', '""', '"a', 'a"', "a b", "a,b", "\x07", "clé", "x" * 5_000, '"a""b"', '"\\x"'])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(Problem) as refused:
        preconditions.idempotency_key(Asked(Idempotency_Key=key), longest=200)
    assert refused.value.get_codes() == "bad_key"


@pytest.mark.parametrize(
    ("text", "key"), [("abc-1", "abc-1"), ('"abc-1"', "abc-1"), ('"a b"', "a b"), ('"a\\"b"', 'a"b'), ("8e03978e-40d5", "8e03978e-40d5")]
)
def test_a_key_is_a_word_or_a_quoted_text(text: str, key: str) -> None:
    assert preconditions.idempotency_key(Asked(Idempotency_Key=text), longest=200) == key


def test_an_empty_name_of_a_customer_is_not_nobody(deploy: Deploy, ines: Customer) -> None:
    app: Any = deploy(reach="spoken_for")
    answer = Client().get(f"/api/v1/customers/{ines.id}/", headers={"Authorization": f"Bearer {app.secret}", "X-On-Behalf-Of": ""})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_on_behalf_of")
