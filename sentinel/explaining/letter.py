"""What a customer is told about a decision: the reasons, the data, who decided, and what they can do.

Follows GDPR Art. 13 to 15 and 22 (meaningful information about the logic, human review, contest) and, for the reasons, Regulation B
(12 CFR 1002.9(b)(2): specific, the principal ones, official interpretation: no more than four).
"""

from dataclasses import dataclass

from ..cedar import MACHINES, Outcome, PolicyText, Request, Verdict
from ..rules import Effect
from .counterfactuals import smallest_changes
from .data import DataUsed, data_used
from .mutable import Audience
from .wording import code, listed

MOST_REASONS = 4


@dataclass(frozen=True, slots=True)
class Bank:
    """How the letter names the bank; `contact` ends "You can reach us …", `complaints` ends "You may also complain to …"."""

    name: str
    contact: str
    complaints: str


@dataclass(frozen=True, slots=True)
class CustomerExplanation:
    """A letter in parts; `paragraphs` is the whole. Plain text, to be escaped where it is shown."""

    outcome: Outcome
    automated: bool
    opening: str
    who_decided: str
    reasons: tuple[str, ...]
    data: tuple[DataUsed, ...]
    consents: str
    changes: tuple[str, ...]
    rights: tuple[str, ...]

    @property
    def paragraphs(self) -> tuple[str, ...]:
        reasons = f"The main reasons: {' '.join(self.reasons)}" if self.reasons else ""
        data = f"We looked at: {'; '.join(f'{one.label}: {one.said}' for one in self.data)}." if self.data else ""
        parts = (self.opening, self.who_decided, reasons, data, self.consents, " ".join(self.changes), *self.rights)
        return tuple(part for part in parts if part)


def principal_reasons(verdict: Verdict) -> tuple[str, ...]:
    """Why it was not permitted, for the customer: at most four sentences, each once, in the order of the text; none for a permit."""
    if verdict.outcome is Outcome.PERMIT:
        return ()
    sentences = (rule.customer_sentence for rule in verdict.rules if rule.effect is Effect.FORBID)
    return tuple(dict.fromkeys(sentences))[:MOST_REASONS]


def customer_letter(text: PolicyText, verdict: Verdict, request: Request, *, subject: str, bank: Bank) -> CustomerExplanation:
    """The explanation of a decision to the customer it is about.

    Args:
        verdict: the text's answer to this request.
        subject: what was asked, as the customer knows it: "a transfer of €120.00 between your accounts".
    Raises:
        RequestInvalid, EngineFailed
    """
    refused = verdict.outcome is not Outcome.PERMIT
    automated = request.approval is None and request.principal.type != "Employee"
    return CustomerExplanation(
        outcome=verdict.outcome,
        automated=automated,
        opening=_opening(verdict.outcome, subject, bank),
        who_decided=_who_decided(verdict.outcome, request, bank, automated=automated),
        reasons=principal_reasons(verdict) if refused else _permitting(verdict),
        data=data_used(text, verdict, request, audience=Audience.CUSTOMER),
        consents=_consents(request),
        changes=_changes(text, request) if refused else (),
        rights=_rights(request, bank, automated=automated),
    )


def _opening(outcome: Outcome, subject: str, bank: Bank) -> str:
    match outcome:
        case Outcome.PERMIT:
            return f"{bank.name} decided about {subject}: the answer is yes."
        case Outcome.NEEDS_APPROVAL:
            return f"{bank.name} has not decided yet about {subject}: one of our people has to agree first."
        case Outcome.DENY:
            return f"{bank.name} decided about {subject}: the answer is no."


def _who_decided(outcome: Outcome, request: Request, bank: Bank, *, automated: bool) -> str:
    if automated and outcome is Outcome.NEEDS_APPROVAL:
        return "So far only a computer has looked at it, following the rules of the bank. A person decides before anything happens."
    if automated and request.principal.type in MACHINES:
        return "A computer decided this by itself, following the rules of the bank. No person took part."
    if automated:
        return "You asked for this, and a computer decided by itself, following the rules of the bank. No person took part."
    return f"A person of {bank.name} took part in this. A computer checked it against the rules of the bank."


def _permitting(verdict: Verdict) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule.customer_sentence for rule in verdict.rules))[:MOST_REASONS]


def _consents(request: Request) -> str:
    agreed = set(request.resource.attributes.get("consents") or ())
    relied_on = [code(purpose) for purpose in sorted(request.purposes) if purpose in agreed]
    missing = [code(purpose) for purpose in sorted(request.purposes) if purpose not in agreed]
    said = []
    if relied_on:
        said.append(f"We used your data because you agreed to its use for {listed(relied_on)}. You can withdraw this at any time.")
    if missing:
        said.append(f"You have not agreed to the use of your data for {listed(missing)}.")
    return " ".join(said)


def _changes(text: PolicyText, request: Request) -> tuple[str, ...]:
    return tuple(found.sentence for found in smallest_changes(text, request, audience=Audience.CUSTOMER))


def _rights(request: Request, bank: Bank, *, automated: bool) -> tuple[str, ...]:
    review = "You can ask that a person looks at this decision" if automated else "You can ask that another person looks at this decision"
    return (
        f"{review}, tell us how you see it, and contest it. You can reach us {bank.contact}.",
        "You can ask us for a copy of the data we used, and to correct what is wrong in it. We then decide again.",
        f"You may also complain to {bank.complaints}.",
    )
