"""Answers, and changes of answers, in words for staff."""

from ..cedar import Outcome

# What can come out besides an outcome. Nothing happens in either case, but the cause is another one.
CANNOT_BE_ASKED = "cannot_be_asked"  # the facts do not fit the version's schema
RULE_FAILS = "rule_fails"

WAS = {Outcome.PERMIT: "Permitted", Outcome.NEEDS_APPROVAL: "Needed approval", Outcome.DENY: "Refused"}
WOULD_BE = {
    Outcome.PERMIT: "would be permitted",
    Outcome.NEEDS_APPROVAL: "would need approval",
    Outcome.DENY: "would be refused",
    CANNOT_BE_ASKED: "cannot be asked: its facts do not fit the new schema",
    RULE_FAILS: "cannot be answered: a rule fails on its facts",
}
_STRICTNESS = {Outcome.PERMIT: 0, Outcome.NEEDS_APPROVAL: 1, Outcome.DENY: 2, CANNOT_BE_ASKED: 2, RULE_FAILS: 2}


def change(was: str, would_be: str) -> str:
    """Such as "Permitted, would need approval"."""
    return f"{WAS[Outcome(was)]}, {WOULD_BE[would_be]}"


def stricter(was: str, would_be: str) -> bool:
    """Whether less would happen than did. What cannot be asked or answered is not done."""
    return _STRICTNESS[would_be] > _STRICTNESS[was]
