"""What may be asked to be done with what customers agreed to and said, and with the sources that tell of them."""

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

SOURCE, SOURCE_MAPPING = "Source", "SourceMapping"

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
