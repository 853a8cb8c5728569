"""What is asked of the authority about programs, and by them."""

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

CLIENT = "ApiClient"


SIGNAL_RECORD = register(
    ActionType(
        name="signal.record",
        title="Record what a customer did in a channel",
        resource_type="Party",
        parameters={"kind": ParameterKind.CODE},
        risk=RiskTier.LOW,
    )
)

WEBHOOK_CHANGE = register(
    ActionType(
        name="webhook.change",
        title="Change what a program is told of",
        resource_type=CLIENT,
        parameters={"change": ParameterKind.CODE},
        risk=RiskTier.MEDIUM,
    )
)
