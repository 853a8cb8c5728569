"""The programs as administrators read them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q

from bankos.platform.actors import Actor, Role
from customers.models import ApiClient, ClientKey, Scope, WebhookDelivery, WebhookSubscription

from .clients import in_charge


@dataclass(frozen=True, slots=True)
class KeyView:
    id: UUID
    ending: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookView:
    """`waiting` and `given_up` count messages."""

    id: UUID
    url: str
    changes: tuple[str, ...]
    state: str
    state_label: str
    note: str
    failing_since: datetime | None
    waiting: int
    given_up: int


@dataclass(frozen=True, slots=True)
class ProgramView:
    """`reach`: whom it may know of, in words."""

    id: UUID
    name: str
    kind: str
    scopes: tuple[str, ...]
    reach: str
    protected: bool
    system: str
    per_minute: int
    owner: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    good_keys: int


def programs(*, actor: Actor, at: datetime) -> list[ProgramView]:
    """Those that may ask first, then those that were revoked. Raises NotInCharge. Queries: 3."""
    in_charge(actor)
    good = Q(keys__revoked_at=None, keys__expires_at__gt=at)
    found = ApiClient.objects.annotate(used=Max("keys__last_used_at"), good=Count("keys", filter=good))
    rows = found.select_related("system", "owner").prefetch_related("branches", "portfolios").order_by("name")
    return sorted((_program(row) for row in rows), key=lambda one: one.revoked_at is not None)


def owned_by(person_id: UUID, *, actor: Actor) -> list[tuple[UUID, str]]:
    """Id and name of the programs that may ask and that this person answers for: empty to who is not in charge of programs. Queries: 1."""
    if Role.ADMINISTRATOR not in actor.roles:
        return []
    return list(ApiClient.objects.filter(owner=person_id, revoked_at=None).order_by("name").values_list("pk", "name"))


def _program(row: ApiClient) -> ProgramView:
    listed = [*(branch.name for branch in row.branches.all()), *(portfolio.name for portfolio in row.portfolios.all())]
    return ProgramView(
        id=row.pk,
        name=row.name,
        kind=ApiClient.Kind(row.kind).label,
        scopes=tuple(Scope(scope).label for scope in row.scopes),
        protected=row.sees_protected,
        reach=", ".join(listed) or ApiClient.Reach(row.reach).label,
        system=row.system.name if row.system else "",
        per_minute=row.per_minute,
        owner=row.owner.name if row.owner else "",
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        last_used_at=row.used,  # type: ignore[attr-defined] # annotated
        good_keys=row.good,  # type: ignore[attr-defined] # annotated
    )


def program(client_id: UUID, *, actor: Actor, at: datetime) -> ProgramView | None:
    """Raises NotInCharge."""
    return next((one for one in programs(actor=actor, at=at) if one.id == client_id), None)


def keys_of(client_id: UUID, *, actor: Actor, at: datetime) -> list[KeyView]:
    """Those that are good, the newest first. Raises NotInCharge. Queries: 1."""
    in_charge(actor)
    rows = ClientKey.objects.filter(client=client_id, revoked_at=None, expires_at__gt=at).order_by("-id")
    return [KeyView(row.pk, row.ending, row.created_at, row.created_by, row.expires_at, row.last_used_at) for row in rows]


def webhooks_of(client_id: UUID, *, actor: Actor) -> list[WebhookView]:
    """Raises NotInCharge. Queries: 1."""
    in_charge(actor)
    states = WebhookDelivery.State
    rows = WebhookSubscription.objects.filter(client=client_id).exclude(state=WebhookSubscription.State.REMOVED)
    counted = rows.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=states.WAITING)),
        given_up=Count("deliveries", filter=Q(deliveries__state=states.GIVEN_UP)),
    )
    return [
        WebhookView(
            id=row.pk,
            url=row.url,
            changes=tuple(row.changes),
            state=row.state,
            state_label=WebhookSubscription.State(row.state).label,
            note=row.note,
            failing_since=row.failing_since,
            waiting=row.waiting,
            given_up=row.given_up,
        )
        for row in counted.order_by("id")
    ]
