"""Who holds which power: roles, roles lent, mandates, whose customers they see; by whom it was given, who agreed, when it ends."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from bankos.platform.actors import Actor, Role
from customers.care import granting
from sentinel import catalogue, mandates
from sentinel.people import reading
from sentinel.people.reading import Givers

LARGEST_LIST = 200


@dataclass(frozen=True, slots=True)
class Power:
    """One power of a person. `person_id` is None for everybody of a group; without `until` it has no end; `decision_id` gave it.

    `asked` and `agreed` are names: who asked for it, and the second person, if it took one. `ended_by` is the decision that took it away.
    """

    person_id: UUID | None
    person: str
    what: str
    detail: str
    since: datetime | None
    until: datetime | None
    reason: str
    decision_id: UUID | None
    ended_by: UUID | None = None
    kind: str = ""
    list_id: UUID | None = None
    asked: str = ""
    agreed: str = ""


def powers(*, actor: Actor, at: datetime, ended: bool = False, of: Collection[UUID] | None = None) -> list[Power]:
    """Those in force, by name of the person, or those that ended, the last first; of these people, or of everybody.

    Of each kind at most `LARGEST_LIST`. Raises reading.UnknownPerson. Queries: 15, and 10 of these people.
    """
    reading.in_charge(actor)
    found = [*_roles(actor, ended, of), *_lent(at, ended, of), *_sights(actor, at, ended, of)]
    behind = reading.givers([one.decision_id for one in found if one.decision_id], actor=actor)
    known = [_with_givers(one, behind) for one in found]
    if ended:
        return sorted(known, key=lambda one: one.until or at, reverse=True)
    return sorted(known, key=lambda one: one.person)


def _with_givers(one: Power, behind: Mapping[UUID, Givers]) -> Power:
    given = behind.get(one.decision_id) if one.decision_id else None
    return replace(one, asked=given.asked, agreed=given.agreed, since=one.since or given.at) if given else one


def _roles(actor: Actor, ended: bool, of: Collection[UUID] | None) -> Iterator[Power]:
    for person_id, name, held in reading.roles_held(actor=actor, ended=ended, of=of):
        yield Power(person_id, name, held.label, "role", held.since, held.until, "", held.given_by, held.taken_by, kind=held.role)


def _lent(at: datetime, ended: bool, of: Collection[UUID] | None) -> Iterator[Power]:
    for lent in mandates.delegations_to(at=at, ended=ended, of=of, limit=LARGEST_LIST):
        role, until = Role(lent.role).label, lent.revoked_at or lent.ends_at
        what = f"Approves as {role.lower()} in place of {lent.giver}"
        yield Power(lent.receiver_id, lent.receiver, what, "stand-in", lent.starts_at, until, lent.reason, lent.decision_id)
    for one in mandates.mandates(at=at, ended=ended, of=of, limit=LARGEST_LIST):
        what, until = f"{catalogue.title_of(one.action)} up to {one.amount.in_words()}", one.revoked_at or one.ends_at
        yield Power(one.person_id, one.person, what, "mandate", one.starts_at, until, one.reason, one.decision_id)


def _sights(actor: Actor, at: datetime, ended: bool, of: Collection[UUID] | None) -> Iterator[Power]:
    for one in granting.sights(actor=actor, at=at, ended=ended, of=of, limit=LARGEST_LIST):
        what = f"Sees {one.whom}"
        yield Power(
            one.person_id,
            one.person,
            what,
            "manages" if one.since is None else "sees customers",
            one.since,
            one.until,
            one.reason,
            one.decision_id,
            kind=one.kind,
            list_id=one.list_id,
        )
