"""The attacks on a permit: none leads to a second use, or to a use of something else."""

import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from bankos.platform import clock, keys
from bankos.platform.ids import uuid7
from sentinel import policy, tokens
from sentinel.authority import (
    Decision,
    Outcome,
    TokenAlreadyUsed,
    TokenExpired,
    TokenInvalid,
    TokenMismatch,
    TokenNotAPermit,
    consume,
)

from . import desk
from .desk import CREDIT, TRANSFER, ask, insights, party, use_of

pytestmark = pytest.mark.usefixtures("authority")


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def uses() -> int:
    with connection.cursor() as cursor:
        # The first policies of the bank come into force by a permit, too.
        cursor.execute(
            "SELECT count(*) FROM sentinel_consumption c JOIN sentinel_decision d ON d.id = c.decision_id"
            " WHERE d.action <> 'policy.activate'"
        )
        return int(cursor.fetchone()[0])


def test_a_permit_is_used_for_what_it_was_given_for() -> None:
    decision = ask()

    used = consume(decision.token, **use_of(decision))

    assert used.decision_id == decision.id
    assert uses() == 1


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é.é.é", "." * 5, "e30.e30.e30", "A" * 200_000, "\x00"], ids=repr)
def test_without_a_token_nothing_happens(token: str) -> None:
    with pytest.raises(TokenInvalid):
        consume(token, **use_of(ask()))


def test_a_permit_counts_once() -> None:
    decision = ask()
    consume(decision.token, **use_of(decision))

    with pytest.raises(TokenAlreadyUsed):
        consume(decision.token, **use_of(decision))
    assert uses() == 1


def test_a_use_that_is_rolled_back_leaves_the_permit_good() -> None:
    decision = ask()
    with transaction.atomic():
        consume(decision.token, **use_of(decision))
        transaction.set_rollback(True)

    consume(decision.token, **use_of(decision))


def test_a_permit_ends() -> None:
    decision = ask()

    with CaptureQueriesContext(connection) as captured, pytest.raises(TokenExpired):
        consume(decision.token, **use_of(decision, at=decision.expires_at))
    assert not captured.captured_queries  # the token itself says so


def test_a_permit_ends_by_the_clock_of_the_database_too() -> None:
    """A caller with a wrong clock, or one that lies."""
    decision = ask(at=clock.now() - timedelta(minutes=20))

    with pytest.raises(TokenExpired):
        consume(decision.token, **use_of(decision, at=clock.now() - timedelta(minutes=10)))


def test_the_moment_of_use_is_now() -> None:
    decision = ask()

    with pytest.raises(TokenExpired):
        consume(decision.token, **use_of(decision, at=clock.now() - timedelta(minutes=6)))


@pytest.mark.parametrize(
    "other",
    [
        {"parameters": desk.parameters(TRANSFER, amount="120.01")},
        {"parameters": desk.parameters(TRANSFER, to_arrangement=str(desk.FROM))},
        {"parameters": {}},
        {"parameters": desk.parameters(TRANSFER, extra="1")},
        {"parameters": {"not json": object()}},
        {"action": CREDIT},
        {"resource_id": "party-2"},
        {"resource_type": "Branch"},
    ],
)
def test_a_permit_is_good_for_nothing_else(other: dict[str, Any]) -> None:
    decision = ask()

    with pytest.raises(TokenMismatch):
        consume(decision.token, **use_of(decision, **other))
    assert uses() == 0


@pytest.mark.parametrize("decision", [lambda: ask(amount="5000.00"), lambda: ask(insights()), lambda: ask(amount="50000.00")])
def test_only_a_permit_can_be_used(decision: Callable[[], Decision]) -> None:
    answer = decision()
    assert answer.outcome is not Outcome.PERMIT

    with CaptureQueriesContext(connection) as captured, pytest.raises(TokenNotAPermit):
        consume(answer.token, **use_of(answer))
    assert not captured.captured_queries  # the token itself says so


def test_any_changed_byte_voids_the_token() -> None:
    decision = ask()

    for place, character in enumerate(decision.token):
        for other in ("A", "B", "é", "."):
            if other != character:
                with pytest.raises(TokenInvalid):
                    tokens.read(decision.token[:place] + other + decision.token[place + 1 :])


