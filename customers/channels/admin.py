"""Programs, what they are told, and the kinds of events there are, for administrators: with their histories."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from bankos.platform import clock
from bankos.platform.admin_pages import NeverDeleted
from customers.models import ApiClient, EventKind, WebhookSubscription

from . import clients


class _ToLookAt(NeverDeleted, SimpleHistoryAdmin):
    """What is said here is an act with a decision, on the page of the program."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return obj is None and super().has_change_permission(request)


@admin.register(ApiClient)
class ApiClientAdmin(_ToLookAt):
    list_display = ["name", "kind", "reach", "per_minute", "owner", "created_at", "revoked_at"]
    list_filter = ["kind", "reach"]
    list_select_related = ["owner"]
    search_fields = ["name"]
    ordering = ["name"]
    actions = ["revoke"]

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiClient]) -> None:
        living = list(queryset.filter(revoked_at=None))
        actor: Any = request.actor  # type: ignore[attr-defined]
        for client in living:
            clients.revoke(client.pk, actor=actor, at=clock.now())
        self.message_user(request, f"{len(living)} revoked: the next request of such a program is refused.")


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(_ToLookAt):
    list_display = ["url", "client", "state", "note", "failing_since", "created_at"]
    list_filter = ["state", "client"]
    list_select_related = ["client"]
    ordering = ["-id"]


@admin.register(EventKind)
class EventKindAdmin(NeverDeleted, SimpleHistoryAdmin):
    """A kind added here lets the events of that kind run that were kept; its code stays, as signals bear it."""

    list_display = ["title", "code"]
    search_fields = ["title", "code"]
    ordering = ["title"]

    def get_readonly_fields(self, request: HttpRequest, obj: EventKind | None = None) -> list[str]:
        return [] if obj is None else ["code"]
