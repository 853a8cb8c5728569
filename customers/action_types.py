"""What staff may ask to do with what a customer agreed to."""

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

CONSENT_CHANGE = "consent.change"

register(
    ActionType(
        name=CONSENT_CHANGE,
        title="Record what the customer agrees to",
        resource_type="Party",
        parameters={"purpose": ParameterKind.CODE, "given": ParameterKind.CODE},
        risk=RiskTier.LOW,
    )
)
