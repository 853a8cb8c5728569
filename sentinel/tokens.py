"""Decision tokens: JWS in compact form (RFC 7515), signed with Ed25519 (RFC 9864), type `decision+jwt`."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OKPKey

from bankos.platform import keys
from bankos.platform.bounded import read_json

TYPE = "decision+jwt"
ISSUER = "urn:bankos:sentinel"
LONGEST_TOKEN = 100_000
LONGEST_HEADER = 400  # which is read before anybody knows who wrote it

_HEADER = {"alg", "kid", "typ"}


class TokenError(Exception):
    """A decision token that cannot be used for what was asked."""


class TokenInvalid(TokenError):
    """Not a decision token of this bank, or changed since it was signed."""


class TokenNotAPermit(TokenError):
    """The decision was no, or needs an approval first."""


class TokenExpired(TokenError):
    """The permit was not used in time."""


class TokenMismatch(TokenError):
    """The permit is for another action, resource or other parameters."""


class TokenStopped(TokenError):
    """The machine that holds the permit was stopped after it got it."""


class TokenAlreadyUsed(TokenError):
    """The permit has been used; each counts once."""


def sign(claims: dict[str, Any]) -> str:
    """The token that carries these claims, signed with the key in force."""
    key = keys.signing_key()
    signed = b".".join((_header(key.kid), _base64url(orjson.dumps(claims))))
    # Put together here and not by joserfc, which reads it: signing is the larger part of what a decision costs beside its policies.
    return b".".join((signed, _base64url(key.sign(signed)))).decode()


@lru_cache(maxsize=8)
def _header(kid: str) -> bytes:
    return _base64url(json.dumps({"alg": keys.ALGORITHM, "kid": kid, "typ": TYPE}, separators=(",", ":")).encode())


def _base64url(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


def read(token: str) -> dict[str, Any]:
    """The claims of a token, if this bank signed exactly this text: joserfc reads base64 strictly, so a token has one spelling.

    Raises:
        TokenInvalid
    """
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN or token.find(".") > LONGEST_HEADER:
        raise TokenInvalid("not a decision token")
    try:
        signed = jws.deserialize_compact(token, _key_of, algorithms=[keys.ALGORITHM])
        claims = read_json(signed.payload)
    except (JoseError, ValueError, RecursionError) as error:
        raise TokenInvalid("not signed by this bank, or changed since") from error
    if not isinstance(claims, dict) or claims.get("iss") != ISSUER:
        raise TokenInvalid("signed by this bank, but not as a decision")
    return claims


def unverified_claims(token: str) -> dict[str, Any]:
    """What a token says, whether or not it is true: to show it, and to compare it with what is stored."""
    if len(token) > LONGEST_TOKEN:
        return {}
    try:
        claims = read_json(urlsafe_b64decode(token.split(".")[1] + "=="))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def key_id(token: str) -> str:
    """The id of the key a token says it was signed with; of a token that `read` accepts."""
    return str(jws.extract_compact(token.encode()).headers()["kid"])


def _key_of(token: GuestProtocol) -> OKPKey:
    header = token.headers()
    if header.keys() != _HEADER or header["typ"] != TYPE:
        raise TokenInvalid("not a decision token")
    key = keys.public_keys().get(header["kid"]) if isinstance(header["kid"], str) else None
    if key is None:
        raise TokenInvalid("signed by a key this bank never published")
    return key
