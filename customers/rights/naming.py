"""By what rows of source files name a customer, and which columns of a feed say it.

A key counts only where a feed keeps that kind of key: the same digits elsewhere are an amount, or somebody else's.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from ..ingestion.change_feed import ChangeFeed
from ..ingestion.feed import Feed
from ..ingestion.formats import feed_named
from ..ingestion.records import (
    AccountRecord,
    BalanceRecord,
    CardRecord,
    ConsentRecord,
    ContactRecord,
    DescribedAccountRecord,
    DetailRecord,
    EventRecord,
    HolderRecord,
    LoanRecord,
    PartyRecord,
    PaymentOrderRecord,
    Record,
    RelationshipRecord,
    SignalRecord,
    SignInRecord,
    StandingOrderRecord,
    TransactionRecord,
)
from ..models import Arrangement, ArrangementRole, Party, PartyFact, PartyIdentifier

CUSTOMER, EMAIL, ACCOUNT = "customer", "email", "account"
EMAILS = ("email", "email_home", "email_work")
LEDGER = "core"
"""Whose accounts every source means by an account's key."""
ERASED = "Erased customer"
"""What an erased customer is called."""
SHORTEST = 6
"""Characters from which on a text is told from others by itself, wherever it stands."""

_IN_CHANNELS = {"customer": CUSTOMER, "user_id": "user_id", "anonymous_id": "anonymous_id", "email": EMAIL}
_OWN_ACCOUNT, _ON_ACCOUNT = {"source_key": ACCOUNT}, {"account_key": ACCOUNT}
# Record → field that names somebody → what kind of key it holds; empty: the kind the feed says (`key_kind`, `party_key_kind`).
_NAMED_BY: Mapping[type[Record], Mapping[str, str]] = {
    PartyRecord: {"key": "", "customer_no": "customer_no", "national_id": "national_id"},
    DetailRecord: {"key": ""},
    RelationshipRecord: {"client_id": "client_id", "other_client_id": "client_id"},
    ContactRecord: {"client_id": "client_id"},
    ConsentRecord: {"client_id": "client_id"},
    SignalRecord: {"email": EMAIL},
    EventRecord: _IN_CHANNELS,
    SignInRecord: _IN_CHANNELS,
    HolderRecord: {"party_key": "", **_ON_ACCOUNT},
    LoanRecord: {"national_id": "national_id", **_OWN_ACCOUNT, **_ON_ACCOUNT},
    CardRecord: {"customer_no": "customer_no", **_OWN_ACCOUNT, **_ON_ACCOUNT},
    StandingOrderRecord: {**_OWN_ACCOUNT, **_ON_ACCOUNT},
    AccountRecord: _OWN_ACCOUNT,
    DescribedAccountRecord: _OWN_ACCOUNT,
    TransactionRecord: _ON_ACCOUNT,
    BalanceRecord: _ON_ACCOUNT,
    PaymentOrderRecord: _ON_ACCOUNT,
}


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that names one customer. `keys`: kind → texts, lower case; `accounts`: (system, key) of those nobody else holds."""

    keys: Mapping[str, frozenset[str]]
    accounts: frozenset[tuple[str, str]]
    people: frozenset[str]
    """Their names as sources write them, lower case."""

    @property
    def alone(self) -> frozenset[str]:
        """The texts that name the customer wherever they stand: keys and account numbers long enough to be nobody else's."""
        said = {text for texts in self.keys.values() for text in texts} | {key for _, key in self.accounts}
        return frozenset(text for text in said if len(text) >= SHORTEST)

    def sought(self, *, accounts: bool) -> frozenset[bytes]:
        """What to look for before anything is made out: of which no raw text that is about the customer is without."""
        texts = {key for _, key in self.accounts} if accounts else {text for texts in self.keys.values() for text in texts}
        return frozenset(text.encode() for text in texts)

    def are_in(self, row: Mapping[str, str], by: "Collection[Naming]", *, system: str) -> bool:
        """Whether a row, as column → text, is about the customer. `system` sent it."""
        return any(folded(row.get(one.column, "")) in self._of(one.kind, one.system or system) for one in by)

    def stand_in(self, text: str) -> bool:
        """Whether something that says nothing of its parts names the customer."""
        low = text.lower()
        return any(name in low for name in self.alone)

    def _of(self, kind: str, system: str) -> frozenset[str]:
        if kind == ACCOUNT:
            return frozenset(key for of, key in self.accounts if of == system)
        return self.keys.get(kind, frozenset())


class Naming(NamedTuple):
    """A column that names somebody: by which kind of key, and whose, if it is not the sender's."""

    column: str
    kind: str
    system: str


def folded(text: str) -> str:
    """As texts are compared."""
    return text.strip().lower()


def names_of(members: Collection[UUID]) -> Names:
    """Queries: 5."""
    keys: dict[str, set[str]] = defaultdict(set)
    keys[CUSTOMER] |= {str(member) for member in members}
    for kind, value in PartyIdentifier.objects.filter(party__in=members).values_list("kind", "value"):
        keys[kind].add(folded(value))
    told = PartyFact.objects.filter(party__in=members)
    for attribute, value in told.filter(attribute__in=(*EMAILS, "national_id")).values_list("attribute", "value"):
        keys[EMAIL if attribute in EMAILS else attribute].add(folded(value))
    people = {*told.filter(attribute__in=("name", "former_name")).values_list("value", flat=True)}
    people |= {*Party.objects.filter(pk__in=members).values_list("name", flat=True)}
    accounts = held_alone(members).values_list("system_id", "source_key")
    return Names(
        {kind: frozenset(texts - {""}) for kind, texts in keys.items()},
        frozenset((system, folded(key)) for system, key in accounts),
        frozenset(map(folded, people)) - {"", folded(ERASED)},
    )


def held_alone(members: Collection[UUID]):  # type: ignore[no-untyped-def]
    """The arrangements nobody else holds: what somebody else holds too is theirs as well, and stays as long as they do."""
    own = ArrangementRole.objects.filter(party__in=members, role__in=ArrangementRole.HOLDERS).values("arrangement")
    shared = ArrangementRole.objects.filter(arrangement__in=own, role__in=ArrangementRole.HOLDERS).exclude(party__in=members)
    alone = Arrangement.objects.filter(pk__in=own).exclude(pk__in=shared.values("arrangement"))
    # A standing order names nobody: it is whose account it hangs on.
    hanging = Arrangement.objects.filter(parent__in=alone.values("pk"), roles__isnull=True)
    return Arrangement.objects.filter(Q(pk__in=alone.values("pk")) | Q(pk__in=hanging.values("pk")))


def columns_naming(feed: Feed, *, accounts: bool) -> tuple[Naming, ...]:
    """The columns of a feed that say whose row it is: by their accounts, or by themselves."""
    if isinstance(feed, ChangeFeed) and feed.gone:
        # It says no more than the key; what that is follows from the extract it was a row of.
        return tuple(one for one in columns_naming(feed_named(feed.of), accounts=accounts) if one.column in feed.keys)
    found = []
    for name, kind in _NAMED_BY.get(feed.record, {}).items():
        if accounts is (kind == ACCOUNT):
            said, system = kind or _kind_said(feed, name), LEDGER if name == "account_key" else feed.system
            found += [Naming(column, said, system) for column in feed.fields[name].columns]
    return tuple(found)


def _kind_said(feed: Feed, name: str) -> str:
    kind = feed.fields[f"{name}_kind"]
    return str(kind.convert()) if not kind.columns else "customer_no"
