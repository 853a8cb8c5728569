"""The state graph's tables. Imported only inside this app; other floors use the faces."""

from .arrangements import Arrangement, ArrangementRole, PaymentSchedule, Product, Transaction
from .behaviour import Consent, Interaction, Signal
from .landing import RejectedRow, SourceChunk, SourceFile, SourceSystem, TouchedParty
from .parties import Branch, BranchGroupPermission, BranchUserPermission, Party, PartyFact, PartyIdentifier, PartyRelationship
from .searches import SearchLog

__all__ = [
    "Arrangement",
    "ArrangementRole",
    "Branch",
    "BranchGroupPermission",
    "BranchUserPermission",
    "Consent",
    "Interaction",
    "Party",
    "PartyFact",
    "PartyIdentifier",
    "PartyRelationship",
    "PaymentSchedule",
    "Product",
    "RejectedRow",
    "SearchLog",
    "Signal",
    "SourceChunk",
    "SourceFile",
    "SourceSystem",
    "TouchedParty",
    "Transaction",
]
