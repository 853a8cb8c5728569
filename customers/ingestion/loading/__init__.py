"""From records to rows: one file per kind of record, each set-based."""

from dataclasses import dataclass

from ..landed import Loader
from ..records import (
    AccountRecord,
    BranchRecord,
    CardRecord,
    ConsentRecord,
    ContactRecord,
    HolderRecord,
    LoanRecord,
    PartyRecord,
    Record,
    RelationshipRecord,
    SignalRecord,
    StandingOrderRecord,
    TransactionRecord,
)
from .accounts import load_accounts
from .branches import load_branches
from .cards import load_cards
from .consents import load_consents
from .contacts import load_contacts
from .holders import load_holders
from .loans import load_loans
from .parties import load_parties
from .relationships import load_relationships
from .signals import load_signals
from .standing_orders import load_standing_orders
from .transactions import load_transactions


@dataclass(frozen=True, slots=True)
class Kind:
    """How records of one kind are loaded, and what `customers.state.changed` says changed of the parties they are about."""

    changes: str
    load: Loader


KINDS: dict[type[Record], Kind] = {
    AccountRecord: Kind("accounts", load_accounts),
    BranchRecord: Kind("branch", load_branches),
    CardRecord: Kind("cards", load_cards),
    ConsentRecord: Kind("consents", load_consents),
    ContactRecord: Kind("contacts", load_contacts),
    HolderRecord: Kind("holders", load_holders),
    LoanRecord: Kind("loans", load_loans),
    PartyRecord: Kind("party", load_parties),
    RelationshipRecord: Kind("relationships", load_relationships),
    SignalRecord: Kind("signals", load_signals),
    StandingOrderRecord: Kind("standing_orders", load_standing_orders),
    TransactionRecord: Kind("transactions", load_transactions),
}
