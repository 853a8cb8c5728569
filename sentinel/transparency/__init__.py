"""The log of all decisions and of their use, in which nothing can be changed, removed or slipped in unnoticed (RFC 9162).

Writers take their places in the log themselves, without waiting for each other; the integrator hashes what stands there into a Merkle
tree and signs its root. What is promised, and what is not: docs/transparency-log.md.
"""

from . import witnesses
from .checkpoints import Checkpoint, checkpoint
from .errors import LogDamaged, LogSetBack, NotInTheLog
from .exports import Damage, Exported, MayNotExport, Selection, export, lines
from .integrator import SECONDS_TO_A_CHECKPOINT, LogStatus, integrate, status
from .presence import Presence, presence_of
from .proofs import Consistency, Inclusion, consistency_of, proof_of

__all__ = [
    "SECONDS_TO_A_CHECKPOINT",
    "Checkpoint",
    "Consistency",
    "Damage",
    "Exported",
    "Inclusion",
    "LogDamaged",
    "LogSetBack",
    "LogStatus",
    "MayNotExport",
    "NotInTheLog",
    "Presence",
    "Selection",
    "checkpoint",
    "consistency_of",
    "export",
    "integrate",
    "lines",
    "presence_of",
    "proof_of",
    "status",
    "witnesses",
]
