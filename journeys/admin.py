"""The effect ledger, its deliveries and the work list for administrators: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from bankos.platform import receipts
from customers.visibility import visible_parties_subquery

from . import effects
from .actions import EXECUTED
from .models import Effect, EffectDelivery, WorkItem
from .subscribers import SENDER


class ReadOnly(admin.ModelAdmin):
    """Written by the program alone."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Effect)
class EffectAdmin(ReadOnly):
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
        return effects.visible_to(request.actor)  # type: ignore[attr-defined]

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
class EffectDeliveryAdmin(ReadOnly):
    list_display = ["delivered_at", "reference", "sha256"]
    search_fields = ["reference", "effect__id"]
    ordering = ["-delivered_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EffectDelivery]:
        visible = effects.visible_to(request.actor)  # type: ignore[attr-defined]
        return super().get_queryset(request).filter(effect__in=visible.values("pk"))


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnly):
    list_display = ["due_at", "kind", "title", "branch_code", "state", "owner_name", "claimed_at", "closed_at"]
    list_filter = ["kind", "state", "branch_code"]
    search_fields = ["subject_id", "party_id", "owner_name"]
    ordering = ["-added_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkItem]:
        visible = visible_parties_subquery(request.actor)  # type: ignore[attr-defined]
        return super().get_queryset(request).filter(party_id__in=visible)
