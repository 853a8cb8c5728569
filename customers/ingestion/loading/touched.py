"""Who is concerned by what was loaded, remembered until the whole file is in (see `announcing`)."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from ..landed import Landing

_TOUCH = """
INSERT INTO customers_touchedparty (file_id, party_id)
SELECT DISTINCT %(file)s::uuid, unnest(%(parties)s::uuid[])
    ON CONFLICT DO NOTHING
"""
_TOUCH_HOLDERS = """
INSERT INTO customers_touchedparty (file_id, party_id)
SELECT DISTINCT %(file)s::uuid, party_id FROM customers_arrangementrole WHERE arrangement_id = ANY(%(arrangements)s::uuid[])
    ON CONFLICT DO NOTHING
"""


def touch(parties: Iterable[UUID], landing: Landing) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, {"file": landing.file_id, "parties": list(parties)})


def touch_holders(arrangements: Iterable[UUID], landing: Landing) -> None:
    """Everybody with a role on one of these arrangements."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH_HOLDERS, {"file": landing.file_id, "arrangements": list(arrangements)})
