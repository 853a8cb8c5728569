"""What every page's frame needs: the rail for the person's role and how they want it shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from bankos.platform.actors import OVERSEEING, SERVING, Actor, Role
from customers.care import emergency_lists
from journeys import work
from sentinel import actions
from sentinel.automation import stops

from .models import Display


@dataclass(frozen=True, slots=True)
class RailItem:
    """One place a person may go to; `count` is what waits there for them."""

    label: str
    icon: str
    url: str
    current: bool
    last: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A rail entry as defined: who sees it and where it leads."""

    label: str
    icon: str
    view: str
    roles: frozenset[str]
    last: bool = False
    count: str | None = None


PLACES = (
    Place("Work", "inbox", "work", SERVING, count="mine"),
    Place("Approvals", "user-check", "approvals", frozenset({Role.TEAM_LEAD}) | OVERSEEING, count="approvals"),
    Place("Decisions", "file-check", "decisions", OVERSEEING),
    Place("Policies", "scale", "policies", OVERSEEING),
    Place("Automation", "gauge", "automation", frozenset({Role.TEAM_LEAD}) | OVERSEEING),
    Place("Sources", "database", "sources", OVERSEEING),
    Place("Jobs", "clock", "jobs", OVERSEEING),
    Place("Who sees whom", "key-round", "access", frozenset({Role.ADMINISTRATOR})),
    Place("Programs", "radio", "programs", frozenset({Role.ADMINISTRATOR})),
    Place("Policy stores", "circle-question-mark", "stores", frozenset({Role.ADMINISTRATOR})),
    Place("People", "user", "people", OVERSEEING),
    Place("Requests", "inbox", "rights-waiting", frozenset({Role.COMPLIANCE})),
    Place("Emergency access", "shield-alert", "emergencies", frozenset({Role.COMPLIANCE}), count="emergencies"),
    Place("Customers", "users", "customers", SERVING | OVERSEEING),
    Place("Duplicates", "copy", "link-queue", SERVING | {Role.COMPLIANCE}),
    Place("Suggestions", "compass", "suggestions", SERVING),
    Place("My decisions", "history", "decisions", SERVING, last=True),
    Place("Administration", "settings", "admin:index", frozenset({Role.ADMINISTRATOR}), last=True),
)


def home_of(actor: Actor) -> str:
    """The name of the page a person starts on."""
    if actor.roles & SERVING:
        return "work"
    return "decisions" if actor.roles & OVERSEEING else "customers"


def rail_of(actor: Actor, path: str, counts: Callable[[], dict[str, int]]) -> list[RailItem]:
    """The places `actor` may go to; the one `path` lies in is marked."""
    items = []
    for place in PLACES:
        if not place.roles & actor.roles:
            continue
        url = reverse(place.view)
        count = counts().get(place.count, 0) if place.count else 0
        items.append(RailItem(place.label, place.icon, url, path.startswith(url), place.last, count))
    return items


def shell(request: HttpRequest) -> dict[str, Any]:
    """Lazy, so that a fragment that shows no frame asks the database nothing."""
    actor: Actor | None = getattr(request, "actor", None)
    frame: dict[str, Any] = {"bank_name": settings.BANK_NAME, "actor": actor, "now": getattr(request, "now", None)}
    if actor is None:
        return {**frame, **_demo_logins(), "display": Display(), "rail": []}
    return {
        **frame,
        "display": SimpleLazyObject(lambda: Display.objects.filter(user=actor.user_id).first() or Display()),
        "rail": SimpleLazyObject(lambda: rail_of(actor, request.path, lambda: _counts(actor, request.now))),  # type: ignore[attr-defined]
        "oversight": bool(actor.roles & OVERSEEING),
        "automation_stopped": SimpleLazyObject(stops.is_stopped),
    }


def _counts(actor: Actor, at: datetime) -> dict[str, int]:
    """What waits for this person, by kind of place."""
    waits = work.counts(actor=actor, at=at)
    return {
        **waits,
        "approvals": waits.get("approvals", 0) + actions.waiting_for(actor, at=at),
        "emergencies": emergency_lists.waiting_for_review(actor),
    }


def _demo_logins() -> dict[str, Any]:
    """What the sign-in page of a bank without real customers shows; nothing anywhere else."""
    if not settings.DEMO_LOGINS:
        return {}
    return {"demo_logins": import_string(settings.DEMO_STAFF), "demo_password": settings.DEMO_PASSWORD}