def test_no_second_spelling_of_the_signature_is_accepted() -> None:
    """Four bits of the last base64 character carry nothing; a lenient reader takes sixteen texts for one token."""
    token = ask().token
    same = [token[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" if last != token[-1]]
    signature = urlsafe_b64decode(token.rpartition(".")[2] + "==")
    twins = [text for text in same if urlsafe_b64decode(text.rpartition(".")[2] + "==") == signature]

    assert len(twins) == 15
    for text in [*twins, token + "=", token + "==", token + "\n", " " + token]:
        with pytest.raises(TokenInvalid):
            tokens.read(text)


def forged(decision: Decision, header: dict[str, Any], key: Any, algorithms: list[str]) -> str:
    return jws.serialize_compact(header, json.dumps(tokens.read(decision.token)), key, algorithms=algorithms)


def test_a_token_without_signature_is_refused() -> None:
    decision = ask()
    payload = decision.token.split(".")[1]
    header = encoded(json.dumps({"alg": "none", "kid": keys.signing_key().kid, "typ": tokens.TYPE}).encode())

    for token in (f"{header}.{payload}.", f"{decision.token.rpartition('.')[0]}."):
        with pytest.raises(TokenInvalid):
            consume(token, **use_of(decision))


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    decision = ask()
    public = keys.signing_key().private.as_dict(private=False)["x"]
    header = {"alg": "HS256", "kid": keys.signing_key().kid, "typ": tokens.TYPE}

    with pytest.raises(TokenInvalid):
        consume(forged(decision, header, OctKey.import_key(str(public)), ["HS256"]), **use_of(decision))


@pytest.mark.parametrize("kid", ["known", "unknown"])
def test_a_token_signed_by_a_key_of_somebody_else_is_refused(kid: str) -> None:
    decision = ask()
    stranger = OKPKey.generate_key("Ed25519", private=True)
    header = {"alg": "Ed25519", "kid": keys.signing_key().kid if kid == "known" else stranger.thumbprint(), "typ": tokens.TYPE}

    with pytest.raises(TokenInvalid):
        consume(forged(decision, header, stranger, ["Ed25519"]), **use_of(decision))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": tokens.ADVICE_TYPE},
        {"typ": ["decision+jwt"]},
        {"jwk": "own"},
        {"alg": "EdDSA"},
        {"kid": 7},
        {"kid": ["x"]},
        {"b64": False},
        {"cty": "text"},
    ],
    ids=str,
)
def test_a_token_of_another_kind_is_refused_even_if_the_bank_signed_it(header: dict[str, Any]) -> None:
    key = keys.signing_key()
    claims = encoded(json.dumps(tokens.read(ask().token)).encode())
    head = encoded(json.dumps({"alg": "Ed25519", "kid": key.kid, "typ": tokens.TYPE} | header).encode())
    signature = key.private.private_key.sign(f"{head}.{claims}".encode())

    with pytest.raises(TokenInvalid):
        tokens.read(f"{head}.{claims}.{encoded(signature)}")


@pytest.mark.parametrize("payload", ["[]", "7", "not json", '{"iss": "somebody"}', '{"iss": ["urn:bankos:sentinel"]}', "{}"])
def test_what_the_bank_signed_for_another_purpose_is_no_decision(payload: str) -> None:
    key = keys.signing_key()
    header = {"alg": "Ed25519", "kid": key.kid, "typ": tokens.TYPE}

    with pytest.raises(TokenInvalid):
        tokens.read(jws.serialize_compact(header, payload, key.private, algorithms=["Ed25519"]))


@pytest.mark.parametrize(
    "said",
    [
        {"aud": "urn:bankos:store:bank"},
        {"aud": ["urn:bankos:bank"]},
        {"aud": None},
        {"iss": tokens.ADVICE_ISSUER},
        {"iss": tokens.ADVICE_ISSUER, "aud": "urn:bankos:store:bank"},
    ],
    ids=str,
)
def test_a_permit_signed_for_somebody_else_is_no_decision_of_the_bank(said: dict[str, Any]) -> None:
    decision = ask()

    with pytest.raises(TokenInvalid):
        consume(tokens.sign(tokens.read(decision.token) | said), **use_of(decision))


