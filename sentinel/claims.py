"""A decision's claims, read from its row: what is signed when it is made, and compared when it is verified."""

from typing import Any

from .canonical import content_hash
from .models import Decision
from .policy import BANK
from .tokens import ISSUER


def claims_of(decision: Decision) -> dict[str, Any]:
    """Ids, codes and hashes only: a token names nobody. Times are whole seconds since 1970 (RFC 7519, NumericDate)."""
    version = decision.policy_version
    return {
        "jti": str(decision.pk),
        "iss": ISSUER,
        "iat": int(decision.issued_at.timestamp()),
        "exp": int(decision.expires_at.timestamp()),
        "act": {"kind": decision.actor_kind, "sub": decision.actor_id, "roles": list(decision.actor_roles)},
        "action": decision.action,
        "resource": {"type": decision.resource_type, "id": decision.resource_id},
        "parameters": decision.parameters,
        "params_hash": decision.parameters_hash,
        "outcome": str(decision.outcome),
        "obligations": list(decision.obligations),
        "policy": {
            "store": version.store if version else BANK,
            "version": version.number if version else None,
            "sha256": version.sha256 if version else None,
            "determining": list(decision.rules),
        },
        "autonomy_level": decision.autonomy_level or None,
        "model": decision.model,
        "purposes": list(decision.purposes),
        "consents": [str(consent) for consent in decision.consents],
        "approval": str(decision.approval_id) if decision.approval_id else None,
        "context_hash": content_hash(decision.context),
    }
