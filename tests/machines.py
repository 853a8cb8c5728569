"""Machines that were left more freedom before a test begins, without the evidence and the two people it takes.

The database takes a level from nobody without a permit; here it is written by its owner, past the triggers.
"""

from typing import Any

from django.db import connection

from sentinel import autonomy
from sentinel.models import AutonomySetting

from .arranging import before_everything


def let(**said: Any) -> AutonomySetting:
    """As `sentinel.autonomy.set_level`."""
    with before_everything(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            return autonomy.set_level(**said)
        finally:
            if not connection.needs_rollback:
                cursor.execute("SET session_replication_role = origin")
