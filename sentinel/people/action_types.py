"""What is done to the people of the bank, as actions. The resource is the person: `Staff`, by id."""

from datetime import timedelta

from ..action_types import ANSWERED_WITHIN, STAFF
from ..catalogue import ActionType, ParameterKind, RiskTier, register

NO_ROLE = "none"
_REASON = {"reason": ParameterKind.TEXT}


def _of_person(name: str, title: str, parameters: dict[str, ParameterKind], risk: RiskTier) -> ActionType:
    waits: dict[str, timedelta] = {"approval_lifetime": ANSWERED_WITHIN} if risk is RiskTier.HIGH else {}
    return register(ActionType(name=name, title=title, resource_type=STAFF, parameters=parameters, risk=risk, **waits))


JOIN = _of_person(
    "person.join",
    "Let a new colleague in",
    {
        "username": ParameterKind.NAME,
        "name": ParameterKind.TEXT,
        "job_title": ParameterKind.TEXT,
        "role": ParameterKind.CODE,
        "branch": ParameterKind.NAME,
        "manager": ParameterKind.NAME,
        **_REASON,
    },
    RiskTier.HIGH,
)
MOVE = _of_person(
    "person.move",
    "Move a colleague",
    {"branch": ParameterKind.NAME, "manager": ParameterKind.NAME, "job_title": ParameterKind.TEXT, **_REASON},
    RiskTier.HIGH,
)
LEAVE = _of_person("person.leave", "Let a colleague go", _REASON, RiskTier.MEDIUM)
RESET = _of_person("person.reset_access", "Give a colleague a new way in", _REASON, RiskTier.HIGH)
END_SESSIONS = _of_person("person.end_sessions", "Sign a colleague out", {}, RiskTier.LOW)
UNLOCK = _of_person("person.unlock", "Let a colleague try to sign in again", {}, RiskTier.LOW)
GRANT_ROLE = _of_person("role.grant", "Give a colleague a role", {"role": ParameterKind.CODE, **_REASON}, RiskTier.HIGH)
WITHDRAW_ROLE = _of_person("role.withdraw", "Take a role from a colleague", {"role": ParameterKind.CODE, **_REASON}, RiskTier.MEDIUM)
FIRST_ADMINISTRATOR = _of_person(
    "person.first_administrator",
    "Make the first administrator",
    {"username": ParameterKind.NAME, "name": ParameterKind.TEXT, "role": ParameterKind.CODE},
    RiskTier.HIGH,
)
