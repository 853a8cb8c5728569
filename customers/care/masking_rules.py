"""Which role sees which field whole: changed by decisions, by two people where a field is opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bankos.platform.actors import OVERSEEING, Actor, Role
from sentinel import actions, approvals, authority
from sentinel.actions import Ask, NotPossible, Permitted, Ran
from sentinel.catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier

from ..models import MaskedField, MaskingRule, VisibilityChange
from .action_types import MASKING
from .granting import Change, NotInCharge, reason_of


@dataclass(frozen=True, slots=True)
class FieldRules:
    """A field that can be masked; `shown`: each role, and whether it sees the field whole."""

    field: str
    label: str
    shown: tuple[tuple[str, bool], ...]


def in_charge(actor: Actor) -> None:
    """Raises NotInCharge."""
    if not actor.roles & OVERSEEING:
        raise NotInCharge


def rules(*, actor: Actor) -> list[FieldRules]:
    """Every field with every role. Raises NotInCharge. Queries: 1."""
    in_charge(actor)
    whole = set(MaskingRule.objects.filter(shown=True).values_list("field", "role"))
    return [
        FieldRules(field.value, str(field.label), tuple((role.value, (field.value, role.value) in whole) for role in Role))
        for field in MaskedField
    ]


def history(*, actor: Actor, limit: int = 50) -> list[Change]:
    """What was changed of it, the newest first. Raises NotInCharge. Queries: 1."""
    in_charge(actor)
    rows = VisibilityChange.objects.filter(what=MaskingRule._meta.db_table).order_by("-changed_at", "-id")[:limit]
    return [Change(row.changed_at, _in_words(row.after), row.decision_id) for row in rows]


def waiting(*, actor: Actor, at: datetime) -> list[approvals.Waiting]:
    """What was asked for and waits for a second person. Raises NotInCharge. Queries: 2."""
    in_charge(actor)
    return approvals.waiting_about(MASKING, list(MaskedField.values), at=at)


def _in_words(after: Mapping[str, Any]) -> str:
    field, role = MaskedField(after["field"]).label, Role(after["role"]).label
    return f"{role}: {field} {'whole' if after['shown'] and 'gone' not in after else 'masked'}"


def change(field: str, *, role: str, shown: bool, reason: str, actor: Actor, at: datetime) -> Ran:
    """Say whether a role sees a field whole.

    Raises:
        NotInCharge, NotPossible, authority.AuthorityError
    """
    in_charge(actor)
    parameters = {"role": role, "shown": "yes" if shown else "no", "reason": reason_of(reason)}
    return actions.run(CHANGE_MASKING, actor=actor, resource_id=field, parameters=parameters, at=at, note=parameters["reason"])


def _resource(asked: Ask) -> authority.Resource:
    if asked.resource_id not in MaskedField or asked.parameters["role"] not in tuple(Role):
        raise NotPossible("There is no such field, or no such role.")
    return authority.Resource(MASKING, asked.resource_id, {"field": asked.resource_id})


def _change(permitted: Permitted) -> None:
    said = permitted.parameters
    MaskingRule.objects.update_or_create(
        field=permitted.resource_id,
        role=str(said["role"]),
        defaults={"shown": said["shown"] == "yes", "decision_id": permitted.decision.id},
    )


CHANGE_MASKING = actions.declare(
    ActionType(
        name="masking.change",
        title="Say whether a role sees a field whole",
        resource_type=MASKING,
        parameters={"role": ParameterKind.CODE, "shown": ParameterKind.CODE, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_resource,
    effect=_change,
)
