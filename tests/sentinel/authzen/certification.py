"""The certification scenario of the AuthZEN Authorization API 1.0: its cases as published, and its fixture as a Cedar policy store.

https://openid.github.io/authzen/authorization-api-1_0-certification-scenario.html. The policies are ours; what is asked, and what has to
come back, is the working group's (data/README.md) and does not stand in this module.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentinel.authzen import searching
from sentinel.authzen.messages import ActionSearch, Evaluation, Search
from sentinel.authzen.questions import answer, question
from sentinel.authzen.searching import Found
from sentinel.authzen.semantics import Answer
from sentinel.authzen.vocabulary import Vocabulary
from sentinel.cedar import Entity, PolicyText

SCHEMA = """
// Certification scenario, section 1
entity user in [team] = { role?: String };
entity team;
entity record = { status?: String };
entity ledger = { status: String };
type Deletion = { soft?: Bool };
action read appliesTo { principal: [user], resource: [record, ledger], context: {} };
action write appliesTo { principal: [user], resource: [record], context: { time?: String } };
action delete appliesTo { principal: [user], resource: [record], context: { action_properties?: Deletion } };
"""


def _notes(id: str) -> str:
    return f'@id("{id}") @sentence("{id} applies.") @customer("Ask the owner.") @owner("Records") @basis("Certification")'


POLICIES = f"""
{_notes("users-read")} permit (principal is user, action == Action::"read", resource);
{_notes("alice-writes")} permit (principal == user::"alice", action == Action::"write", resource is record)
  unless {{ resource has status && resource.status == "archived" }};
{_notes("admins-write-archived")} permit (principal is user, action == Action::"write", resource is record)
  when {{ principal has role && principal.role == "admin" && resource has status && resource.status == "archived" }};
{_notes("alice-deletes-softly")} @obligation("keep-copy")
permit (principal == user::"alice", action == Action::"delete", resource is record)
  when {{ context has action_properties && context.action_properties has soft && context.action_properties.soft }};
{_notes("suspended-do-nothing")} forbid (principal in team::"suspended", action, resource);
"""

PUBLISHED = json.loads((Path(__file__).parent / "data" / "certification-1.0.json").read_text())
CASES: list[dict[str, Any]] = PUBLISHED["cases"]
ENTITIES = tuple(Entity(said["type"], said["id"], said["attributes"]) for said in PUBLISHED["entities"])


@dataclass(frozen=True)
class Store:
    """Entities in memory, asked the way any store is asked."""

    entities: Mapping[tuple[str, str], Entity]
    text: PolicyText
    vocabulary: Vocabulary

    def evaluate(self, evaluation: Evaluation) -> Answer:
        subject, resource = evaluation.subject, evaluation.resource
        asked = question(
            evaluation,
            vocabulary=self.vocabulary,
            subject=self.entities.get((subject.type, subject.id)),
            resource=self.entities.get((resource.type, resource.id)),
            others=self.entities.values(),
        )
        return answer(asked, text=self.text)

    def find(self, search: Search, *, store: str = "certification") -> Found:
        if any((named.type, named.id) not in self.entities for named in search.given):
            return searching.nothing(search)
        return searching.find(search, candidates=lambda after: self.after(search, after), evaluate=self.evaluate, store=store)

    def after(self, search: Search, after: str | None) -> list[str]:
        if isinstance(search, ActionSearch):
            keys: Any = self.vocabulary.actions_for(search.subject.type, search.resource.type)
        else:
            keys = (id for type, id in self.entities if type == search.type)
        return sorted(key for key in keys if after is None or key > after)


def store(*more: Entity) -> Store:
    entities = {(entity.type, entity.id): entity for entity in (*ENTITIES, *more)}
    return Store(entities, PolicyText.parse(POLICIES, SCHEMA), Vocabulary.read(SCHEMA))


ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
ONE, TWO = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ARCHIVED = TWO | {"properties": {"status": "archived"}}
READ, WRITE = {"name": "read"}, {"name": "write"}
