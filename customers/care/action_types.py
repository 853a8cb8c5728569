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

# Who sees whom, beyond one's own role. What waits for a second person is answered within a week.

ACCESS_LIST, MASKING = "AccessList", "Masking"
_ANSWERED_WITHIN = timedelta(days=7)

GRANT_VISIBILITY = register(
    ActionType(
        name="visibility.grant",
        title="Let a colleague see customers",
        resource_type=ACCESS_LIST,
        parameters={
            "kind": ParameterKind.CODE,
            "person": ParameterKind.UUID,
            "until": ParameterKind.NAME,
            "reason": ParameterKind.TEXT,
        },
        risk=RiskTier.HIGH,
        approval_lifetime=_ANSWERED_WITHIN,
    )
)
WITHDRAW_VISIBILITY = register(
    ActionType(
        name="visibility.withdraw",
        title="No longer let somebody see customers",
        resource_type=ACCESS_LIST,
        parameters={"kind": ParameterKind.CODE, "holder": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    )
)
ARRANGE_PORTFOLIO = register(
    ActionType(
        name="portfolio.arrange",
        title="Say who looks after a portfolio",
        resource_type=ACCESS_LIST,
        parameters={"person": ParameterKind.NAME, "team": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=_ANSWERED_WITHIN,
    )
)
SHOW_CUSTOMER = register(
    ActionType(
        name="customer.show",
        title="Let a colleague see one customer for a while",
        resource_type="Party",
        parameters={"person": ParameterKind.UUID, "until": ParameterKind.DATE, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=_ANSWERED_WITHIN,
    )
)
HIDE_CUSTOMER = register(
    ActionType(
        name="customer.hide",
        title="No longer let a colleague see one customer",
        resource_type="Party",
        parameters={"person": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    )
)
PLACE_CUSTOMER = register(
    ActionType(
        name="customer.place",
        title="Put a customer into a portfolio",
        resource_type="Party",
        parameters={"portfolio": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=_ANSWERED_WITHIN,
    )
)
PROTECT_CUSTOMER = register(
    ActionType(
        name="customer.protect",
        title="Let only a few see a customer",
        resource_type="Party",
        parameters={"circle": ParameterKind.UUID, "employee": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=_ANSWERED_WITHIN,
    )
)
UNPROTECT_CUSTOMER = register(
    ActionType(
        name="customer.unprotect",
        title="End the protection of a customer",
        resource_type="Party",
        parameters={"protection": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=_ANSWERED_WITHIN,
    )
)
CHANGE_MASKING = register(
    ActionType(
        name="masking.change",
        title="Say whether a role sees a field whole",
        resource_type=MASKING,
        parameters={"role": ParameterKind.CODE, "shown": ParameterKind.CODE, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=_ANSWERED_WITHIN,
    )
)
