"""What of a customer a person sees whole, and how the rest is shown.

Rules say which role sees which field whole; what no rule shows is masked. The system itself and customers looking at themselves see
everything, programs what their scope allows. Masking is the last step of reading a state: no page and no interface has to think of it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.expressions import Combinable

from bankos.platform.actors import Actor, ActorKind

from ..attributes import masked_as
from ..models.clients import Scope
from ..models.masking import MaskedField, MaskingRule
from ..models.parties import PartyIdentifier
from ..values import AccountView, CustomerState, Field

_FIELDS: ArrayField = ArrayField(CharField())
EVERYTHING = [str(field) for field in MaskedField]
# The customer's national id, by the outer row's record.
NATIONAL_ID = Subquery(PartyIdentifier.objects.filter(party=OuterRef("pk"), kind="national_id").order_by("pk").values("value")[:1])
HIDDEN = "••••"


def shown_to(actor: Actor | None) -> Combinable:
    """The fields this actor sees whole, as a column: reading a customer needs no query more."""
    if actor is None:
        return Value([], output_field=_FIELDS)
    if actor.client is not None:
        return Value(EVERYTHING if Scope.STATE_UNMASKED in actor.roles else [], output_field=_FIELDS)
    match actor.kind:
        case ActorKind.SYSTEM | ActorKind.CUSTOMER:
            return Value(EVERYTHING, output_field=_FIELDS)
        case ActorKind.EMPLOYEE:
            return ArraySubquery(MaskingRule.objects.filter(shown=True, role__in=[*actor.roles]).values("field").distinct())
        case _:
            return Value([], output_field=_FIELDS)


def masked(state: CustomerState, *, shown: frozenset[str], uncovered: Mapping[str, datetime]) -> CustomerState:
    """The state as somebody sees it to whom only some fields are shown whole.

    Args:
        uncovered: fields shown for a while, each until when.
    """

    def field(kind: str, value: Field | None) -> Field | None:
        if value is None or kind in shown or kind not in MaskedField:
            return value
        if kind in uncovered:
            return replace(value, shown_until=uncovered[kind])
        return replace(value, value=mask(kind, value.value), masked=True)

    hides_id = bool(state.national_id) and MaskedField.NATIONAL_ID not in shown
    until = uncovered.get(MaskedField.NATIONAL_ID) if hides_id else None
    return replace(
        state,
        phone=field(MaskedField.PHONE, state.phone),
        email=field(MaskedField.EMAIL, state.email),
        address=field(MaskedField.ADDRESS, state.address),
        birth_date=field(MaskedField.BIRTH_DATE, state.birth_date),
        national_id=mask(MaskedField.NATIONAL_ID, state.national_id) if hides_id and until is None else state.national_id,
        national_id_masked=hides_id and until is None,
        national_id_until=until,
        accounts=tuple(_account(one, shown, uncovered) for one in state.accounts),
        # What sources disagree on is no way round: each one's word is as masked as the one that counts.
        conflicts=tuple(
            replace(one, said=tuple(word for said in one.said if (word := field(masked_as(one.attribute), said))))
            for one in state.conflicts
        ),
        details=tuple(replace(one, field=field(one.masks, one.field) or one.field) for one in state.details),
        to_come=tuple(replace(one, field=field(one.masks, one.field) or one.field) for one in state.to_come),
    )


def _account(account: AccountView, shown: frozenset[str], uncovered: Mapping[str, datetime]) -> AccountView:
    if MaskedField.ACCOUNT_NUMBER in shown:
        return account
    if MaskedField.ACCOUNT_NUMBER in uncovered:
        return replace(account, shown_until=uncovered[MaskedField.ACCOUNT_NUMBER])
    return replace(account, number=account.masked_number, masked=True)


def mask(kind: str, value: str) -> str:
    """What may be shown of a value: enough to recognise it, not enough to use it."""
    match kind:
        case MaskedField.EMAIL:
            name, at, host = value.partition("@")
            return f"{name[:1]}{HIDDEN}@{host}" if at else HIDDEN
        case MaskedField.BIRTH_DATE:
            return _month(value)
        case MaskedField.PHONE | MaskedField.NATIONAL_ID:
            return f"{HIDDEN} {value[-2:]}" if len(value) > 4 else HIDDEN
        case MaskedField.ACCOUNT_NUMBER:
            return f"•• {value[-4:]}"
        case _:
            return HIDDEN


def _month(value: str) -> str:
    try:
        return f"•• {date.fromisoformat(value):%B %Y}"
    except ValueError:
        return HIDDEN
