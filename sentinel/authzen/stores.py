"""What a store knows: the policies in force with their vocabulary, and its entities with all that they name."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from sentinel import policy
from sentinel.cedar import Entity, PolicyInvalid, PolicyText
from sentinel.models import PolicyVersion, StoreEntity
from sentinel.standing import InForce

from .messages import Evaluation, Malformed, Search
from .semantics import NotEvaluated
from .vocabulary import Vocabulary, VocabularyUnreadable

Uid = tuple[str, str]

MOST_ENTITIES = 5_000  # that belong to one request
MOST_CHARACTERS = 8_000_000
"""Of their attributes and groups together, as JSON; as objects and inside of Cedar they take many times as much memory."""
AT_ONCE = 100  # candidates of a search read together


@dataclass(frozen=True, slots=True)
class Policies:
    """A version ready to be asked in the words of AuthZEN."""

    text: PolicyText
    vocabulary: Vocabulary


def policies_of(version: InForce | None) -> Policies:
    """The texts of a version; kept for the life of the process.

    Raises:
        NotEvaluated: 500, there is none, or it cannot be asked.
    Queries: 0; 2 the first time this process meets the version.
    """
    if version is None:
        raise NotEvaluated(500, "This store has no policies in force.")
    try:
        return Policies(policy.text_of(version.id, version.sha256), vocabulary_of(version.id))
    except (policy.TextChanged, PolicyInvalid, VocabularyUnreadable) as error:
        raise NotEvaluated(500, "The policies cannot be asked.") from error


def in_force(store: str) -> InForce | None:
    """The head of the version that decides now. Queries: 1."""
    row = PolicyVersion.objects.filter(store__name=store, state=policy.State.ACTIVE).values_list("id", "number", "sha256").first()
    return InForce(*row) if row else None


@lru_cache(maxsize=64)
def vocabulary_of(version_id: UUID) -> Vocabulary:
    """Of a version's schema, which never changes.

    Raises:
        VocabularyUnreadable
    """
    return Vocabulary.read(PolicyVersion.objects.values_list("schema", flat=True).get(pk=version_id))


@dataclass(frozen=True, slots=True)
class Known:
    """Some of a store's entities, each with everything it belongs to or names, however far."""

    entities: Mapping[Uid, Entity]

    def get(self, type: str, id: str) -> Entity | None:
        return self.entities.get((type, id))

    def around(self, evaluation: Evaluation) -> tuple[Entity, ...]:
        """What the two of an evaluation, and what is said of them, lead to; the two themselves included."""
        reached: dict[Uid, Entity] = {}
        ahead = list(named_by(evaluation))
        while ahead:
            uid = ahead.pop()
            entity = self.entities.get(uid)
            if entity is not None and uid not in reached:
                reached[uid] = entity
                ahead += entity.parents
                ahead += _references(entity.attributes)
        return tuple(reached.values())


def named_by(asked: Evaluation | Search) -> Iterator[Uid]:
    """The entities a message speaks of, wherever it names one."""
    return _references(asked.as_json())


def candidate_ids(store: str, type: str, after: str | None, *, limit: int) -> list[str]:
    """The ids of a type, ascending, from the one after `after`. Queries: 1."""
    found = StoreEntity.objects.filter(store__name=store, type=type).order_by("entity_id")
    if after is not None:
        found = found.filter(entity_id__gt=after)
    return list(found.values_list("entity_id", flat=True)[:limit])


# An entity names others as its groups and in its attributes: there, Cedar takes {"type": …, "id": …} as an entity, bare or inside of
# "__entity". What only looks like one is not found, or found and not needed. A UNION ends where nothing new is named.
# The LIMITs keep the planner, which cannot know how few are reached, from reading all entities of a large store.
_KNOWN = """
WITH RECURSIVE reached (type, id) AS (
    SELECT * FROM unnest(%(types)s::text[], %(ids)s::text[])
    UNION
    SELECT named.type, named.id
      FROM reached
     CROSS JOIN LATERAL (
           SELECT parents, attributes FROM sentinel_storeentity
            WHERE store = %(store)s AND type = reached.type AND entity_id = reached.id LIMIT 1
     ) e
     CROSS JOIN LATERAL (
           SELECT p ->> 'type', p ->> 'id' FROM jsonb_array_elements(e.parents) p
            UNION ALL
           SELECT a ->> 'type', a ->> 'id'
             FROM jsonb_path_query(e.attributes, 'strict $.** ? (@.type.type() == "string" && @.id.type() == "string")', '{}', true) a
     ) named (type, id)
)
SELECT type, id, CASE WHEN so_far <= %(characters)s THEN attributes END, CASE WHEN so_far <= %(characters)s THEN parents END
  FROM (SELECT found.*, sum(length(attributes) + length(parents)) OVER (ROWS UNBOUNDED PRECEDING) AS so_far
          FROM (SELECT reached.type, reached.id, e.attributes::text, e.parents::text
                  FROM reached
                 CROSS JOIN LATERAL (
                       SELECT parents, attributes FROM sentinel_storeentity
                        WHERE store = %(store)s AND type = reached.type AND entity_id = reached.id LIMIT 1
                 ) e
                 LIMIT %(limit)s) found) counted
"""


def known(store: str, uids: Collection[Uid], *, most: int = MOST_ENTITIES) -> Known:
    """What the store knows of these, and of what they lead to.

    Raises:
        Malformed: that is more than `most` entities, or more than `MOST_CHARACTERS`.
    Queries: 1, none for no uid.
    """
    wanted = [uid for uid in dict.fromkeys(uids) if "\0" not in uid[0] + uid[1]]  # which no text in the database can hold
    if not wanted:
        return Known({})
    types, ids = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"store": store, "types": list(types), "ids": list(ids), "limit": most + 1, "characters": MOST_CHARACTERS}
        cursor.execute(_KNOWN, given)
        rows = cursor.fetchall()
    if len(rows) > most:
        raise Malformed("", f"concerns more than {most:,} entities of the store")
    if any(attributes is None for _, _, attributes, _ in rows):
        raise Malformed("", f"concerns entities of the store that are larger than {MOST_CHARACTERS:,} characters together")
    return Known({(type, id): _entity(type, id, attributes, parents) for type, id, attributes, parents in rows})


def _entity(type: str, id: str, attributes: str, parents: str) -> Entity:
    return Entity(type, id, json.loads(attributes), tuple((parent["type"], parent["id"]) for parent in json.loads(parents)))


def _references(value: Any) -> Iterator[Uid]:
    if isinstance(value, Mapping):
        type, id = value.get("type"), value.get("id")
        if isinstance(type, str) and isinstance(id, str):
            yield type, id
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, list):
        for member in value:
            yield from _references(member)
