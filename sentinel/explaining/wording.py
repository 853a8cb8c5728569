"""Facts, values and changes in plain words. What has no words of its own is said with its label."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from bankos.platform.actors import Role
from bankos.platform.money import amount_in_words

from ..cedar import Approval, Outcome, Request
from .changes import ANOTHER, Bound, Change
from .mutable import Audience, Path

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ROLES: Mapping[str, str] = {
    Role.BRANCH_STAFF: "a member of branch staff",
    Role.CONTACT_CENTRE: "a member of the contact centre",
    Role.TEAM_LEAD: "a team lead",
    Role.COMPLIANCE: "a compliance officer",
    Role.ADMINISTRATOR: "an administrator",
}
LEVELS = {
    "off": "this automation were switched off",
    "watch": "this automation were only watching",
    "suggest": "this automation were allowed to suggest",
    "act_with_approval": "this automation were allowed to act with approval",
    "act_alone": "this automation were allowed to act alone",
}
_OPENINGS = {
    (Outcome.PERMIT, Audience.STAFF): "It would be permitted",
    (Outcome.NEEDS_APPROVAL, Audience.STAFF): "It would not have been permitted at once",
    (Outcome.DENY, Audience.STAFF): "It would not have been permitted",
    (Outcome.PERMIT, Audience.CUSTOMER): "This would be possible",
    (Outcome.NEEDS_APPROVAL, Audience.CUSTOMER): "This would not have been possible at once",
    (Outcome.DENY, Audience.CUSTOMER): "This would not have been possible",
}


def sentence(changes: Sequence[Change], outcome: Outcome, request: Request, audience: Audience) -> str:
    """What would lead to `outcome`, in one sentence: "It would be permitted for €1,000.00 or less."."""
    currency = str(request.parameters.get("currency", ""))
    phrases = [phrase(change, currency, audience) for change in changes]
    # "for €1,000.00 or less and with …", not the other way round.
    return f"{_OPENINGS[outcome, audience]} {listed(sorted(phrases, key=lambda said: not said.startswith('for ')))}."


def phrase(change: Change, currency: str, audience: Audience) -> str:
    """One change as the end of a sentence about what would be: "if no payment were overdue"."""
    special = _PHRASES.get(change.fact.path)
    return (special and special(change, currency, audience)) or _plain(change, currency, audience)


def shown(value: Any, *, currency: str = "") -> str:
    """A value as a person reads it; `currency` is given for amounts."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Approval):
        return _who(value)
    if isinstance(value, tuple | list):
        return listed([shown(element) for element in value]) or "none"
    if isinstance(value, Mapping):
        if value.keys() == {"amount", "currency"}:
            return amount(value["amount"], value["currency"])
        return str(value.get("id") or value.get("__entity", {}).get("id", ""))
    if currency:
        return amount(value, currency)
    return code(str(value))


def amount(value: str, currency: str) -> str:
    return amount_in_words(Decimal(value), currency)


def code(value: str) -> str:
    """A code as words: "payment_insight" as "payment insight"."""
    return value.replace("_", " ")


