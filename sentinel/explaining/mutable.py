"""Which facts an explanation may suggest to change, and to whom. One table, so that compliance reads it in one place.

A suggestion is an invitation. What nobody can or should change (an age, who asks, a recorded vulnerability) is never one, and neither is
what people could only "change" by saying something untrue. Customers are not told how the bank divides its own powers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Path = tuple[str, ...]


class Audience(StrEnum):
    """Who reads the explanation."""

    STAFF = "staff"
    CUSTOMER = "customer"


STAFF, CUSTOMER = Audience.STAFF, Audience.CUSTOMER
BOTH = (STAFF, CUSTOMER)
NOBODY: tuple[Audience, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact policies may read, as people call it.

    `label` is for staff; `customer_label` for the customer, empty for what is the bank's own business. `suggested_to` are those who may
    be told to change it, `because` why (not). Suggested whole numbers lie between `lowest` and `highest`; a fact that `recurs` comes
    around by itself, like the hours of a day, and the next time is the nearest. `ladder`: its values from the least to the most.
    `only_if_missing`: may be filled in, never exchanged. `optional`: may also be left out.
    """

    path: Path
    label: str
    customer_label: str
    suggested_to: tuple[Audience, ...]
    because: str
    lowest: int | None = 0
    highest: int | None = None
    recurs: bool = False
    ladder: tuple[str, ...] = ()
    only_if_missing: bool = False
    optional: bool = False


def _at(path: str) -> Path:
    return tuple(path.split("."))


INTERNAL = ""
WHICH_ONE = "It says which one is meant: with another value it is another request, not this one changed."
OWN_WORDS = "It is the asker's own word; naming another one to get a yes would make it worthless. A missing one may be added."
NOT_DECIDED = "Nobody has decided yet whether this may be suggested, so it is not."

LEVELS = ("off", "watch", "suggest", "act_with_approval", "act_alone")
RISKS = ("none", "cautious", "balanced", "growth")

