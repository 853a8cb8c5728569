"""What may be asked to be done when customers ask for what is theirs."""

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

PARTY = "Party"

ASK = register(
    ActionType(
        name="rights.ask",
        title="Record what a customer asks for",
        resource_type=PARTY,
        parameters={"kind": ParameterKind.CODE, "checked": ParameterKind.CODE, "heard_on": ParameterKind.CODE},
        risk=RiskTier.LOW,
    )
)
HAND_OUT = register(
    ActionType(
        name="access.hand_out",
        title="Download the copy of a customer's data",
        resource_type=PARTY,
        parameters={"request": ParameterKind.UUID},
        risk=RiskTier.HIGH,
    )
)
ANSWER = register(
    ActionType(
        name="correction.answer",
        title="Answer a correction for a source",
        resource_type=PARTY,
        parameters={"request": ParameterKind.UUID, "answer": ParameterKind.CODE},
        risk=RiskTier.MEDIUM,
    )
)
HOLD = register(
    ActionType(
        name="hold.place",
        title="Keep a customer's data from being erased",
        resource_type=PARTY,
        parameters={"until": ParameterKind.DATE, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
    )
)
ERASE_DUE = register(
    ActionType(
        name="customer.erase_due",
        title="Erase what need not be kept any longer",
        resource_type=PARTY,
        parameters={"request": ParameterKind.UUID, "category": ParameterKind.CODE},
        risk=RiskTier.HIGH,
    )
)
