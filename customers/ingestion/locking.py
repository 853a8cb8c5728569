"""One chunk at a time, whatever the file, system or process.

Resolution looks for a party and opens one if there is none: two files doing so side by side would open the same customer twice.
Waiting also keeps two files from locking the same parties in opposite orders.
"""

from datetime import datetime

from django.db import connection

from bankos.platform import history

_LOCK = 7_205_759_403_792_793
"""Any number no other part of bankos uses for an advisory lock."""


def one_at_a_time(*, at: datetime) -> None:
    """Wait for the turn; it ends with the caller's transaction, in which what changes changes at `at`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    history.stamp(at)
