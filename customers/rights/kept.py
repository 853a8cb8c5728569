"""What an erased customer leaves behind, table by table and column by column, and why it says nothing of them.

Together with what goes (`erased`) it names every column in which somebody could have written something: a new one is decided or a test
fails.
"""

from ..models import (
    AccessExport,
    AccessExportPart,
    ApiClient,
    Arrangement,
    BookedEntry,
    Branch,
    BranchGroupPermission,
    BranchUserPermission,
    CareSettings,
    Circle,
    CircleGroupPermission,
    CircleUserPermission,
    ClientKey,
    ClientProposal,
    Consent,
    ConsentNotice,
    ConsentPurpose,
    Correction,
    ErasurePiece,
    EventArrival,
    EventKind,
    EventPost,
    FileProfile,
    Goal,
    HeldPart,
    Interaction,
    KeyLeave,
    LegalHold,
    LifeEvent,
    LinkageModel,
    LinkageSettings,
    LinkVerdict,
    MappingVersion,
    MaskingRule,
    MemberDescription,
    Need,
    PartyAct,
    PartyIdentifier,
    PaymentSchedule,
    Portfolio,
    PortfolioGroupPermission,
    PortfolioUserPermission,
    Preference,
    Product,
    RejectedRow,
    RetentionRule,
    RightsRequest,
    SchemaDrift,
    SearchLog,
    Signal,
    SourceChunk,
    SourceFile,
    SourceLook,
    SourceMapping,
    SourcePosition,
    SourceSystem,
    Statement,
    SurvivorshipRule,
    Team,
    TeamGroupPermission,
    TeamUserPermission,
    Transaction,
    VisibilityChange,
    Watermark,
    WebhookDelivery,
    WebhookSecret,
    WebhookSubscription,
)
from .reach import stays

# ---- what is not about customers ----

STAFF = "A colleague's, who wrote it down or did it."
SETTINGS = "The bank's own settings and rules; their pages ask for nothing about customers."
PROGRAMS = "About a program and who answers for it."

for configured in (
    ApiClient,
    Branch,
    CareSettings,
    Circle,
    ConsentNotice,
    ConsentPurpose,
    EventKind,
    LinkageSettings,
    MaskingRule,
    Portfolio,
    Product,
    RetentionRule,
    SourceMapping,
    SourceSystem,
    SurvivorshipRule,
    Team,
    WebhookSubscription,
):
    stays(configured, why=SETTINGS)
    if hasattr(configured, "history"):
        stays(configured.history.model, why=SETTINGS)
for program in (ClientKey, ClientProposal, KeyLeave, WebhookSecret):
    stays(program, why=PROGRAMS)
for shown in (
    *(BranchUserPermission, BranchGroupPermission, TeamUserPermission, TeamGroupPermission),
    *(PortfolioUserPermission, PortfolioGroupPermission, CircleUserPermission, CircleGroupPermission),
):
    stays(shown, why="Why a colleague sees the customers of a branch, team, portfolio or circle: of all of them.")
stays(VisibilityChange, why="Keys and moments of who saw whom when, never a word.")
stays(MappingVersion, why=SETTINGS)
stays(LinkageModel, why="What agreement is worth, counted over everybody.")
stays(Watermark, why="How far a source's data reaches.")
stays(FileProfile, why="Counts of how a column's texts look, never a text.")
stays(SchemaDrift, why="Names of columns, how their texts look, and why that is right.")
stays("platform.Job", why="Ids, settings, counts and places of rows by code, and why a job failed: never what a row says.")
stays(SearchLog, why="That somebody searched, never for what.")

# ---- taken out by other means than value by value ----

stays(SourceChunk, why="Lines and runs of entries are replaced by their hashes (raw).")
stays(RejectedRow, why="Rows that name the customer go as a whole (raw).")
stays(HeldPart, why="A file that names the customer is let go unread (raw).")
stays(MemberDescription, why="The row goes as a whole.")
stays(BookedEntry, why="The row goes as a whole.")
stays(SourcePosition, why="Rows called after the customer go as a whole.")
stays(EventPost, "attributes", "body", "answer", why="Requests that name the customer are emptied (channels.events.erasing).")
stays(EventArrival, "cells", why="What the customer's events say is emptied (channels.events.erasing).")
stays(AccessExport, why="A copy is deleted with its key when the customer is erased.")
stays(AccessExportPart, why="A copy is deleted with its key when the customer is erased.")
stays("sentinel.ContextKey", why="The key itself is erased (sentinel.erasure).")
stays("sentinel.ApprovalRequest", why="Its note is erased with the contexts (sentinel.erasure); the rest names roles.")
stays("sentinel.ApprovalAnswer", why="Its note is erased with the contexts (sentinel.erasure); the rest names colleagues.")
stays("sentinel.ApprovalMessage", why="Its text is erased with the contexts (sentinel.erasure); the rest names colleagues.")

