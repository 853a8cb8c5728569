"""Running a store: what its owner, its managing clients and the bank's administrators may change.

A store's policies take effect as soon as they are put, if they parse, can be asked in the words of AuthZEN, and their examples hold: who
owns a store answers for it. The bank's own store is different. Its policies are only drafted here, by people, and come into force through
`sentinel.actions`, with a second person; its entities live on other floors.

What was decided before a change stays as it was: each decision keeps the policies and entities it rested on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from bankos.platform.actors import Actor, ActorKind, Role
from bankos.platform.ids import uuid7
from sentinel import policy, policy_changes
from sentinel.cedar import Entity, PolicyInvalid, PolicyText
from sentinel.example_text import ExamplesInvalid
from sentinel.models import PolicyStep, PolicyStore, PolicyVersion, StoreClient, StoreEntity
from sentinel.policy import BANK
from sentinel.rules import STORE_RUNS_ITSELF

from . import examples, stores
from .access import UnknownStore
from .messages import Malformed
from .questions import fitted
from .semantics import NotEvaluated
from .stores import Policies, Uid
from .vocabulary import Vocabulary, VocabularyUnreadable

MOST_AT_ONCE = 1_000  # entities of one change
MOST_CONCERNED = 50_000  # entities that a change concerns, with all that those name
LONGEST_WORD = 80  # characters of a rule's id or an obligation, as decisions hold them

Step = PolicyStep.Kind


class NotAllowed(Exception):
    """It may be done, but not by this manager; the message says by whom."""


class NotHere(Exception):
    """The bank's own store is not changed this way; the message says how."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a change from being made: in which part of it (policies, schema, examples, entities, removed), on which line of a Cedar
    text (from 1) or at which place of JSON (RFC 6901), and why."""

    part: str
    what: str
    line: int | None = None
    pointer: str | None = None


class Refused(Exception):
    """Nothing was changed; `problems` says each reason and its place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.what for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Manager:
    """Who runs stores: a person of the bank, or a program that may manage one store."""

    id: str
    name: str
    actor: Actor | None = None
    store: str = ""

    @property
    def administrator(self) -> bool:
        return self.actor is not None and Role.ADMINISTRATOR in self.actor.roles

    @property
    def acting(self) -> Actor:
        """Who acts, as decisions name them."""
        return self.actor or Actor(ActorKind.SYSTEM, self.id, self.name)

    @classmethod
    def employee(cls, actor: Actor) -> "Manager":
        return cls(actor.id, actor.name, actor=actor)

    @classmethod
    def client(cls, client: StoreClient) -> "Manager":
        """A program that may manage does so while who owns the store works here, or nobody does."""
        left = client.may_manage and PolicyStore.objects.filter(name=client.store_id, owner__is_active=False).exists()
        return cls(f"client:{client.pk}", client.name, store=client.store_id if client.may_manage and not left else "")


def stores_of(manager: Manager) -> QuerySet[PolicyStore]:
    """The stores this manager runs, by name."""
    found = PolicyStore.objects.select_related("owner").order_by("name")
    if manager.administrator:
        return found
    if manager.actor is not None:
        return found.filter(owner=manager.actor.user_id)
    return found.filter(name=manager.store)


def store_of(name: str, *, manager: Manager) -> PolicyStore:
    """
    Raises:
        UnknownStore: also when it is not this manager's.
    """
    found = stores_of(manager).filter(name=name).first()
    if found is None:
        raise UnknownStore(name)
    return found


def person_of(manager: Manager) -> Actor:
    """Who acts: a program that could make others like itself would outlive its own revocation.

    Raises:
        NotAllowed
    """
    if manager.actor is None:
        raise NotAllowed("People of the bank make stores, and give out and revoke secrets, not programs.")
    return manager.actor