# In the order in which suggestions of the same size are made.
FACTS = (
    # --- what can be changed
    Fact(_at("resource.days_past_due"), "days past due", "days a payment of yours is overdue", BOTH, "A payment can be settled."),
    Fact(_at("resource.consents"), "purposes the customer agreed to", "purposes you agreed to", BOTH, "The customer gives them."),
    Fact(_at("resource.channels"), "channels the customer agreed to", "ways we may contact you", BOTH, "The customer chooses them."),
    Fact(_at("context.request.approval"), "agreement of a second person", INTERNAL, (STAFF,), "A second person may be asked."),
    Fact(_at("context.parameters.amount"), "amount", "amount", BOTH, "The asker may ask for another amount."),
    Fact(_at("context.parameters.minutes"), "minutes", INTERNAL, (STAFF,), "The asker may ask for less time.", lowest=1),
    Fact(_at("context.request.within_limits"), "act inside the limits of the level", INTERNAL, (STAFF,), "A smaller or later act may fit."),
    Fact(_at("context.request.autonomy"), "autonomy level", INTERNAL, (STAFF,), "A person may set another level.", ladder=LEVELS),
    Fact(_at("principal.mandate"), "mandate of the asker", INTERNAL, (STAFF,), "A mandate can be granted."),
    Fact(_at("resource.contacts_7_days"), "contacts by the bank in 7 days", "how often we contacted you in 7 days", BOTH, "Days pass."),
    Fact(_at("context.request.hour"), "hour of the day", "hour of the day", BOTH, "Another hour comes.", highest=23, recurs=True),
    Fact(_at("context.request.weekday"), "weekday", "weekday", BOTH, "Another day comes.", lowest=1, highest=7, recurs=True),
    Fact(_at("resource.suitability"), "assessed risk profile", "your risk profile", BOTH, "It can be assessed anew.", ladder=RISKS),
    Fact(_at("resource.examples_hold"), "examples of the policy text hold", INTERNAL, (STAFF,), "They can be put right."),
    Fact(_at("resource.impact_seen"), "effect of the policy text looked at", INTERNAL, (STAFF,), "Somebody can look at it."),
    Fact(_at("resource.scopes"), "rights of the program", INTERNAL, (STAFF,), "An administrator gives and takes them."),
    Fact(_at("resource.evidence_allows"), "evidence allows a higher level", INTERNAL, (STAFF,), "Evidence grows."),
    Fact(_at("context.parameters.channel"), "channel of the contact", "way of contact", BOTH, "Another channel may be used."),
    Fact(_at("context.facts.channel"), "channel it was asked on", "way it was asked for", BOTH, "Another may be used.", optional=True),
    Fact(_at("context.facts.recommendation"), "suggestion it answers", INTERNAL, NOBODY, WHICH_ONE),
    Fact(_at("context.facts.speaks_for"), "customer whose word it is", INTERNAL, NOBODY, WHICH_ONE),
    Fact(_at("context.facts.reason"), "reason given", "reason given", BOTH, OWN_WORDS, only_if_missing=True),
    Fact(_at("context.parameters.reason"), "reason given", "reason given", BOTH, OWN_WORDS, only_if_missing=True),
    Fact(_at("context.parameters.product"), "product", "product", (STAFF,), "The asker may choose; to a customer it would be an offer."),
    Fact(_at("resource.life_events"), "events in the customer's life", "events in your life", (STAFF,), "Events grow old."),
    # --- what stays as it is: the request itself
    Fact(_at("context.parameters.currency"), "currency", "currency", NOBODY, WHICH_ONE),
    *(
        Fact(_at(f"context.parameters.{name}"), name.replace("_", " "), name.replace("_", " "), NOBODY, WHICH_ONE)
        for name in (
            "from_arrangement", "to_arrangement", "arrangement", "recommendation", "template", "version", "sha256", "subject", "action",
            "segment", "scope", "value", "stop", "drill", "field", "given", "role", "access", "asked_by", "verdict",
        )
    ),
    Fact(_at("context.parameters.purpose"), "purpose", "purpose", NOBODY, "It is why it is done; another one would be a pretext."),
    Fact(_at("context.request.purposes"), "purposes the data was used for", "what we used your data for", NOBODY, "It has been used."),
    Fact(_at("context.request.at"), "moment", "moment", NOBODY, "What has passed stays so; another hour or day is suggested instead."),
    # --- what stays as it is: who asks
    Fact(_at("principal.roles"), "roles of the asker", INTERNAL, NOBODY, "Who asks is not changed to get an answer."),
    Fact(_at("principal.person"), "person who asks", INTERNAL, NOBODY, "Who asks is not changed to get an answer."),
    Fact(_at("principal.branch"), "branch of the asker", INTERNAL, NOBODY, "Who asks is not changed to get an answer."),
    Fact(_at("principal.line"), "people above the asker", INTERNAL, NOBODY, "Who asks is not changed to get an answer."),
    Fact(_at("principal.party"), "customer who asks", "that you ask for yourself", NOBODY, "Who asks is not changed to get an answer."),
    # --- what stays as it is: the customer
    Fact(_at("resource.age_years"), "age in years", "your age in years", NOBODY, "Nobody can change it."),
    Fact(_at("resource.deceased"), "death of the customer", "that the customer has died", NOBODY, "A death is known or not."),
    Fact(_at("resource.kind"), "person or organisation", "whether you are a person or an organisation", NOBODY, "Nobody can change it."),
    Fact(_at("resource.is_staff"), "works at the bank", "whether you work at the bank", NOBODY, "Nobody should change jobs for an answer."),
    Fact(_at("resource.branch"), "branch of the customer", "your branch", NOBODY, "A customer is not moved to get an answer."),
    Fact(_at("resource.guardians"), "guardians", "who acts for you", NOBODY, "The law says who acts for a minor."),
    Fact(_at("resource.needs"), "what the bank takes care of", "what you asked us to take care of", NOBODY, "It protects."),
    Fact(_at("resource.arrangements"), "accounts and contracts held", "your accounts and contracts", NOBODY, "They are held or not."),
    Fact(_at("resource.products"), "products held", "products you hold", NOBODY, "Nobody should buy a product to get an answer."),
    Fact(_at("resource.segment"), "segment", "customer group", NOBODY, "It follows from the customer, not the other way round."),
    Fact(_at("resource.protected"), "specially protected record", INTERNAL, NOBODY, "The protection is there for a reason."),
    # --- what stays as it is: what the bank is run with
    Fact(_at("resource.held"), "legal hold", INTERNAL, NOBODY, "A hold is lifted by two people, not for an answer."),
    Fact(_at("resource.restricted"), "erased on request", INTERNAL, NOBODY, "What was erased stays so."),
    Fact(_at("resource.tried_out"), "mapping tried on a whole file", INTERNAL, (STAFF,), "It can be tried."),
    Fact(_at("resource.widens"), "gives the program something", INTERNAL, NOBODY, WHICH_ONE),
    Fact(_at("resource.gives"), "gives somebody the store", INTERNAL, NOBODY, WHICH_ONE),
    Fact(_at("resource.owner"), "who answers for it", INTERNAL, NOBODY, "Nobody answers for a program or a store to get an answer."),
    Fact(_at("resource.drill"), "stop made as a drill", INTERNAL, NOBODY, "It was a drill or it was not."),
    Fact(_at("resource.drafted_by"), "who drafted the text", INTERNAL, NOBODY, "Nobody drafted it but who did."),
    Fact(_at("resource.eligible"), "may be the second person", INTERNAL, NOBODY, "Who answers is not changed to get an answer."),
    Fact(_at("resource.own"), "asked for it themselves", INTERNAL, NOBODY, "It is their own request or it is not."),
    Fact(_at("resource.open"), "waits for an answer", INTERNAL, NOBODY, "A request is answered once, and in time."),
    Fact(_at("resource.person"), "person it is about", INTERNAL, NOBODY, WHICH_ONE),
    Fact(_at("resource.roles"), "roles the person holds", INTERNAL, NOBODY, "Roles are given by decisions of their own."),
    Fact(_at("resource.leaves_none"), "would leave none of this role", INTERNAL, NOBODY, "Another one has to be found first."),
    Fact(_at("resource.administrators"), "administrators of the bank", INTERNAL, NOBODY, "Nobody is appointed to get an answer."),
    Fact(_at("resource.compliance_officers"), "compliance officers signed in before", INTERNAL, NOBODY, "Who works here stays."),
    Fact(_at("resource.store"), "store of the policies", INTERNAL, NOBODY, WHICH_ONE),
    Fact(_at("resource.subject"), "system or agent", INTERNAL, NOBODY, WHICH_ONE),
    Fact(_at("resource.action"), "action", INTERNAL, NOBODY, WHICH_ONE),
    Fact(_at("resource.level"), "level in force", INTERNAL, NOBODY, WHICH_ONE),
)  # fmt: skip

