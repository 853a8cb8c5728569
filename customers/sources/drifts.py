"""What was noticed of a source's files that are not as they were, and acknowledging that they are so from now on."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bankos.platform.actors import Actor
from sentinel import actions
from sentinel.actions import NotPossible, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..models import SchemaDrift
from .access import SOURCE, SourceNotVisible, facts, system_for

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class DriftView:
    """One way in which files are no longer as they were; `acknowledged`: None while somebody should look."""

    id: UUID
    feed: str
    column: str
    label: str
    was: str
    now: str
    files: int
    first_file: str
    first_seen_at: datetime
    last_seen_at: datetime
    acknowledged: Acknowledgement | None


def drifts(code: str, *, actor: Actor) -> tuple[DriftView, ...]:
    """What was noticed of the source's files: what nobody has acknowledged, then the rest, each the newest first. Queries: 2.

    Raises:
        SourceNotVisible
    """
    rows = SchemaDrift.objects.select_related("first_file").filter(system=system_for(code, actor=actor))
    found = map(_view, rows.order_by("-last_seen_at", "-pk"))
    return tuple(sorted(found, key=lambda one: one.acknowledged is not None))


def acknowledge(drift_id: UUID, code: str, reason: str, *, actor: Actor, at: datetime) -> None:
    """Say that the files of a source are so from now on, and why that is right. Said twice, the first time counts.

    Raises:
        SourceNotVisible, sentinel.authority.NotPermitted
        NotPossible: there is no reason, or too long a one.
    """
    if not SchemaDrift.objects.filter(pk=drift_id, system=system_for(code, actor=actor)).exists():
        raise SourceNotVisible(drift_id)
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise NotPossible(f"Say in at most {LONGEST_REASON} characters why it is right.")

    parameters = {"drift": str(drift_id), "reason": reason}
    actions.run(ACKNOWLEDGE_DRIFT, actor=actor, resource_id=code, parameters=parameters, at=at, note=reason).or_raise()


def _acknowledge(permitted: Permitted) -> None:
    said = permitted.parameters
    SchemaDrift.objects.filter(pk=said["drift"], acknowledged_at=None).update(
        acknowledged_at=permitted.at,
        acknowledged_by_name=permitted.actor.name,
        acknowledged_because=said["reason"],
        decision_id=permitted.decision.id,
    )


ACKNOWLEDGE_DRIFT = actions.declare(
    ActionType(
        name="source.acknowledge",
        title="Acknowledge that a source’s files have changed",
        resource_type=SOURCE,
        parameters={"drift": ParameterKind.UUID, "reason": ParameterKind.TEXT},
        risk=RiskTier.LOW,
    ),
    facts=facts,
    effect=_acknowledge,
)


def _view(row: SchemaDrift) -> DriftView:
    acknowledged = None
    if row.acknowledged_at is not None:
        acknowledged = Acknowledgement(row.acknowledged_by_name, row.acknowledged_at, row.acknowledged_because)
    return DriftView(
        id=row.pk,
        feed=row.feed,
        column=row.column,
        label=SchemaDrift.Kind(row.kind).label,
        was=row.was,
        now=row.now,
        files=row.files,
        first_file=row.first_file.name,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        acknowledged=acknowledged,
    )
