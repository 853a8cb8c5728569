"""What a timeline is made of: one reader per kind of row, each giving its newest entries about a customer's records before a place."""

from django.db import connection
from django.db.models import Model

from ..models import Consent, Interaction, Signal
from ..models.life import Goal, LifeEvent, Need, Preference
from .entry import Entry, Place, Reader, Wanted
from .life import events, goals, needs, preferences
from .money import money
from .said import consents, contacts, signals

__all__ = ["Entry", "Place", "Reader", "Wanted", "readers_for"]

_SOURCES: tuple[tuple[frozenset[str], Reader, type[Model]], ...] = (
    (frozenset({"contact", "decision"}), contacts, Interaction),
    (frozenset({"consent"}), consents, Consent),
    (frozenset({"signal"}), signals, Signal),
    (frozenset({"life"}), needs, Need),
    (frozenset({"life"}), events, LifeEvent),
    (frozenset({"life"}), goals, Goal),
    (frozenset({"life"}), preferences, Preference),
)


def readers_for(wanted: Wanted) -> list[Reader]:
    """Those who may have something to tell. Most customers never said or did most of what there is, and one look at all tables costs less
    than a question to each. Queries: 1, none for money alone.
    """
    found: list[Reader] = [money] if not wanted.kinds or "money" in wanted.kinds else []
    asked = [(reader, model) for kinds, reader, model in _SOURCES if not wanted.kinds or kinds & set(wanted.kinds)]
    if not asked:
        return found
    looks = (f"EXISTS (SELECT FROM {model._meta.db_table} WHERE party_id = ANY (%(members)s::uuid[]))" for _, model in asked)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(looks)}", {"members": list(wanted.members)})
        return found + [reader for (reader, _), there in zip(asked, cursor.fetchone(), strict=True) if there]
