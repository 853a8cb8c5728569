"""Sessions of the console: whose each is, from where, when last used; ended by who they belong to, by others in charge, and by resting.

A session lasts `SESSION_COOKIE_AGE` from the sign-in, however much it is used, and ends `SESSION_IDLE_SECONDS` after its last request. Both
are asked as it is read, at every door that takes its cookie. Ending one deletes its row: the next request finds nobody signed in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import InterfaceError, OperationalError

from . import clock
from .outages import is_outage

# How exactly the last use is known. Writing it down at every request would cost each of them an update.
SEEN_WITHIN_SECONDS = 60
LONGEST_PROGRAM = 200
_BEGAN, _PLACE = "_began_at", "_place"


class SessionStore(DatabaseStore):
    """Django's sessions in the database, with their person, place and last use."""

    @classmethod
    def get_model_class(cls) -> Any:
        from .models import Session

        return Session

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()  # type: ignore[misc]
        if row is None or row.user_id is None:
            return row
        now = clock.now()
        if now - row.seen_at > timedelta(seconds=settings.SESSION_IDLE_SECONDS):
            row.delete()
            self._session_key = None
            return None
        if now - row.seen_at > timedelta(seconds=SEEN_WITHIN_SECONDS):
            self.model.objects.filter(pk=row.pk).update(seen_at=now)
        return row

    def save(self, must_create: bool = False) -> None:
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        if SESSION_KEY in data and _BEGAN not in data:
            now = clock.now()
            data[_BEGAN] = now.isoformat()
            # A fixed moment: each later save would otherwise begin the time anew.
            self.set_expiry(now + timedelta(seconds=settings.SESSION_COOKIE_AGE))
        try:
            super().save(must_create)
        except UpdateError as error:
            # Django takes whatever fails here for a session that was ended meanwhile, and answers 400; a lost database is none.
            if isinstance(error.__context__, OperationalError | InterfaceError) and is_outage(error):
                raise error.__context__ from error.__context__.__cause__
            raise

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        now = clock.now()
        place = data.get(_PLACE, {})
        row.user_id = data.get(SESSION_KEY)
        row.began_at = datetime.fromisoformat(data[_BEGAN]) if _BEGAN in data else now
        row.seen_at = now
        row.address, row.program = place.get("address", ""), place.get("program", "")
        return row


def note_place(session: Any, *, address: str, program: str) -> None:
    """Say from where this session was opened, for who looks at it later."""
    session[_PLACE] = {"address": address[:45], "program": program[:LONGEST_PROGRAM]}


@dataclass(frozen=True, slots=True)
class SessionView:
    """An open session. `handle` names it without being its key."""

    handle: str
    began_at: datetime
    seen_at: datetime
    address: str
    program: str
    current: bool


def open_sessions(user_id: UUID, *, at: datetime, current_key: str | None = None) -> list[SessionView]:
    """The sessions in which this person is signed in, the last used first. Queries: 1."""
    return [
        SessionView(_handle(row.pk), row.began_at, row.seen_at, row.address, row.program, row.pk == current_key)
        for row in _open(user_id, at).order_by("-seen_at")
    ]


def end_sessions(user_id: UUID, *, at: datetime, handle: str | None = None, besides_key: str | None = None) -> int:
    """End this person's sessions, or the one of this handle; at once. Returns how many there were. Queries: 2, within a transaction."""
    keys = [key for key in _open(user_id, at).values_list("pk", flat=True) if handle in (None, _handle(key)) and key != besides_key]
    _model().objects.filter(pk__in=keys).delete()
    return len(keys)


def _open(user_id: UUID, at: datetime) -> Any:
    return _model().objects.filter(user_id=user_id, expire_date__gt=at, seen_at__gte=at - timedelta(seconds=settings.SESSION_IDLE_SECONDS))


def _model() -> Any:
    return SessionStore.get_model_class()


def _handle(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:20]
