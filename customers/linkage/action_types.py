"""What may be asked to be done with who a customer is."""

from datetime import timedelta

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

PARTY_JOIN = register(
    ActionType(
        name="party.join",
        title="Make two customers one",
        resource_type="Party",
        parameters={"other": ParameterKind.UUID, "contradicts": ParameterKind.CODE, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=timedelta(days=7),
    )
)
PARTY_TELL_APART = register(
    ActionType(
        name="party.tell_apart",
        title="Say that two customers are two people",
        resource_type="Party",
        parameters={"other": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    )
)
LINKAGE_RUN = register(
    ActionType(
        name="linkage.run",
        title="Compare all customers with each other",
        resource_type="Linkage",
        parameters={},
        risk=RiskTier.LOW,
    )
)
PARTY_PART = register(
    ActionType(
        name="party.part",
        title="Split records of a customer, or undo a merge",
        resource_type="Party",
        parameters={"member": ParameterKind.UUID, "act": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
    )
)
