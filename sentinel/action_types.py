"""What sentinel's own actions are done to, and those of them that lower modules have to know."""

from .catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier, register

POLICY, AUTOMATION, STAFF, REQUEST = "PolicyVersion", "Automation", "Staff", "ApprovalRequest"
STORE = "PolicyStore"

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
DRILL = register(
    ActionType(
        name="automation.drill",
        title="Try the stop control",
        resource_type=AUTOMATION,
        parameters={"run": ParameterKind.UUID},
        risk=RiskTier.LOW,
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
