"""The effect ledger, its deliveries and the work list for administrators: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from bankos.platform import receipts
from bankos.platform.admin_pages import ToLookAt
from customers.visibility import visible_parties_subquery

from . import effects
from .acts.act import EXECUTED
from .models import Effect, EffectDelivery, WorkItem
from .subscribers import SENDER


@admin.register(Effect)
class EffectAdmin(ToLookAt):
    list_display = ["executed_at", "action", "system", "resource_type", "resource_id", "delivered"]
    list_filter = ["action", "system"]
    search_fields = ["id", "decision_id", "resource_id"]
    ordering = ["-id"]
    fields = [
        *["executed_at", "action", "system", "resource_type", "resource_id", "parameters", "decision_id", "consumption_id", "token"],
        *["delivered", "attempts", "next_try", "last_error"],
    ]
    readonly_fields = ["delivered", "attempts", "next_try", "last_error"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Effect]:
        # Ordered here too: what completes a field pages through this as it is.
        return effects.visible_to(request.actor).order_by(*self.ordering)  # type: ignore[attr-defined]

    @admin.display(description="delivered", empty_value="not yet")
    def delivered(self, effect: Effect) -> Any:
        delivery: EffectDelivery | None = getattr(effect, "delivery", None)
        return delivery.delivered_at if delivery else None

    @admin.display(description="failed attempts")
    def attempts(self, effect: Effect) -> Any:
        receipt = _receipt(effect)
        return receipt.attempts if receipt else None

    @admin.display(description="next try")
    def next_try(self, effect: Effect) -> Any:
        receipt = _receipt(effect)
        return receipt.retry_at if receipt else None

    @admin.display(description="last error")
    def last_error(self, effect: Effect) -> Any:
        receipt = _receipt(effect)
        return receipt.last_error if receipt else None


def _receipt(effect: Effect) -> receipts.Receipt | None:
    return receipts.receipt_of(SENDER, type=EXECUTED, subject=str(effect.pk))


@admin.register(EffectDelivery)
class EffectDeliveryAdmin(ToLookAt):
    list_display = ["delivered_at", "reference", "sha256"]
    search_fields = ["reference", "effect__id"]
    ordering = ["-delivered_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EffectDelivery]:
        visible = effects.visible_to(request.actor)  # type: ignore[attr-defined]
        return super().get_queryset(request).filter(effect__in=visible.values("pk"))


@admin.register(WorkItem)
class WorkItemAdmin(ToLookAt):
    list_display = ["due_at", "kind", "title", "branch_code", "state", "owner_name", "claimed_at", "closed_at"]
    list_filter = ["kind", "state", "branch_code"]
    search_fields = ["subject_id", "party_id", "owner_name"]
    ordering = ["-added_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkItem]:
        visible = visible_parties_subquery(request.actor)  # type: ignore[attr-defined]
        return super().get_queryset(request).filter(party_id__in=visible)
