"""What may be asked to be done with what customers agreed to and said, and with the sources that tell of them."""

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

CONSENT_CHANGE = "consent.change"
SOURCE, SOURCE_MAPPING = "Source", "SourceMapping"

register(
    ActionType(
        name=CONSENT_CHANGE,
        title="Record what the customer agrees to",
        resource_type="Party",
        parameters={
            "purpose": ParameterKind.CODE,
            "given": ParameterKind.CODE,
            "channel": ParameterKind.CODE,
            "notice": ParameterKind.NAME,
        },
        risk=RiskTier.LOW,
    )
)

REGISTER_SOURCE = register(
    ActionType(
        name="source.register",
        title="Register a source of data, or change it",
        resource_type=SOURCE,
        parameters={
            "code": ParameterKind.NAME,
            "name": ParameterKind.TEXT,
            "owner": ParameterKind.NAME,
            "promise": ParameterKind.INTEGER,
            "rank": ParameterKind.INTEGER,
        },
        risk=RiskTier.MEDIUM,
    )
)
RECEIVE_FILE = register(
    ActionType(
        name="source.receive",
        title="Hand in a file of a source",
        resource_type=SOURCE,
        parameters={"name": ParameterKind.TEXT, "sha256": ParameterKind.NAME},
        risk=RiskTier.MEDIUM,
    )
)
LOOK_AT_ROWS = register(
    ActionType(
        name="source.look",
        title="Look at the rows of a source file",
        resource_type=SOURCE,
        parameters={"file": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    )
)
CORRECT_ROW = register(
    ActionType(
        name="source.correct",
        title="Correct a row that could not be read",
        resource_type=SOURCE,
        parameters={"row": ParameterKind.UUID, "sha256": ParameterKind.NAME},
        risk=RiskTier.MEDIUM,
    )
)
RERUN_ROWS = register(
    ActionType(
        name="source.rerun",
        title="Try rows or a file of a source again",
        resource_type=SOURCE,
        parameters={"file": ParameterKind.NAME},
        risk=RiskTier.LOW,
    )
)
ACKNOWLEDGE_DRIFT = register(
    ActionType(
        name="source.acknowledge",
        title="Acknowledge that a source’s files have changed",
        resource_type=SOURCE,
        parameters={"drift": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    )
)
ACTIVATE_MAPPING = register(
    ActionType(
        name="source.map",
        title="Put a mapping in force",
        resource_type=SOURCE_MAPPING,
        parameters={"mapping": ParameterKind.UUID, "sha256": ParameterKind.NAME},
        risk=RiskTier.MEDIUM,
    )
)

NEED_RECORD = "need.record"
LIFE_EVENT_RECORD = "life_event.record"
GOAL_RECORD = "goal.record"
PREFERENCE_RECORD = "preference.record"

register(
    ActionType(
        name=NEED_RECORD,
        title="Write down what a customer needs",
        resource_type="Party",
        parameters={"kind": ParameterKind.CODE, "present": ParameterKind.CODE, "agreed": ParameterKind.CODE},
        risk=RiskTier.MEDIUM,
    )
)
register(
    ActionType(
        name=LIFE_EVENT_RECORD,
        title="Write down a life event",
        resource_type="Party",
        parameters={"kind": ParameterKind.CODE, "happened_on": ParameterKind.DATE, "standing": ParameterKind.CODE},
        risk=RiskTier.LOW,
    )
)
register(
    ActionType(
        name=GOAL_RECORD,
        title="Write down a goal",
        resource_type="Party",
        parameters={
            "goal": ParameterKind.UUID,
            "amount": ParameterKind.MONEY,
            "currency": ParameterKind.CURRENCY,
            "standing": ParameterKind.CODE,
        },
        risk=RiskTier.LOW,
    )
)
register(
    ActionType(
        name=PREFERENCE_RECORD,
        title="Write down a preference",
        resource_type="Party",
        parameters={"kind": ParameterKind.CODE, "present": ParameterKind.CODE},
        risk=RiskTier.LOW,
    )
)
