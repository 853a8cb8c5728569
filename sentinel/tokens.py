"""Decision tokens: JWS in compact form (RFC 7515), signed with Ed25519 (RFC 9864).

Two kinds, told apart by the header's type and by issuer and audience: the bank's own decisions (`decision+jwt`), which alone permit
anything here, and answers to other systems that asked through AuthZEN (`authzen-decision+jwt`), advice for the store they were asked of.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OKPKey

from bankos.platform import keys
from bankos.platform.bounded import read_json

from .models.stores import BANK

TYPE, ADVICE_TYPE = "decision+jwt", "authzen-decision+jwt"
ISSUER, ADVICE_ISSUER = "urn:bankos:sentinel", "urn:bankos:sentinel:authzen"
AUDIENCE = "urn:bankos:bank"
_ADVICE_AUDIENCE = "urn:bankos:store:"  # and the store's name
LONGEST_TOKEN = 100_000
LONGEST_HEADER = 400  # which is read before anybody knows who wrote it

_HEADER = {"alg", "kid", "typ"}
_TYPES = {ISSUER: TYPE, ADVICE_ISSUER: ADVICE_TYPE}


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


def advice_audience(store: str) -> str:
    """Whom an answer through AuthZEN is for: the systems that ask this store."""
    return f"{_ADVICE_AUDIENCE}{store}"


def sign(claims: Mapping[str, Any], *, type: str = "") -> str:
    """The token that carries these claims, of `type` or the one their issuer has, signed with the key in force."""
    key = keys.signing_key()
    signed = b".".join((_header(key.kid, type or _TYPES[claims["iss"]]), _base64url(orjson.dumps(claims))))
    # Put together here and not by joserfc, which reads it: signing is the larger part of what a decision costs beside its policies.
    return b".".join((signed, _base64url(key.sign(signed)))).decode()


@lru_cache(maxsize=8)
def _header(kid: str, type: str) -> bytes:
    return _base64url(json.dumps({"alg": keys.ALGORITHM, "kid": kid, "typ": type}, separators=(",", ":")).encode())


def _base64url(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


def read(token: str) -> dict[str, Any]:
    """The claims of a decision of the bank, if it signed exactly this text: what was answered to other systems is refused.

    Raises:
        TokenInvalid
    """
    claims = read_any(token)
    if is_advice(claims):
        raise TokenInvalid("an answer to another system, not a decision of the bank")
    return claims


def read_any(token: str) -> dict[str, Any]:
    """The claims of a decision of the bank or of advice, to show or to verify it; nothing may be done on its word (see `read`).

    joserfc reads base64 strictly, so a token has one spelling.

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
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    if not isinstance(issuer, str) or _TYPES.get(issuer) != signed.headers()["typ"]:
        raise TokenInvalid("signed by this bank, but not as a decision")
    if has_audience(claims) and claims.get("aud") != (AUDIENCE if issuer == ISSUER else advice_audience(_store(claims))):
        raise TokenInvalid("signed by this bank, but for somebody else")
    return claims


def has_audience(claims: Mapping[str, Any]) -> bool:
    """Tokens of releases before the two kinds had names of their own say of neither whom it is for."""
    return "aud" in claims or claims.get("iss") == ADVICE_ISSUER


def is_advice(claims: Mapping[str, Any]) -> bool:
    """An answer through AuthZEN, which never lived as a permit; by its name, or, before there was one, by its life."""
    return bool(claims["iss"] == ADVICE_ISSUER or claims["exp"] <= claims["iat"] or _store(claims) != BANK)


def _store(claims: Mapping[str, Any]) -> str:
    return str(claims["policy"]["store"])


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
    if header.keys() != _HEADER or header["typ"] not in _TYPES.values():
        raise TokenInvalid("not a decision token")
    key = keys.public_keys().get(header["kid"]) if isinstance(header["kid"], str) else None
    if key is None:
        raise TokenInvalid("signed by a key this bank never published")
    return key