def listed(words: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _plain(change: Change, currency: str, audience: Audience) -> str:
    """With the fact's label, for facts nobody found better words for."""
    label = change.fact.customer_label if audience is Audience.CUSTOMER and change.fact.customer_label else change.fact.label
    label = label if label.startswith("your ") else f"the {label}"
    if change.after is None:
        return f"if {label} were left out"
    if isinstance(change.after, tuple):
        if not change.after and not change.removed:
            return f"if it were known that {label} are none"
        parts = [f"included {shown(change.added)}"] if change.added else []
        parts += [f"did not include {shown(change.removed)}"] if change.removed else []
        return f"if {label} {' and '.join(parts)}"
    if change.after == ANOTHER:
        return f"if {label} were given" if change.before in (None, "") else f"if {label} were another one"
    known = "known to be " if change.before is None and change.fact.path[0] == "resource" else ""
    return f"if {label} were {known}{shown(change.after, currency=currency if is_amount(change.after) else '')}{_bound(change)}"


def is_amount(value: Any) -> bool:
    """Whether a value is spelled as amounts in requests are: "120.00"."""
    whole, point, cents = value.partition(".") if isinstance(value, str) else ("", "", "")
    return bool(point) and whole.isdigit() and cents.isdigit()


def _bound(change: Change) -> str:
    return {Bound.AT_MOST: " or less", Bound.AT_LEAST: " or more", Bound.EXACTLY: ""}[change.bound]


def _amount(change: Change, currency: str, audience: Audience) -> str:
    return f"for {amount(change.after, currency)}{_bound(change)}"


def _overdue(change: Change, currency: str, audience: Audience) -> str:
    days = "1 day" if change.after == 1 else f"{change.after} days"
    theirs = audience is Audience.CUSTOMER
    if change.after == 0 and change.before is None:
        return f"if it were known that no payment {'of yours ' if theirs else ''}is overdue"
    if change.bound is Bound.AT_LEAST:
        late = "overdue" if change.after == 1 else f"overdue by {days} or more"
        return f"if a payment {'of yours ' if theirs else ''}were {late}"
    if change.after == 0:
        return "if none of your payments were overdue" if theirs else "if no payment were overdue"
    if change.bound is Bound.AT_MOST:
        return f"if {'none of your payments' if theirs else 'no payment'} were overdue by more than {days}"
    return f"if {'your' if theirs else 'the'} oldest overdue payment were {days} late"


def _agreed(what: str, what_customer: str) -> Callable[[Change, str, Audience], str]:
    def said(change: Change, currency: str, audience: Audience) -> str:
        theirs = audience is Audience.CUSTOMER
        who, object_ = ("you", what_customer) if theirs else ("the customer", what)
        parts = [f"agreed {object_} {shown(change.added)}"] if change.added else []
        parts += [f"did not agree {object_} {listed([shown(one) for one in change.removed], 'or')}"] if change.removed else []
        return f"if {who} {' and '.join(parts)}" if parts else ""

    return said


def _who(approval: Approval) -> str:
    names = [ROLES.get(role, code(role)) for role in ROLES if role in approval.roles]
    who = names[0] if len(names) == 1 else "a person" if not names else f"a person who is {listed(names)}"
    return f"{who} whose mandate covers it" if approval.mandate else who


def _agreement(change: Change, currency: str, audience: Audience) -> str:
    if change.after is None:
        return "without the agreement that was given"
    return f"with the agreement of {_who(change.after)}{' instead' if change.before else ''}"


def _level(change: Change, currency: str, audience: Audience) -> str:
    return f"if {LEVELS[change.after]}" if change.after in LEVELS else ""


def _within_limits(change: Change, currency: str, audience: Audience) -> str:
    return "if it stayed inside the limits of its autonomy level" if change.after else "if it went beyond the limits of its autonomy level"


def _mandate(change: Change, currency: str, audience: Audience) -> str:
    return f"if the asker had a mandate for {shown(change.after)}" if change.after else "if the asker had no mandate"


def _contacts(change: Change, currency: str, audience: Audience) -> str:
    who = "we had" if audience is Audience.CUSTOMER else "the bank had"
    whom = "you" if audience is Audience.CUSTOMER else "the customer"
    if change.after == 0:
        return f"if {who} not contacted {whom} in 7 days"
    how_often = {Bound.AT_MOST: "at most ", Bound.AT_LEAST: "at least ", Bound.EXACTLY: ""}[change.bound]
    return f"if {who} contacted {whom} {how_often}{'once' if change.after == 1 else f'{change.after} times'} in 7 days"


def _hour(change: Change, currency: str, audience: Audience) -> str:
    return f"at another hour of the day (at {change.after}:00, for example)"


def _weekday(change: Change, currency: str, audience: Audience) -> str:
    return f"on another day (on {WEEKDAYS[change.after - 1]}, for example)"


def _suitability(change: Change, currency: str, audience: Audience) -> str:
    whose = "your" if audience is Audience.CUSTOMER else "the customer’s"
    return f"if {whose} risk profile were assessed as {code(change.after)}" if change.after else ""


def _product(change: Change, currency: str, audience: Audience) -> str:
    return "for another product" if change.after == ANOTHER else f"for the product “{code(change.after)}”"


def _minutes(change: Change, currency: str, audience: Audience) -> str:
    return f"for {'1 minute' if change.after == 1 else f'{change.after} minutes'}{_bound(change)}"


def _reason(change: Change, currency: str, audience: Audience) -> str:
    return "with a reason" if change.after == ANOTHER else f"with the reason “{code(change.after)}”"


def _channel(change: Change, currency: str, audience: Audience) -> str:
    return "through another channel" if change.after == ANOTHER else f"through the channel “{code(change.after)}”"


def _asked_on(change: Change, currency: str, audience: Audience) -> str:
    if change.after is None:
        return "if no channel it was asked on were named"
    return f"if it were asked {_channel(change, currency, audience)}"


def _life_events(change: Change, currency: str, audience: Audience) -> str:
    return (
        f"if {listed([shown(one) for one in change.removed], 'and')} were no longer recent" if change.removed and not change.added else ""
    )


def _either(yes: str, no: str) -> Callable[[Change, str, Audience], str]:
    return lambda change, currency, audience: yes if change.after else no


# An empty phrase means: say it plainly.
_PHRASES: Mapping[Path, Callable[[Change, str, Audience], str]] = {
    tuple(path.split(".")): said
    for path, said in {
        "context.parameters.amount": _amount,
        "context.parameters.minutes": _minutes,
        "context.parameters.product": _product,
        "context.parameters.reason": _reason,
        "context.parameters.channel": _channel,
        "context.facts.reason": _reason,
        "context.facts.channel": _asked_on,
        "context.request.approval": _agreement,
        "context.request.autonomy": _level,
        "context.request.within_limits": _within_limits,
        "context.request.hour": _hour,
        "context.request.weekday": _weekday,
        "principal.mandate": _mandate,
        "resource.days_past_due": _overdue,
        "resource.consents": _agreed("to the use of data for", "that we use your data for"),
        "resource.channels": _agreed("to be contacted by", "to be contacted by"),
        "resource.contacts_7_days": _contacts,
        "resource.suitability": _suitability,
        "resource.life_events": _life_events,
        "resource.examples_hold": _either("if the examples of the policy text held", "if an example of the policy text failed"),
        "resource.impact_seen": _either("if its effect had been looked at first", "if its effect had not been looked at"),
        "resource.evidence_allows": _either("if the evidence allowed a higher level", "if the evidence did not allow a higher level"),
    }.items()
}
