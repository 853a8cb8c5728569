"""What sentinel itself is run with, as actions: policies, autonomy, the stop control, mandates, a second person's answer, and erasing.
Decided like any other.
"""

from datetime import timedelta

from .catalogue import ActionType, ParameterKind, RiskTier, register

POLICY, AUTOMATION, STAFF, REQUEST = "PolicyVersion", "Automation", "Staff", "ApprovalRequest"
STORE = "PolicyStore"
ANSWERED_WITHIN = timedelta(days=7)

_LEVEL = {
    "subject": ParameterKind.NAME,
    "action": ParameterKind.NAME,
    "segment": ParameterKind.NAME,
    "level": ParameterKind.CODE,
    "reason": ParameterKind.TEXT,
}

ACTIVATE_POLICY = register(
    ActionType(
        name="policy.activate",
        title="Put a policy version in force",
        resource_type=POLICY,
        parameters={"version": ParameterKind.UUID, "sha256": ParameterKind.NAME, "from": ParameterKind.NAME},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    )
)
RAISE_AUTONOMY = register(
    ActionType(
        name="autonomy.raise",
        title="Give an automation more freedom",
        resource_type=AUTOMATION,
        parameters={**_LEVEL, "limits": ParameterKind.NAME},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    )
)
LOWER_AUTONOMY = register(
    ActionType(
        name="autonomy.lower",
        title="Give an automation less freedom",
        resource_type=AUTOMATION,
        parameters=_LEVEL,
        risk=RiskTier.LOW,
    )
)
STOP_AUTOMATION = register(
    ActionType(
        name="automation.stop",
        title="Stop automation",
        resource_type=AUTOMATION,
        parameters={
            "scope": ParameterKind.CODE,
            "value": ParameterKind.NAME,
            "reason": ParameterKind.TEXT,
            "drill": ParameterKind.CODE,
        },
        risk=RiskTier.MEDIUM,
    )
)
START_AUTOMATION = register(
    ActionType(
        name="automation.start",
        title="Start automation again",
        resource_type=AUTOMATION,
        parameters={"stop": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    )
)
DRILL = register(
    ActionType(
        name="automation.drill",
        title="Try the stop control",
        resource_type=AUTOMATION,
        parameters={"run": ParameterKind.UUID},
        risk=RiskTier.LOW,
    )
)
GRANT_MANDATE = register(
    ActionType(
        name="mandate.grant",
        title="Give a person a mandate",
        resource_type=STAFF,
        parameters={
            "action": ParameterKind.NAME,
            "amount": ParameterKind.MONEY,
            "currency": ParameterKind.CURRENCY,
            "until": ParameterKind.DATE,
            "reason": ParameterKind.TEXT,
        },
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    )
)
DELEGATE_APPROVAL = register(
    ActionType(
        name="approval.delegate",
        title="Let a colleague approve in one’s place",
        resource_type=STAFF,
        parameters={"role": ParameterKind.CODE, "until": ParameterKind.DATE, "reason": ParameterKind.TEXT},
        risk=RiskTier.MEDIUM,
        approval_lifetime=ANSWERED_WITHIN,
    )
)
# `decision` is the id of the decision that waits, `parameters_hash` what it was asked for: the answer is to that and nothing else.
ANSWER_REQUEST = register(
    ActionType(
        name="approval.answer",
        title="Answer a request for approval",
        resource_type=REQUEST,
        parameters={
            "answer": ParameterKind.CODE,
            "decision": ParameterKind.UUID,
            "parameters_hash": ParameterKind.NAME,
            "note": ParameterKind.TEXT,
        },
        risk=RiskTier.LOW,
    )
)
ERASE_CUSTOMER = register(
    ActionType(
        name="customer.erase",
        title="Erase what decisions about a customer rested on",
        resource_type="Party",
        parameters={"reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    )
)
ASSIGN_STORE = register(
    ActionType(
        name="store.assign",
        title="Say who answers for a policy store",
        resource_type=STORE,
        parameters={"title": ParameterKind.TEXT, "owner": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    )
)
LET_ASK = register(
    ActionType(
        name="store.client",
        title="Let a program ask a policy store",
        resource_type=STORE,
        parameters={
            "client": ParameterKind.UUID,
            "name": ParameterKind.TEXT,
            "manages": ParameterKind.CODE,
            "per_minute": ParameterKind.INTEGER,
            "reason": ParameterKind.TEXT,
        },
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    )
)
REVOKE_CLIENT = register(
    ActionType(
        name="store.revoke",
        title="Take the secret of a program that asks a policy store",
        resource_type=STORE,
        parameters={"client": ParameterKind.UUID},
        risk=RiskTier.MEDIUM,
    )
)
