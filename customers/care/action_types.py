"""What may be asked to be done to see more of a customer than one sees anyway."""

from datetime import timedelta

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

UNMASK = register(
    ActionType(
        name="customer.unmask",
        title="Uncover a masked field",
        resource_type="Party",
        parameters={"field": ParameterKind.CODE, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    )
)
BREAK_GLASS = register(
    ActionType(
        name="customer.break_glass",
        title="Look at a customer in an emergency",
        resource_type="Party",
        parameters={"minutes": ParameterKind.INTEGER, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=timedelta(hours=1),
    )
)
END_EMERGENCY = register(
    ActionType(
        name="customer.end_emergency",
        title="End an emergency access",
        resource_type="Party",
        parameters={"access": ParameterKind.UUID, "asked_by": ParameterKind.NAME},
        risk=RiskTier.LOW,
    )
)
REVIEW_EMERGENCY = register(
    ActionType(
        name="customer.review_emergency",
        title="Review an emergency access",
        resource_type="Party",
        parameters={
            "access": ParameterKind.UUID,
            "asked_by": ParameterKind.NAME,
            "verdict": ParameterKind.CODE,
            "note": ParameterKind.TEXT,
        },
        risk=RiskTier.LOW,
    )
)
