"""A token says whom it is for: what a store's policies permit is never taken for a permit of the bank."""

import json
from base64 import urlsafe_b64decode
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.test import Client

from bankos.platform import clock
from bankos.platform.ids import uuid7
from sentinel import decisions, tokens
from sentinel.authority import consume
from sentinel.models import Decision
from sentinel.verification import verify_token

from ..desk import compliance
from .service import Caller, client_of, deploy, make

pytestmark = pytest.mark.django_db

RUAIRI, CUSTOMER = str(uuid7()), str(uuid7())
ACTION = "transfer.between_own_accounts"
SCHEMA = f"""
entity employee;
entity Party;
action "{ACTION}" appliesTo {{ principal: [employee], resource: [Party], context: {{}} }};
"""
POLICIES = """
@id("everything") @sentence("Everything is allowed.") @customer("Allowed.") @owner("Anybody") @basis("None")
permit (principal, action, resource);
"""
ASKED = {"subject": {"type": "employee", "id": RUAIRI}, "action": {"name": ACTION}, "resource": {"type": "Party", "id": CUSTOMER}}


@pytest.fixture
def imitator() -> Caller:
    """A store in the bank's own words, which permits everything."""
    make("imitator")
    put = client_of("imitator", manages=True).manage("put", "policies/", {"policies": POLICIES, "schema": SCHEMA})
    assert put.status_code == 200, put.content
    return client_of("imitator")


def part(text: str) -> Any:
    return json.loads(urlsafe_b64decode(text + "=="))


def third_party_accepts(token: str, keys: Any) -> bool:
    """The check docs/authzen.md asks of whoever acts on a permit of the bank, with nothing of this project."""
    header, payload, signature = token.split(".")
    said, claims = part(header), part(payload)
    [key] = [key for key in keys["keys"] if key["kid"] == said["kid"]]
    try:
        public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key["x"] + "=="))
        public.verify(urlsafe_b64decode(signature + "=="), f"{header}.{payload}".encode())
    except InvalidSignature:
        return False
    for_the_bank = (said["typ"], claims["iss"], claims["aud"]) == ("decision+jwt", "urn:bankos:sentinel", "urn:bankos:bank")
    return for_the_bank and claims["outcome"] == "permit" and claims["iat"] <= clock.now().timestamp() < claims["exp"]


def test_a_store_that_speaks_the_banks_words_permits_nothing_of_the_bank(imitator: Caller, client: Client) -> None:
    keys = client.get("/.well-known/jwks.json").json()
    one = imitator.ask("evaluation", ASKED)
    [item] = imitator.ask("evaluations", ASKED | {"evaluations": [{}]})["evaluations"]

    for answer in (one, item):
        token = answer["context"]["token"]
        claims = tokens.read_any(token)
        assert answer["decision"] is True
        assert (claims["outcome"], claims["sub_kind"], claims["sub"]) == ("permit", "employee", RUAIRI), "it does imitate one"
        assert part(token.split(".")[0])["typ"] == "authzen-decision+jwt"
        assert (claims["iss"], claims["aud"]) == ("urn:bankos:sentinel:authzen", "urn:bankos:store:imitator")

        assert not third_party_accepts(token, keys)
        with pytest.raises(tokens.TokenInvalid):
            tokens.read(token)
        with pytest.raises(tokens.TokenInvalid):
            consume(token, action=ACTION, resource_type="Party", resource_id=CUSTOMER, parameters={}, at=clock.now())


def test_neither_the_type_nor_what_it_says_can_be_changed_without_the_key(imitator: Caller, client: Client) -> None:
    keys = client.get("/.well-known/jwks.json").json()
    _, payload, signature = imitator.ask("evaluation", ASKED)["context"]["token"].split(".")
    of_the_bank = tokens.sign({"iss": tokens.ISSUER}).split(".")[0]

    assert not third_party_accepts(f"{of_the_bank}.{payload}.{signature}", keys)
    with pytest.raises(tokens.TokenInvalid):
        tokens.read_any(f"{of_the_bank}.{payload}.{signature}")


def test_a_permit_of_the_bank_is_accepted(authority: None, client: Client) -> None:
    from ..test_consume import ask

    assert third_party_accepts(ask().token, client.get("/.well-known/jwks.json").json())


def test_advice_verifies_and_says_that_it_permits_nothing_here(imitator: Caller) -> None:
    token = imitator.ask("evaluation", ASKED)["context"]["token"]

    verified = verify_token(token)

    assert verified.ok, [check for check in verified.checks if not check.ok]
    assert "permits nothing at the bank" in verified.checks[0].sentence


def test_tokens_signed_before_there_were_audiences_still_verify(imitator: Caller, past_the_guards: Any) -> None:
    row = Decision.objects.get(pk=UUID(imitator.ask("evaluation", ASKED)["context"]["decision"]))
    before = {name: value for name, value in tokens.read_any(row.token).items() if name != "aud"} | {"iss": tokens.ISSUER}
    with past_the_guards():
        Decision.objects.filter(pk=row.pk).update(token=tokens.sign(before))

    verified = decisions.verify(row.pk, actor=compliance())

    assert verified.ok, [check for check in verified.checks if not check.ok]
    with pytest.raises(tokens.TokenInvalid):
        tokens.read(tokens.sign(before))


def test_a_client_of_the_store_reads_its_answers_by_the_stores_audience() -> None:
    app = deploy("records")
    said = {"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "record-1"}}

    assert tokens.read_any(app.ask("evaluation", said)["context"]["token"])["aud"] == tokens.advice_audience("records")
