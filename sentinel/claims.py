"""A decision's claims, read from its row: what is signed when it is made, and compared when it is verified."""

from typing import Any

from .models import Decision
from .tokens import ISSUER


def claims_of(decision: Decision) -> dict[str, Any]:
    """Ids, codes and hashes only: a token names nobody. Times are whole seconds since 1970 (RFC 7519, NumericDate).

    `sub` is who it is done for and `act` who does it (RFC 8693); without somebody to act for, both are the same. What is asked stands in
    `authorization_details` as in RFC 9396: a type, here the action, and what belongs to it.
    """
    version = decision.policy_version
    behalf = decision.on_behalf_of or {"kind": decision.actor_kind, "sub": decision.actor_id}
    return {
        "jti": str(decision.pk),
        "iss": ISSUER,
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
