"""Machines that were left more freedom before a test begins, without the evidence and the two people it takes.

The database takes a level from nobody without a permit; here it is written by its owner, past the triggers.
"""

from typing import Any

from sentinel import autonomy
from sentinel.models import AutonomySetting

from .arranging import past_triggers


def let(**said: Any) -> AutonomySetting:
    """As `sentinel.autonomy.set_level`."""
    with past_triggers():
        return autonomy.set_level(**said)
