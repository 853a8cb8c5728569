"""How a request becomes a question to Cedar, and a verdict an answer."""

from typing import Any

import pytest

from sentinel.authzen.messages import Action, Evaluation, Named
from sentinel.authzen.questions import question
from sentinel.authzen.semantics import Answer, NotEvaluated
from sentinel.authzen.vocabulary import Vocabulary
from sentinel.cedar import Entity, PolicyText

from .certification import POLICIES, SCHEMA, Store, store

VOCABULARY = Vocabulary.read(SCHEMA)


def asked(subject: str = "alice", action: str = "read", resource: str = "record-1", **more: Any) -> Evaluation:
    return Evaluation(
        Named(more.get("subject_type", "user"), subject, more.get("said_of_subject", {})),
        Action(action, more.get("action_properties")),
        Named(more.get("resource_type", "record"), resource, more.get("said_of_resource", {})),
        more.get("context", {}),
    )


def refused(evaluation: Evaluation, *, of: Store) -> NotEvaluated:
    with pytest.raises(NotEvaluated) as refusal:
        of.evaluate(evaluation)
    return refusal.value


def test_an_actions_properties_stand_in_the_context_and_the_caller_cannot_put_them_there_otherwise() -> None:
    said = asked(action="delete", action_properties={"soft": True, "method": "GET"}, context={"action_properties": {"soft": False}})
    silent = asked(action="delete", context={"action_properties": {"soft": True}})

    def context(evaluation: Evaluation) -> Any:
        return question(evaluation, vocabulary=VOCABULARY, subject=None, resource=None).context

    assert context(said) == {"action_properties": {"soft": True}}
    assert context(silent) == {}


def test_what_the_schema_does_not_declare_changes_nothing() -> None:
    plain, talkative = asked(), asked(said_of_subject={"department": "Sales"}, said_of_resource={"owner": "bob"}, context={"ip": "::1"})

    assert store().evaluate(talkative) == store().evaluate(plain)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"subject_type": "spaceship"}, "The policies know no subjects of type spaceship."),
        ({"resource_type": "my type"}, "The policies know no resources of type my type."),
        ({"action": "fly"}, "The policies know no action fly."),
        ({"resource_type": "team"}, "The policies know no action read of a user on a team."),
    ],
)
def test_what_the_policies_never_heard_of_is_not_found(more: dict[str, str], message: str) -> None:
    refusal = refused(asked(**more), of=store())

    assert (refusal.status, refusal.message) == (404, message)


@pytest.mark.parametrize("said", [{"role": 7}, {"role": None}, {"role": 1.5}, {"role": ["admin"]}])
def test_a_property_of_another_type_than_declared_is_a_bad_request(said: dict[str, Any]) -> None:
    refusal = refused(asked(said_of_subject=said), of=store())

    assert refusal.status == 400
    assert "role" in refusal.message or "untagged" in refusal.message


def test_an_entity_the_store_does_not_know_is_judged_by_what_is_said_of_it() -> None:
    assert store().evaluate(asked("carol", resource="record-9")).decision is True
    assert store().evaluate(asked(resource="l", resource_type="ledger", said_of_resource={"status": "open"})).decision is True
    refusal = refused(asked(resource="l", resource_type="ledger"), of=store())
    assert (refusal.status, "status" in refusal.message) == (400, True)


def test_groups_of_the_store_reach_the_policies_through_other_groups() -> None:
    groups = (
        Entity("user", "dave", {}, (("team", "night"),)),
        Entity("team", "night", {}, (("team", "suspended"),)),
        Entity("team", "suspended", {}),
    )
    schema = SCHEMA.replace("entity team;", "entity team in [team];")
    nested = Store({(entity.type, entity.id): entity for entity in groups}, PolicyText.parse(POLICIES, schema), Vocabulary.read(schema))

    assert nested.evaluate(asked("dave")).context["rules"] == ["suspended-do-nothing"]
    assert nested.evaluate(asked("erin")).decision is True


def test_subject_and_resource_may_be_the_same() -> None:
    schema = SCHEMA.replace(
        "action read appliesTo { principal: [user], resource: [record, ledger]",
        "action read appliesTo { principal: [user], resource: [user]",
    )
    both = question(
        asked("alice", resource="alice", resource_type="user", said_of_subject={"role": "a"}, said_of_resource={"role": "b"}),
        vocabulary=Vocabulary.read(schema),
        subject=Entity("user", "alice", {}),
        resource=Entity("user", "alice", {}),
        others=[Entity("user", "alice", {})],
    )

    assert both.principal == both.resource == Entity("user", "alice", {"role": "b"})
    assert both.others == ()
    assert PolicyText.parse(POLICIES, schema).answer(both).rule_ids == ("users-read",)


def test_a_permit_names_its_rules_and_its_obligations() -> None:
    assert store().evaluate(asked(action="delete", action_properties={"soft": True})) == Answer(
        True, {"rules": ["alice-deletes-softly"], "obligations": [{"id": "keep-copy"}]}
    )


def test_a_deny_gives_its_reasons_to_staff_and_to_the_person_concerned() -> None:
    denied = store(Entity("user", "dave", {}, (("team", "suspended"),))).evaluate(asked("dave"))

    assert denied == Answer(
        False,
        {
            "rules": ["suspended-do-nothing"],
            "reason_admin": {"en": "suspended-do-nothing applies."},
            "reason_user": {"en": "Ask the owner."},
        },
    )


def test_a_policy_that_fails_gives_no_decision() -> None:
    failing = f"""{POLICIES}
        @id("f") @sentence("S.") @customer("C.") @owner("O") @basis("B") forbid (principal, action, resource is record)
        when {{ resource.length * 9223372036854775807 > 0 }};
    """
    schema = SCHEMA.replace("entity record = { status?: String };", "entity record = { status?: String, length: Long };")
    broken = Store({}, PolicyText.parse(failing, schema), Vocabulary.read(schema))

    refusal = refused(asked(said_of_resource={"length": 8}), of=broken)

    assert (refusal.status, refusal.message) == (500, "The policies could not be evaluated.")
