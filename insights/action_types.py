"""The two answers that change nothing outside, as actions the policies can speak about."""

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

register(
    ActionType(
        name="recommendation.postpone",
        title="Put a suggestion off",
        resource_type="Party",
        parameters={"recommendation": ParameterKind.UUID, "until": ParameterKind.DATE},
        risk=RiskTier.LOW,
    )
)
register(
    ActionType(
        name="recommendation.decline",
        title="Decline a suggestion",
        resource_type="Party",
        parameters={"recommendation": ParameterKind.UUID, "reason": ParameterKind.CODE},
        risk=RiskTier.LOW,
    )
)
