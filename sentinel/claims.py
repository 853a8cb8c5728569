"""A decision's claims, read from its row: what is signed when it is made, and compared when it is verified."""

from typing import Any

import orjson

from . import tokens
from .models import Decision
from .tokens import ADVICE_ISSUER, AUDIENCE, ISSUER, advice_audience


def claims_of(decision: Decision, *, with_audience: bool = True) -> dict[str, Any]:
    """Ids, codes and hashes only: a token names nobody. Times are whole seconds since 1970 (RFC 7519, NumericDate).

    `sub` is who it is done for and `act` who does it (RFC 8693); without somebody to act for, both are the same. What is asked stands in
    `authorization_details` as in RFC 9396: a type, here the action, and what belongs to it.

    Args:
        with_audience: False for what the releases said that knew no audience: all of it was for the bank.
    """
    version = decision.policy_version
    behalf = decision.on_behalf_of or {"kind": decision.actor_kind, "sub": decision.actor_id}
    return {
        "jti": str(decision.pk),
        **(_from_and_for(decision) if with_audience else {"iss": ISSUER}),
        "iat": int(decision.issued_at.timestamp()),
        "exp": int(decision.expires_at.timestamp()),
        "sub": behalf["sub"],
        "sub_kind": behalf["kind"],
        "act": {"kind": decision.actor_kind, "sub": decision.actor_id, "roles": list(decision.actor_roles)},
        "authorization_details": [
            {
                "type": decision.action,
                "resource": {"type": decision.resource_type, "id": decision.resource_id},
                "parameters": decision.parameters,
                "parameters_hash": decision.parameters_hash,
            }
        ],
        "outcome": str(decision.outcome),
        "obligations": list(decision.obligations),
        "policy": {
            "store": decision.store,
            "version": version.number if version else None,
            "sha256": version.sha256 if version else None,
            "determining": list(decision.rules),
        },
        "autonomy_level": decision.autonomy_level or None,
        "model": decision.model,
        "purposes": list(decision.purposes),
        "consents": [str(consent) for consent in decision.consents],
        "approvals": decision.approvals,
        "context_hash": decision.context_hash,
        "log": {"index": decision.leaf_index},
    }


def _from_and_for(decision: Decision) -> dict[str, str]:
    """Advice is over the moment it is given: a question that came through AuthZEN, of the bank's own store too, got no permit."""
    if decision.expires_at <= decision.issued_at:
        return {"iss": ADVICE_ISSUER, "aud": advice_audience(decision.store)}
    return {"iss": ISSUER, "aud": AUDIENCE}


def signed_claims(decision: Decision) -> dict[str, Any]:
    """The claims of a decision whose token the bank signed and whose record says the same: all that what follows may rest on. Needs
    `policy_version` at hand; its texts may be deferred.

    Raises:
        tokens.TokenInvalid
    """
    claims = tokens.read(decision.token)
    # As JSON has it: what was read says whole numbers and lists, as the token does.
    if claims != orjson.loads(orjson.dumps(claims_of(decision, with_audience=tokens.has_audience(claims)))):
        raise tokens.TokenInvalid("the record of this decision says something else than its token")
    return claims
