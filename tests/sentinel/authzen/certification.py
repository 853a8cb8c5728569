"""The fixture of the AuthZEN Authorization API 1.0 certification scenario (section 1), as a Cedar policy store in memory.

https://openid.github.io/authzen/authorization-api-1_0-certification-scenario.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
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

ENTITIES = (
    Entity("user", "alice", {}),
    Entity("user", "bob", {"role": "admin"}),
    Entity("record", "record-1", {"status": "active"}),
    Entity("record", "record-2", {"status": "archived"}),
)


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


# What the scenario sends, and what has to come back.
ALICE, BOB, ADMIN = (
    {"type": "user", "id": "alice"},
    {"type": "user", "id": "bob"},
    {"type": "user", "id": "bob", "properties": {"role": "admin"}},
)
ONE, TWO = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ACTIVE, ARCHIVED = ONE | {"properties": {"status": "active"}}, TWO | {"properties": {"status": "archived"}}
READ, WRITE = {"name": "read"}, {"name": "write"}


def softly(soft: bool) -> dict[str, Any]:
    return {"name": "delete", "properties": {"soft": soft}}


DECISIONS = [
    (ALICE, READ, ONE, True),
    (ALICE, WRITE, ONE, True),
    (BOB, READ, ONE, True),
    (BOB, WRITE, ONE, False),
    (ALICE, WRITE, ARCHIVED, False),
    (ADMIN, WRITE, ARCHIVED, True),
    (ALICE, softly(True), ONE, True),
    (ALICE, softly(False), ONE, False),
]

BATCHES: dict[str, Any] = {
    "3.2.2": ({"subject": BOB, "resource": ONE, "evaluations": [{"action": READ}, {"action": WRITE}]}, [True, False]),
    "3.2.3": ({"subject": ALICE, "action": WRITE, "evaluations": [{"resource": ACTIVE}, {"resource": ARCHIVED}]}, [True, False]),
    "3.2.4": ({"action": WRITE, "resource": ARCHIVED, "evaluations": [{"subject": ALICE}, {"subject": ADMIN}]}, [False, True]),
    "3.2.5": (
        {
            "evaluations": [
                {"subject": ALICE, "action": READ, "resource": ONE},
                {"subject": BOB, "action": WRITE, "resource": ONE},
            ]
        },
        [True, False],
    ),
    "3.2.7": (
        {
            "subject": ALICE,
            "action": WRITE,
            "resource": ACTIVE,
            "evaluations": [{}, {"resource": ARCHIVED}],
        },
        [True, False],
    ),
    "3.4.1": ({"subject": ALICE, "action": READ, "evaluations": [{"resource": ONE}, {}]}, [True, False]),
    "3.4.2": ({"subject": ALICE, "action": READ, "resource": ONE}, True),
    "3.4.3": ({"subject": ALICE, "action": READ, "resource": ONE, "evaluations": []}, True),
    "3.2.6": (
        {
            "subject": ALICE,
            "action": READ,
            "context": {"time": "2025-06-27T18:03-07:00"},
            "evaluations": [
                {"resource": ONE},
                {"resource": TWO, "context": {"time": "2025-06-27T19:00-07:00", "source": "batch-override"}},
            ],
        },
        [True, True],
    ),
}

SEARCHES: dict[str, Any] = {
    "4.2.1": ("subject", {"subject": {"type": "user"}, "action": READ, "resource": ONE}, ["alice", "bob"]),
    "4.2.4": ("subject", {"subject": {"type": "user"}, "action": WRITE, "resource": ARCHIVED}, ["bob"]),
    "4.3.1": ("resource", {"subject": ALICE, "action": READ, "resource": {"type": "record"}}, ["record-1", "record-2"]),
    "4.3.3": ("resource", {"subject": ADMIN, "action": WRITE, "resource": {"type": "record"}}, ["record-2"]),
    "4.4.1": ("action", {"subject": ALICE, "resource": ONE}, ["read", "write"]),
    "4.4.3": ("action", {"subject": ADMIN, "resource": ARCHIVED}, ["read", "write"]),
    "4.4.2": ("action", {"subject": ALICE, "resource": ONE, "context": {"time": "9"}}, ["read", "write"]),
    "4.5.1": ("subject", {"subject": {"type": "user"}, "action": READ, "resource": ONE, "page": {"limit": 1}}, ["alice"]),
    "4.6.1": ("action", {"subject": {"type": "user", "id": "nonexistent-user"}, "resource": ONE}, []),
    "4.6.2": ("subject", {"subject": {"type": "spaceship"}, "action": READ, "resource": ONE}, []),
    "unknown action": ("subject", {"subject": {"type": "user"}, "action": {"name": "fly"}, "resource": ONE}, []),
}