@pytest.mark.parametrize("advice", [{"policy": {"store": "records"}}, {"exp": 0}], ids=str)
def test_a_token_of_an_earlier_release_is_read_unless_it_advised_somebody_else(advice: dict[str, Any]) -> None:
    decision = ask()
    before = {name: value for name, value in tokens.read(decision.token).items() if name != "aud"}

    assert tokens.read(tokens.sign(before)) == before
    assert tokens.read_any(tokens.sign(before | advice)) == before | advice
    with pytest.raises(TokenInvalid):
        consume(tokens.sign(before | advice), **use_of(decision))


def test_a_signed_token_without_a_record_permits_nothing() -> None:
    decision = ask()
    claims = tokens.read(decision.token) | {"jti": str(uuid7())}

    with pytest.raises(TokenInvalid):
        consume(tokens.sign(claims), **use_of(decision))


def test_a_signed_permit_for_a_recorded_refusal_permits_nothing() -> None:
    """The signing key alone is not enough: the database keeps its own answer."""
    decision = ask(action=CREDIT, resource=party(days_past_due=9))
    claims = tokens.read(decision.token) | {"outcome": "permit"}

    with pytest.raises(TokenNotAPermit):
        consume(tokens.sign(claims), **use_of(decision))


def insert_by_sql(decision_id: Any, consumed_at: str = "clock_timestamp()") -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("bankos_app",)
        statement = f"INSERT INTO sentinel_consumption (id, decision_id, consumed_at) VALUES (%s, %s, {consumed_at})"
        cursor.execute(statement, [uuid7(), decision_id])


def test_plain_sql_uses_no_refusal() -> None:
    for decision in (ask(amount="50000.00"), ask(amount="5000.00")):
        with pytest.raises(IntegrityError, match="is not a permit"):
            insert_by_sql(decision.id)


def test_a_temporary_table_cannot_stand_in_for_the_decisions() -> None:
    """PostgreSQL looks into temporary tables first, and anybody may make some."""
    decision = ask(amount="50000.00")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE sentinel_decision ON COMMIT DROP AS SELECT * FROM sentinel_decision")
        cursor.execute("UPDATE pg_temp.sentinel_decision SET outcome = 'permit'")
        with pytest.raises(IntegrityError, match="is not a permit"), transaction.atomic():
            insert_by_sql(decision.id)
        transaction.set_rollback(True)


def test_plain_sql_uses_no_expired_permit() -> None:
    decision = ask(at=clock.now() - timedelta(minutes=16))

    with pytest.raises(IntegrityError, match="has expired"):
        insert_by_sql(decision.id)


def test_plain_sql_uses_no_permit_at_another_moment() -> None:
    decision = ask()

    for moment in ("clock_timestamp() - interval '6 minutes'", "clock_timestamp() + interval '6 minutes'"):
        with pytest.raises(IntegrityError, match="another moment"):
            insert_by_sql(decision.id, moment)


def test_plain_sql_uses_no_permit_that_does_not_exist_and_none_twice() -> None:
    decision = ask()
    insert_by_sql(decision.id)

    with pytest.raises(IntegrityError, match="duplicate key"):
        insert_by_sql(decision.id)
    with pytest.raises(IntegrityError, match="there is no decision"):
        insert_by_sql(uuid7())


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_one_permit_at_once_exactly_one_wins() -> None:
    policy.load_starting_set(at=clock.now())
    for _ in range(5):
        decision = ask()
        together, outcomes = threading.Barrier(2, timeout=60), []

        def use(decision: Decision = decision, together: threading.Barrier = together, outcomes: list[str] = outcomes) -> None:
            try:
                with transaction.atomic():
                    together.wait(timeout=10)
                    consume(decision.token, **use_of(decision))
                outcomes.append("won")
            except TokenAlreadyUsed:
                outcomes.append("lost")
            finally:
                connection.close()

        threads = [threading.Thread(target=use) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)

        assert sorted(outcomes) == ["lost", "won"]
