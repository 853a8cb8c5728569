"""The tables of sentinel. Imported only inside this app; other floors use the faces.

Decisions, consumptions, the log and everything about approvals, reviews and policy steps are evidence: added, never changed.
"""

from .approvals import ApprovalAnswer, ApprovalMessage, ApprovalRequest, ApprovalUse, EvidenceView
from .autonomy import AutonomySetting, AutonomyWatch, Review
from .decisions import Consumption, ContextKey, Decision
from .log import Checkpoint, CheckpointWitness, LogEntry, LogHorizon, LogNode
from .mandates import Delegation, PersonalMandate
from .policies import PolicyStep, PolicyVersion
from .redaction import Erasing, Redaction
from .replay import ReplayChange, ReplayCheck
from .stops import AutomationStop, DrillSighting
from .stores import PolicyStore, StoreClient, StoreEntity

__all__ = [
    "ApprovalAnswer",
    "ApprovalMessage",
    "ApprovalRequest",
    "ApprovalUse",
    "AutomationStop",
    "AutonomySetting",
    "AutonomyWatch",
    "Checkpoint",
    "CheckpointWitness",
    "Consumption",
    "ContextKey",
    "Decision",
    "Delegation",
    "DrillSighting",
    "Erasing",
    "EvidenceView",
    "LogEntry",
    "LogHorizon",
    "LogNode",
    "PersonalMandate",
    "PolicyStep",
    "PolicyStore",
    "PolicyVersion",
    "Redaction",
    "ReplayChange",
    "ReplayCheck",
    "Review",
    "StoreClient",
    "StoreEntity",
]
