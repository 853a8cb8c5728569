"""From records to rows: one file per kind of record, each set-based."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..at_hand import AccountsAtHand
from ..landed import Loader
from ..records import (
    AccountRecord,
    BalanceRecord,
    BranchRecord,
    CardRecord,
    ConsentRecord,
    ContactRecord,
    DescribedAccountRecord,
    DetailRecord,
    EventRecord,
    GoneRecord,
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
from .accounts import load_accounts
from .balances import load_balances
from .branches import load_branches
from .cards import load_cards
from .consents import load_consents
from .contacts import load_contacts
from .described_accounts import load_described_accounts
from .details import load_details
from .events import load_events, load_sign_ins
from .gone import load_gone
from .holders import load_holders
from .loans import load_loans
from .parties import load_parties
from .payment_orders import load_payment_orders
from .relationships import load_relationships
from .signals import load_signals
from .standing_orders import load_standing_orders
from .transactions import load_transactions, prepare_transactions


def _as_they_are(records: list[Any], accounts: AccountsAtHand) -> list[Any]:
    return records


@dataclass(frozen=True, slots=True)
class Kind:
    """How records of one kind are loaded, and what `customers.state.changed` says changed of the parties they are about.

    `prepare`: what can be done to them before it is their turn, without the database.
    """

    changes: str
    load: Loader
    prepare: Callable[[list[Any], AccountsAtHand], list[Any]] = _as_they_are


KINDS: dict[type[Record], Kind] = {
    AccountRecord: Kind("accounts", load_accounts),
    BalanceRecord: Kind("balances", load_balances),
    BranchRecord: Kind("branch", load_branches),
    CardRecord: Kind("cards", load_cards),
    ConsentRecord: Kind("consents", load_consents),
    ContactRecord: Kind("contacts", load_contacts),
    DescribedAccountRecord: Kind("accounts", load_described_accounts),
    DetailRecord: Kind("party", load_details),
    GoneRecord: Kind("transactions", load_gone),
    HolderRecord: Kind("holders", load_holders),
    LoanRecord: Kind("loans", load_loans),
    PartyRecord: Kind("party", load_parties),
    PaymentOrderRecord: Kind("payment_orders", load_payment_orders),
    RelationshipRecord: Kind("relationships", load_relationships),
    SignalRecord: Kind("signals", load_signals),
    EventRecord: Kind("signals", load_events),
    SignInRecord: Kind("sign_ins", load_sign_ins),
    StandingOrderRecord: Kind("standing_orders", load_standing_orders),
    TransactionRecord: Kind("transactions", load_transactions, prepare_transactions),
}
