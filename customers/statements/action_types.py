"""What may be asked to be done with what customers state of themselves."""

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

STATE = register(
    ActionType(
        name="detail.state",
        title="Record what a customer states of themselves",
        resource_type="Party",
        parameters={
            "attribute": ParameterKind.CODE,
            "evidence": ParameterKind.CODE,
            "checked": ParameterKind.CODE,
            "heard_on": ParameterKind.CODE,
        },
        risk=RiskTier.MEDIUM,
    )
)
