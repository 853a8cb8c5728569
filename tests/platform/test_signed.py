"""The database checks signatures itself: the same answers as a library that does nothing else."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankos.platform import keys

pytestmark = pytest.mark.django_db
ORDER = 2**252 + 27742317777372353535851937790883648493

# RFC 8032, section 7.1: TEST 1, 2 and 3: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT platform_ed25519_verify(%s, %s, %s)", [public, message, signature])
        return bool(cursor.fetchone()[0])


def said(token: str | None, type: str = "test+jwt") -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT platform_signed(%s, %s)", [token, type])
        found = cursor.fetchone()[0]
        return json.loads(found) if isinstance(found, str) else found


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token(header: dict[str, Any] | None = None, payload: bytes = b'{"a":1}') -> str:
    key = keys.signing_key()
    head = header if header is not None else {"alg": "Ed25519", "kid": key.kid, "typ": "test+jwt"}
    signed = f"{b64(json.dumps(head).encode())}.{b64(payload)}"
    return f"{signed}.{b64(key.sign(signed.encode()))}"


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_standards_own_vectors_hold(public: str, message: str, signature: str) -> None:
    assert holds(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))
    assert not holds(bytes.fromhex(public), bytes.fromhex(message) + b"\0", bytes.fromhex(signature))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=300), bit=st.integers(0, 511), other=st.integers(0, 255))
def test_what_a_key_signed_holds_and_nothing_a_bit_away_from_it(seed: bytes, message: bytes, bit: int, other: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    altered, stranger = bytearray(signature), bytearray(public)
    altered[bit // 8] ^= 1 << bit % 8
    stranger[other // 8] ^= 1 << other % 8

    assert holds(public, message, signature)
    assert not holds(public, message, bytes(altered))
    assert not holds(bytes(stranger), message, signature)


def test_a_signature_has_one_spelling() -> None:
    """S and S + L verify alike where S is not asked to be reduced (RFC 8032, 5.1.7)."""
    key = Ed25519PrivateKey.generate()
    signature = key.sign(b"once")
    raised = int.from_bytes(signature[32:], "little") + ORDER

    assert not holds(key.public_key().public_bytes_raw(), b"once", signature[:32] + raised.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "public",
    [bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"\xed" + b"\xff" * 30 + b"\x7f", b"\x01" + bytes(30) + b"\x80", b"short", bytes(33)],
    ids=["of small order", "the neutral point", "no field element", "p for 0", "minus zero", "too short", "too long"],
)
def test_with_no_key_or_a_weak_one_nothing_can_be_forged(public: bytes) -> None:
    assert not holds(public, b"anything", b"\x02" + bytes(63))
    assert not holds(public, b"anything", b"")


def test_the_payload_of_what_the_bank_signed_is_told() -> None:
    assert said(token()) == {"a": 1}
    assert said(None) is None


@pytest.mark.parametrize(
    "forge",
    [
        lambda: token({"alg": "none", "typ": "test+jwt", "kid": keys.signing_key().kid}),
        lambda: token({"alg": "Ed25519", "typ": "other+jwt", "kid": keys.signing_key().kid}),
        lambda: token({"alg": "Ed25519", "typ": "test+jwt", "kid": "nobody"}),
        lambda: token({"alg": "Ed25519", "typ": "test+jwt"}),
        lambda: token({"alg": "Ed25519", "typ": "test+jwt", "kid": keys.signing_key().kid, "crit": ["b64"]}),
        lambda: token()[:-1] + ("A" if token()[-1] != "A" else "B"),
        lambda: token().replace(".", "..", 1),
        lambda: token() + "\n",
        lambda: " " + token(),
        lambda: token() + "=",
        lambda: "",
        lambda: ".".join(["e30"] * 2 + ["A" * 86]),
        lambda: "a." * 60_000 + "A" * 86,
    ],
)
def test_nothing_else_is_believed(forge: Any) -> None:
    assert said(forge()) is None


def test_a_key_of_ones_own_cannot_be_published() -> None:
    for statement in (
        "INSERT INTO platform_publishedkey VALUES ('mine', '\\x00', now())",
        "UPDATE platform_publishedkey SET public = '\\x00'",
        "DELETE FROM platform_publishedkey",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_no_function_is_open_to_everybody() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')"
            r" AND p.proname NOT LIKE 'tests\_%' AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee = 0))"
        )
        assert cursor.fetchall() == []
