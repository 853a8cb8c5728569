"""What may be asked to be done to see more of a customer than one sees anyway."""

from datetime import timedelta

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

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

# Who sees whom, beyond one's own role. What waits for a second person is answered within a week.

ACCESS_LIST, MASKING = "AccessList", "Masking"
_ANSWERED_WITHIN = timedelta(days=7)