def entities_of(store: str, *, type: str = "", after: Uid | None = None, limit: int) -> list[StoreEntity]:
    """Entities by type and id, from the one after `after`. Queries: 1."""
    found = StoreEntity.objects.filter(store__name=store).order_by("type", "entity_id")
    if type:
        found = found.filter(type=type)
    if after is not None:
        found = found.filter(Q(type__gt=after[0]) | Q(type=after[0], entity_id__gt=after[1]))
    return list(found[:limit])


def put_entities(store: str, entities: Sequence[Entity], *, removed: Collection[Uid] = (), at: datetime) -> int:
    """Write entities, each as a whole, and remove others: all of it or nothing. Returns how many were removed.

    Raises:
        NotHere
        Refused: an entity does not fit the schema in force, belongs to itself, or too much is concerned.
    Queries: 6 at most.
    """
    if store == BANK:
        raise NotHere("What the bank's policies speak about comes from the bank's own floors with each question.")
    if problems := tuple(_unwritable(entities, removed)):
        raise Refused(problems)
    with transaction.atomic():
        gone = StoreEntity.objects.filter(reduce(or_, (Q(type=type, entity_id=id) for type, id in removed), Q(pk=None)), store__name=store)
        count, _ = gone.delete()
        StoreEntity.objects.bulk_create(
            [
                StoreEntity(
                    store_id=store,
                    type=entity.type,
                    entity_id=entity.id,
                    attributes=dict(entity.attributes),
                    parents=[{"type": type, "id": id} for type, id in entity.parents],
                    changed_at=at,
                )
                for entity in entities
            ],
            update_conflicts=True,
            unique_fields=["store", "type", "entity_id"],
            update_fields=["attributes", "parents", "changed_at"],
        )
        if problems := tuple(_misfits(store, entities)):
            raise Refused(problems)
    return count


def _unwritable(entities: Sequence[Entity], removed: Collection[Uid]) -> Iterable[Problem]:
    if len(entities) + len(removed) > MOST_AT_ONCE:
        yield Problem("entities", f"at most {MOST_AT_ONCE:,} at once")
    seen: set[Uid] = set(removed)
    for place, entity in enumerate(entities):
        if (entity.type, entity.id) in seen:
            yield Problem("entities", "is named twice", pointer=f"/entities/{place}")
        seen.add((entity.type, entity.id))


def _misfits(store: str, entities: Sequence[Entity]) -> Iterable[Problem]:
    """Why entities, which are written already, could not be asked about. Without policies nothing is known against them."""
    version = stores.in_force(store)
    if version is None:
        return
    try:
        policies = stores.policies_of(version)
    except NotEvaluated as refusal:
        yield Problem("entities", refusal.message)
        return
    unfitting = False
    for place, entity in enumerate(entities):
        if entity.type not in policies.vocabulary.entities:
            what = f"the schema in force has no type {entity.type}"
        else:
            what = policies.text.misfit([fitted(entity, policies.vocabulary)])
        if what:
            unfitting = True
            yield Problem("entities", what, pointer=f"/entities/{place}")
    if unfitting:
        return
    try:
        concerned = stores.known(store, [(entity.type, entity.id) for entity in entities], most=MOST_CONCERNED)
    except Malformed as malformed:
        yield Problem("entities", malformed.problem)
        return
    # Groups that belong to each other in a circle are found only together.
    if what := policies.text.misfit(fitted(entity, policies.vocabulary) for entity in concerned.entities.values()):
        yield Problem("entities", what)