_BY_PATH: Mapping[Path, Fact] = {fact.path: fact for fact in FACTS}
_PLACES: Mapping[Path, int] = {fact.path: place for place, fact in enumerate(FACTS)}
# Readings that tell how the bank divides its powers: an amount weighed together with them is a limit of staff, not of the customer.
POWERS = frozenset(
    {("principal", "roles"), ("principal", "mandate"), ("context", "request", "approval"), ("context", "request", "autonomy")}
)
AMOUNT = _at("context.parameters.amount")


def fact_of(path: Path) -> Fact:
    """The fact a path belongs to: `principal.mandate.amount` is read from the asker's mandate.

    What the table does not name: the asker chooses parameters and adds facts, so they may be suggested; what is recorded may not.
    """
    known = path[: 3 if path[0] == "context" else 2]
    if (fact := _BY_PATH.get(known)) is not None:
        return fact
    label = known[-1].replace("_", " ")
    if known[:2] in (("context", "parameters"), ("context", "facts")) and len(known) == 3:
        return Fact(known, label, label, BOTH, "The asker chooses it.", optional=known[1] == "facts")
    return Fact(known, label, INTERNAL, NOBODY, NOT_DECIDED)


def may_be_suggested(fact: Fact, audience: Audience, current: object) -> bool:
    """Whether this reader may be told to change the fact from what it is now (None: not known)."""
    return audience in fact.suggested_to and not (fact.only_if_missing and current not in (None, ""))


def place_of(fact: Fact) -> tuple[int, Path]:
    """Sorts facts as the table has them; those it does not name come last, by name."""
    return _PLACES.get(fact.path, len(FACTS)), fact.path
