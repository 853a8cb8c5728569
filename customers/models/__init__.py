"""The state graph's tables. Imported only inside this app; other floors use the faces."""

from .arrangements import Arrangement, ArrangementRole, BookedEntry, PaymentSchedule, Product, Transaction
from .arrivals import EventArrival, EventKind, EventPost, WaitingArrival
from .behaviour import Channel, Consent, Interaction, Signal
from .care import (
    Circle,
    CircleGroupPermission,
    CircleUserPermission,
    PartyUserPermission,
    Portfolio,
    PortfolioGroupPermission,
    PortfolioPlace,
    PortfolioUserPermission,
    Protection,
    Team,
    TeamGroupPermission,
    TeamUserPermission,
)
from .clients import ApiClient, ClientKey, ClientMeter, Scope
from .consents import ConsentNotice, ConsentPurpose
from .emergencies import EmergencyAccess, EmergencyEnd, EmergencyGrant, EmergencyReview
from .landing import HeldPart, RejectedRow, SourceChunk, SourceFile, SourcePosition, SourceSystem, TouchedArrangement, TouchedParty
from .life import Goal, LifeEvent, Need, Preference
from .linkage import LinkageModel, LinkageRun, LinkageSettings, LinkVerdict, MemberDescription, PartyAct, PartyLink
from .masking import CareSettings, MaskedField, MaskingRule, Reveal
from .parties import Branch, BranchGroupPermission, BranchUserPermission, Party, PartyFact, PartyIdentifier, PartyMove, PartyRelationship
from .rights import AccessExport, AccessExportPart, Correction, ErasurePiece, LegalHold, RetentionRule, RightsRequest
from .searches import SearchLog
from .sources import FileProfile, MappingVersion, SchemaDrift, SourceJob, SourceLook, SourceMapping, Watermark
from .statements import Statement
from .survivorship import SurvivorshipRule
from .webhooks import WebhookAttempt, WebhookDelivery, WebhookSecret, WebhookSubscription

__all__ = [
    "AccessExport",
    "AccessExportPart",
    "ApiClient",
    "Arrangement",
    "ArrangementRole",
    "BookedEntry",
    "Branch",
    "BranchGroupPermission",
    "BranchUserPermission",
    "CareSettings",
    "Channel",
    "Circle",
    "CircleGroupPermission",
    "CircleUserPermission",
    "ClientKey",
    "ClientMeter",
    "Consent",
    "ConsentNotice",
    "ConsentPurpose",
    "Correction",
    "EmergencyAccess",
    "EmergencyEnd",
    "EmergencyGrant",
    "EmergencyReview",
    "ErasurePiece",
    "EventArrival",
    "EventKind",
    "EventPost",
    "FileProfile",
    "Goal",
    "HeldPart",
    "Interaction",
    "LegalHold",
    "LifeEvent",
    "LinkVerdict",
    "LinkageModel",
    "LinkageRun",
    "LinkageSettings",
    "MappingVersion",
    "MaskedField",
    "MaskingRule",
    "MemberDescription",
    "Need",
    "Party",
    "PartyAct",
    "PartyFact",
    "PartyIdentifier",
    "PartyLink",
    "PartyMove",
    "PartyRelationship",
    "PartyUserPermission",
    "PaymentSchedule",
    "Portfolio",
    "PortfolioGroupPermission",
    "PortfolioPlace",
    "PortfolioUserPermission",
    "Preference",
    "Product",
    "Protection",
    "RejectedRow",
    "RetentionRule",
    "Reveal",
    "RightsRequest",
    "SchemaDrift",
    "Scope",
    "SearchLog",
    "Signal",
    "SourceChunk",
    "SourceFile",
    "SourceJob",
    "SourceLook",
    "SourceMapping",
    "SourcePosition",
    "SourceSystem",
    "Statement",
    "SurvivorshipRule",
    "Team",
    "TeamGroupPermission",
    "TeamUserPermission",
    "TouchedArrangement",
    "TouchedParty",
    "Transaction",
    "WaitingArrival",
    "Watermark",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookSecret",
    "WebhookSubscription",
]