def put_policies(
    store: str, *, policies: str, schema: str, examples_text: str = "", note: str = "", manager: Manager, at: datetime
) -> PolicyVersion:
    """A new version, in force from now on; for the bank's store a draft. The texts in force, put again, change nothing.

    Raises:
        NotHere, NotAllowed: a program, or somebody not in charge of them, wants to write the bank's policies.
        Refused: each problem with its line or place; nothing was kept.
    """
    if store == BANK:
        return _draft_for_the_bank(policies, schema, examples_text, note, manager, at)
    _check(policies, schema, examples_text)
    with transaction.atomic():
        # Of two changes at once the second comes after the first.
        PolicyStore.objects.select_for_update().get(name=store)
        before = PolicyVersion.objects.filter(store__name=store, state=policy.State.ACTIVE).first()
        if before is not None and before.sha256 == policy.text_hash(policies, schema, examples_text):
            return before
        drafted = policy.draft(
            policies=policies, schema=schema, examples=examples_text, note=note, at=at, store=store, drafted_by=manager.id
        )
        decision_id = policy.permit_by_itself(drafted, STORE_RUNS_ITSELF, actor=manager.acting, at=at)
        active = policy.activate(drafted.pk, at=at, decision_id=decision_id)
        _step(drafted, Step.DRAFTED, manager, at)
        if before is not None:
            _step(before, Step.RETIRED, manager, at, decision_id)
        _step(drafted, Step.ACTIVATED, manager, at, decision_id)
    return active


def _draft_for_the_bank(policies: str, schema: str, examples_text: str, note: str, manager: Manager, at: datetime) -> PolicyVersion:
    if manager.actor is None:
        raise NotHere("The bank's own policies are written by people, and come into force with a second person.")
    try:
        return policy_changes.draft_text(manager.actor, policies, schema, examples_text, note, at)
    except policy_changes.NotInCharge as error:
        raise NotAllowed("Compliance officers and administrators write the bank's own policies.") from error
    except PolicyInvalid as error:
        raise Refused(_of_texts(error)) from error
    except ExamplesInvalid as error:
        raise Refused(Problem("examples", f"{problem.place}: {problem.what}", line=problem.line) for problem in error.problems) from error


def _check(policies: str, schema: str, examples_text: str) -> None:
    try:
        text = PolicyText.parse(policies, schema)
    except PolicyInvalid as error:
        raise Refused(_of_texts(error)) from error
    try:
        vocabulary = Vocabulary.read(schema)
    except VocabularyUnreadable as error:
        raise Refused([Problem("schema", str(error), line=1)]) from error
    problems = [Problem("policies", what) for what in _too_long(text)]
    problems += [
        Problem("examples", problem.what, pointer=problem.pointer)
        for problem in examples.problems(examples_text, policies=Policies(text, vocabulary))
    ]
    if problems:
        raise Refused(problems)


def _of_texts(error: PolicyInvalid) -> list[Problem]:
    return [Problem("schema" if problem.in_schema else "policies", problem.what, line=problem.line) for problem in error.problems]


def _too_long(text: PolicyText) -> Iterable[str]:
    for rule in text.rules.values():
        for word in (rule.id, *rule.obligations):
            if len(word) > LONGEST_WORD or not word.isprintable():
                yield f"{word[:LONGEST_WORD]}…: ids and obligations have at most {LONGEST_WORD} printable characters"


def _step(version: PolicyVersion, kind: str, manager: Manager, at: datetime, decision_id: UUID | None = None) -> None:
    PolicyStep.objects.create(
        id=uuid7(), version=version, kind=kind, actor_id=manager.id, actor_name=manager.name, decision_id=decision_id, at=at
    )


def versions_of(store: str) -> QuerySet[PolicyVersion]:
    """A store's versions, the newest first, without their texts."""
    return PolicyVersion.objects.filter(store__name=store).order_by("-number").defer("policies", "schema", "examples")


def version_of(store: str, number: int) -> PolicyVersion | None:
    return PolicyVersion.objects.filter(store__name=store, number=number).first()


def entity(said: Mapping[str, Any]) -> Entity:
    """From the members `type`, `id`, `attributes` and `parents`, checked before."""
    parents = tuple((parent["type"], parent["id"]) for parent in said.get("parents", ()))
    return Entity(said["type"], said["id"], said.get("attributes", {}), parents)
