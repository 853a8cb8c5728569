"""Who is independent enough to be a second person, judged by the hand that answers and by whose authority it uses.

People *concerned* by a request are who asks, whom it is done for, and those its action names: who wrote it, who gets a power by it
(`actions.declare`). Nobody concerned is a second person, nor is who reports to one of them, however far below. Where an action
names people itself, it gives power, and who stands above one of them is out, too. What a policy asks for comes on top of that.

The same is asked of who lent a role: a role lent by somebody who is not independent gives nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bankos.platform import actors
from bankos.platform.actors import ActorKind

from .cedar import Request
from .models import Decision

Names = Callable[[str, Mapping[str, Any]], Collection[str]]

_names: dict[str, Names] = {}


def declare(action: str, names: Names) -> None:
    """Say whom an action concerns besides who asks: ids of employees, by the resource's id and the parameters. Once per action."""
    if action in _names:
        raise ValueError(f"whom {action} concerns is declared twice")
    _names[action] = names


@dataclass(frozen=True, slots=True)
class Concerned:
    """The ids of the employees a request concerns. `above` are the people known to stand above them; empty where that is no matter."""

    people: frozenset[str]
    above: frozenset[str] = frozenset()

    def leaves_free(self, person: str, line: Iterable[str]) -> bool:
        """Whether this person, with `line` above them, is independent of everybody concerned."""
        return person not in self.people | self.above and self.people.isdisjoint(line)


def concerned_by(asked: Decision, request: Request) -> Concerned:
    """Whom a request for approval concerns. Queries: 0; where its action names people, 1 and what that takes."""
    people = {asked.actor_id} if asked.actor_kind == ActorKind.EMPLOYEE else set()
    if asked.on_behalf_of and asked.on_behalf_of["kind"] == ActorKind.EMPLOYEE:
        people.add(asked.on_behalf_of["sub"])
    names = _names.get(asked.action)
    if names is None:
        return Concerned(frozenset(people))
    people |= set(names(asked.resource_id, request.parameters))
    # As they stand now, and for who asked also as they stood then: a line is not left by a transfer while a request waits.
    above = {above for line in lines_of(people).values() for above in line} | set(request.principal.attributes.get("line", ()))
    return Concerned(frozenset(people), frozenset(above))


def lines_of(people: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The ids of the people above each of these employees, the nearest first; an id of nobody has none. Queries: 1, none for nobody."""
    lines = actors.lines_above(list(_user_ids(people)))
    return {str(person): tuple(str(id) for id in line) for person, line in lines.items()}


def _user_ids(ids: Iterable[str]) -> Iterable[UUID]:
    for id in ids:
        try:
            yield UUID(id)
        except ValueError:  # whoever this is, it is no employee
            continue
