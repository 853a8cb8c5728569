"""From records to rows: one file per kind of record, each set-based."""

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

LOADERS: dict[type[Record], Loader] = {
    AccountRecord: load_accounts,
    BranchRecord: load_branches,
    CardRecord: load_cards,
    ConsentRecord: load_consents,
    ContactRecord: load_contacts,
    HolderRecord: load_holders,
    LoanRecord: load_loans,
    PartyRecord: load_parties,
    RelationshipRecord: load_relationships,
    SignalRecord: load_signals,
    StandingOrderRecord: load_standing_orders,
    TransactionRecord: load_transactions,
}
