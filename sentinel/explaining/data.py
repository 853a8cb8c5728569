"""Which data the deciding rules read, in plain words and with the values they met."""

from dataclasses import dataclass
from typing import Any

from ..cedar import PolicyText, Request, Verdict
from ..rules import NOTHING_PERMITS, Effect
from .changes import value_at
from .mutable import Audience, Path, fact_of
from .reading import Kind, Reading, readings
from .wording import shown


@dataclass(frozen=True, slots=True)
class DataUsed:
    """One attribute: `path` as policies write it, `label` and `said` for people, `value` as it was (None: not known)."""

    path: str
    label: str
    value: Any
    said: str


def data_used(text: PolicyText, verdict: Verdict, request: Request, *, audience: Audience = Audience.STAFF) -> tuple[DataUsed, ...]:
    """What the deciding rules read, each attribute once, in the order of the text; where no rule permits, what the permits read.

    Customers are not shown the bank's own business: roles, mandates, autonomy, who agreed.
    """
    question = request.question()
    deciding = [rule.id for rule in verdict.rules]
    if NOTHING_PERMITS in verdict.rules:
        deciding += [rule.id for rule in text.rules_for(question) if rule.effect is Effect.PERMIT]
    read = [reading for id in deciding for reading in readings(text.policy_json(id) or {}) if _is_attribute(reading.path)]
    facts = {fact.path: fact for fact in (fact_of(reading.path) for reading in read)}
    currency = str(request.parameters.get("currency", ""))
    used = []
    for fact in facts.values():
        label = fact.customer_label if Audience(audience) is Audience.CUSTOMER else fact.label
        if label:
            value = value_at(request, fact.path)
            said = shown(value, currency=currency if _is_amount(fact.path, read, value) else "")
            if value is None and fact.path[0] != "resource":
                said = "none"  # of a customer a fact can be unknown; of the request it is there or not
            used.append(DataUsed(".".join(fact.path), label, value, said))
    return tuple(used)


def _is_attribute(path: Path) -> bool:
    return path[0] in ("principal", "resource", "context") and len(path) > (2 if path[0] == "context" else 1)


def _is_amount(path: Path, read: list[Reading], value: Any) -> bool:
    return isinstance(value, str) and any(reading.path == path and reading.kind is Kind.MONEY for reading in read)
