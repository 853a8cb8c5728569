"""Who may see the sources, and how an act on one is decided.

Administrators and compliance officers see sources, files, counts and reasons. What the rows *say* is personal data of customers, or of
people nobody has recognised yet: it is shown only to who has said why, for half an hour, on record (`looking`).
"""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, connection
from django.http import HttpRequest

from bankos.platform import actors
from bankos.platform.actors import OVERSEEING, Actor, ActorKind, Role
from bankos.platform.models import User
from sentinel import authority
from sentinel.actions import Ask

from ..models import SourceSystem
from ..visibility import NotVisible

SOURCE = "Source"


class SourceNotVisible(NotVisible):
    """There is no such source, file, row or mapping for this actor."""


def may_see(actor: Actor) -> bool:
    return actor.kind is ActorKind.EMPLOYEE and not OVERSEEING.isdisjoint(actor.roles)


def may_run(actor: Actor) -> bool:
    """Whether the pages offer what changes a source; whether it may be done the policies say, each time."""
    return actor.kind is ActorKind.EMPLOYEE and Role.ADMINISTRATOR in actor.roles


def may_run_by_session(session_key: str) -> bool | None:
    """The same, of whoever is signed in by this session, before there is a request: asked by the web process. None: nobody can tell now.

    Queries: 3 at most; the connection is given back.
    """
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    try:
        user = get_user(request)
        return isinstance(user, User) and user.is_active and may_run(actors.employee(user))
    except DatabaseError:
        return None
    finally:
        connection.close()


def check_may_see(actor: Actor) -> None:
    """Raises SourceNotVisible."""
    if not may_see(actor):
        raise SourceNotVisible


def system_for(code: str, *, actor: Actor) -> SourceSystem:
    """The source of this code. Queries: 1.

    Raises:
        SourceNotVisible
    """
    check_may_see(actor)
    system = SourceSystem.objects.sending().select_related("owner").filter(code=code).first()
    if system is None:
        raise SourceNotVisible(code)
    return system


def source(code: str) -> authority.Resource:
    """A source as the policies know it."""
    return authority.Resource(SOURCE, code, {"code": code})


def facts(asked: Ask) -> authority.Resource:
    """What the policies know of the source an action is done to."""
    return source(asked.resource_id)