# ---- ids, codes and moments: that something was, not what ----

CODES = "One of a few codes, which speak of the kind of thing and of nobody."
KEYS = "What a source or program counts it by, so that it does not come twice; it leads nowhere once the row is empty."
HASHES = "A hash of more than anybody can guess."

stays(PartyIdentifier, "kind", why=CODES)
stays(Arrangement, "currency", why=CODES)
stays(PaymentSchedule, "currency", why=CODES)
stays(Transaction, "currency", "method", "merchant_category", why=CODES)
stays(Consent, "purpose", why=CODES)
stays(Consent, "recorded_by", why=STAFF)
stays(Interaction, "kind", "actor_kind", why=CODES)
stays(Interaction, "actor_name", why=STAFF)
stays(Interaction, "source_key", why=KEYS)
stays(Signal, "kind", why=CODES)
stays(Signal, "source_key", why=KEYS)
stays(Goal, "currency", why=CODES)
for word in (Need, LifeEvent, Goal, Preference, Statement):
    stays(word, "actor_name", why=STAFF)
stays(EventPost, "content_type", why=CODES)
stays(EventPost, "idempotency_key", why=KEYS)
stays(EventPost, "sha256", why=HASHES)
stays(EventArrival, "source", "event_id", why=KEYS)
stays(EventArrival, "feed", why=CODES)
stays(EventArrival, "sha256", why=HASHES)
stays(SourceFile, "feed", "changes", why=CODES)
stays(SourceFile, "sha256", why=HASHES)
stays(SourceLook, "looked_by_name", why=STAFF)
stays(LinkVerdict, "decided_by", "decided_by_name", why=STAFF)
stays(PartyAct, "done_by", "done_by_name", why=STAFF)
stays(RightsRequest, "recorded_by", why=STAFF)
stays(Correction, "attribute", why=CODES)
stays(LegalHold, "placed_by", why=STAFF)
stays(ErasurePiece, "legal_ground", why="The law's name.")
stays(WebhookDelivery, "body", why="Ids, what changed, version and links; no word about anybody.")

# ---- floors below ----

stays("platform.AttemptCount", why="Hashes of names of accounts and of addresses, for as long as they are counted.")
stays("platform.DomainEvent", why="Ids, codes and moments: what subscribers need is read from the tables.")
stays("platform.EventDelivery", why="Why an event failed: class and place, never the message.")
stays("platform.Heartbeat", why="Names of processes.")
stays("platform.OneTimeLink", why="Ids of staff and of a decision, and hashes.")
stays("platform.Session", why="Of staff, from where they signed in; it goes when it ends.")
stays("platform.Meter", why="Ids of programs and moments.")
stays("platform.PublishedKey", why="The bank's public keys.")
stays("platform.User", why="A colleague.")
stays("sentinel.Decision", why="Signed. Words stand in it as salted hashes; what it rested on is encrypted with a key that is erased.")
stays("sentinel.CheckpointWitness", why="How far checkpoints were handed to whom, and why not further.")
stays("sentinel.Erasing", why="Ids of whom a decision to erase named, and its use.")
stays("sentinel.Redaction", why="Salted hashes of what is gone.")
stays("sentinel.EvidenceView", why="Which kinds of evidence a colleague opened.")
for evidence in ("LogEntry", "LogNode", "Checkpoint"):
    stays(f"sentinel.{evidence}", why="Hashes of signed decisions.")
stays("sentinel.ReplayChange", why="Decisions by id, and codes.")
for automation in ("AutonomySetting", "HistoricalAutonomySetting", "AutonomyWatch", "Review", "AutomationStop", "DrillSighting"):
    stays(f"sentinel.{automation}", why="About machines: how far they may go, and codes of how people judged them.")
for rule in ("PolicyVersion", "HistoricalPolicyVersion", "PolicyStep", "PolicyStore", "StoreClient"):
    stays(f"sentinel.{rule}", why=SETTINGS)
stays("sentinel.StoreEntity", why="Of another system that asks for decisions: what it writes there it erases there.")
for mandate in ("PersonalMandate", "HistoricalPersonalMandate", "Delegation", "HistoricalDelegation"):
    stays(f"sentinel.{mandate}", why=STAFF)
