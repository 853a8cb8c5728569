"""A rule in words, and the few that no policy text holds: what sentinel answers when it could not ask the policies."""

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    PERMIT = "permit"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy in words: `sentence` for staff, `customer_sentence` for the customer, with its owner and legal basis."""

    id: str
    effect: Effect
    sentence: str
    customer_sentence: str
    owner: str
    basis: str
    obligations: tuple[str, ...] = ()


def _built_in(id: str, sentence: str, customer_sentence: str) -> Rule:
    return Rule(id, Effect.FORBID, sentence, customer_sentence, "Compliance", "What is not permitted is refused")


NOTHING_PERMITS = _built_in("no-rule-permits", "No rule permits this action to this actor.", "This cannot be done for you in this way.")
UNKNOWN_ACTION = _built_in("unknown-action", "The bank knows no action of this name; nothing was decided.", "This could not be done.")
NOT_UNDERSTOOD = _built_in(
    "request-not-understood", "The request was incomplete or wrongly written; nothing was decided.", "This could not be done."
)
APPROVAL_NOT_VALID = _built_in(
    "approval-not-valid",
    "The approval named in the request does not cover it: it is refused, expired, used, or was given for something else.",
    "This could not be done yet.",
)
NOT_DECIDED = _built_in(
    "not-decided",
    "The policies could not be asked, so the answer is no. Ask again; if it stays so, tell the people who run the policies.",
    "This could not be done at the moment.",
)
AUTOMATION_STOPPED = Rule(
    "automation-stopped",
    Effect.FORBID,
    "Somebody stopped the automation that asks for this. A person may still do it.",
    "Our systems do not do this at the moment. Our people can.",
    "Model Risk",
    "EU AI Act Art. 14(4)(e)",
)
# For a policy text that does not speak of answers itself.
ANSWERED_BY_WHO_MAY = Rule(
    "answered-by-who-may",
    Effect.PERMIT,
    "Who may be the second person to a request answers it: once, in time, and never their own.",
    "Two people of the bank look at this.",
    "Compliance",
    "EBA/GL/2021/05, internal governance: segregation of duties",
)
# What comes before the policies that could be asked: their own beginning.
FIRST_POLICIES = Rule(
    "first-policies",
    Effect.PERMIT,
    "The first policies of the bank come into force with bankos itself: before them nobody can be asked.",
    "The bank changes its rules in an orderly way.",
    "Compliance",
    "EBA/GL/2021/05, internal governance",
)
STORE_RUNS_ITSELF = Rule(
    "store-runs-itself",
    Effect.PERMIT,
    "Who runs another system’s store answers for its policies and puts them in force; the bank’s own need two people.",
    "Another system changes its own rules.",
    "Compliance",
    "EBA/GL/2021/05, internal governance",
)

_OF_POLICIES = (NOTHING_PERMITS, AUTOMATION_STOPPED, ANSWERED_BY_WHO_MAY)
_BEFORE_POLICIES = (UNKNOWN_ACTION, NOT_UNDERSTOOD, APPROVAL_NOT_VALID, NOT_DECIDED)
_BEYOND_POLICIES = (FIRST_POLICIES, STORE_RUNS_ITSELF)
BUILT_IN = {rule.id: rule for rule in (*_OF_POLICIES, *_BEFORE_POLICIES, *_BEYOND_POLICIES)}
# Refusals that never reached the policies: there is nothing to evaluate again.
BEFORE_POLICY = frozenset(rule.id for rule in _BEFORE_POLICIES)
# Permits that rest on no policy text, each for one action alone.
BEYOND_POLICIES = {rule.id: "policy.activate" for rule in _BEYOND_POLICIES}
