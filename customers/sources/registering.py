"""Which systems the bank reads: their name, their promise, who answers for them, whose word comes first."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bankos.platform.actors import Actor
from bankos.platform.models import User
from sentinel import actions
from sentinel.actions import NotPossible, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..models import SourceSystem
from .access import SOURCE, check_may_see, facts, system_for

CODE = re.compile(r"[a-z][a-z0-9_]{1,19}")
LONGEST_PROMISE = timedelta(days=366)
LOWEST_RANK = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is said of a source. `promise`: how old its newest data may be before staff are told."""

    name: str
    promise: timedelta
    rank: int
    owner: UUID | None


def register(code: str, entry: Entry, *, actor: Actor, at: datetime) -> None:
    """Let the bank read a system it did not read before.

    Raises:
        SourceNotVisible, sentinel.authority.NotPermitted
        NotPossible: the code is taken or is none, or the entry makes no sense.
    """
    check_may_see(actor)
    if CODE.fullmatch(code) is None:
        raise NotPossible("A source’s code begins with a letter and has 2 to 20 small letters, digits and underscores.")
    _decide(code, entry, new=True, actor=actor, at=at)


def change(code: str, entry: Entry, *, actor: Actor, at: datetime) -> None:
    """Say something else of a source; what was said before stays in its history.

    Raises:
        SourceNotVisible, sentinel.authority.NotPermitted, NotPossible
    """
    system_for(code, actor=actor)
    _decide(code, entry, new=False, actor=actor, at=at)


def _decide(code: str, entry: Entry, *, new: bool, actor: Actor, at: datetime) -> None:
    said = {
        "code": code,
        "name": entry.name,
        "owner": str(entry.owner or ""),
        "promise": round(entry.promise.total_seconds() / 60),
        "rank": entry.rank,
    }
    actions.run(REGISTER_SOURCE, actor=actor, resource_id=code, parameters=said, details={"new": new}, at=at).or_raise()


def _register(permitted: Permitted) -> None:
    said, code = permitted.parameters, permitted.resource_id
    owner = UUID(said["owner"]) if said["owner"] else None
    entry = Entry(name=said["name"], promise=timedelta(minutes=said["promise"]), rank=said["rank"], owner=owner)
    if permitted.details["new"]:
        if SourceSystem.objects.filter(code=code).exists():
            raise NotPossible(f"There is a source “{code}” already.")
        SourceSystem.objects.create(code=code, **_checked(entry))
        return
    system = SourceSystem.objects.select_for_update().get(code=code)
    for field, value in _checked(entry).items():
        setattr(system, field, value)
    system.save(update_fields=["name", "freshness_promise", "rank", "owner"])


REGISTER_SOURCE = actions.declare(
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
    ),
    facts=facts,
    effect=_register,
)


def _checked(entry: Entry) -> dict[str, object]:
    """The entry as the source's columns. Raises NotPossible."""
    if not entry.name.strip():
        raise NotPossible("A source needs a name.")
    if not timedelta() < entry.promise <= LONGEST_PROMISE:
        raise NotPossible(f"A promise is between one minute and {LONGEST_PROMISE.days} days.")
    if not 1 <= entry.rank <= LOWEST_RANK:
        raise NotPossible(f"A rank is a number from 1 to {LOWEST_RANK}.")
    owner = User.objects.filter(pk=entry.owner, is_active=True).first() if entry.owner else None
    if entry.owner and owner is None:
        raise NotPossible("Whoever answers for a source works at the bank.")
    return {"name": entry.name.strip(), "freshness_promise": entry.promise, "rank": entry.rank, "owner": owner}
