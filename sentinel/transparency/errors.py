"""What can be wrong with a log, or with what is asked of it."""


class LogDamaged(Exception):
    """What is stored of the log contradicts itself: something was changed past the database's guards. Nothing more is signed."""


class LogSetBack(LogDamaged):
    """The database does not continue a checkpoint that is kept outside of it; the message says what to do. Nothing more is signed."""


class NotInTheLog(Exception):
    """The log has no such place, or no signed checkpoint counts it yet."""
