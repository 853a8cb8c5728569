"""Programs, what they are told, and the kinds of events there are, for administrators: with their histories."""

from django.contrib import admin
from django.http import HttpRequest

from bankos.platform.admin_pages import HistoryAdmin, NeverDeleted, ToLookAt
from customers.models import ApiClient, EventKind, WebhookSubscription


class _ToLookAt(ToLookAt, HistoryAdmin):
    """What is said here is an act with a decision, on the page of the program."""


@admin.register(ApiClient)
class ApiClientAdmin(_ToLookAt):
    list_display = ["name", "kind", "reach", "per_minute", "owner", "created_at", "revoked_at"]
    list_filter = ["kind", "reach"]
    list_select_related = ["owner"]
    search_fields = ["name"]
    ordering = ["name"]


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(_ToLookAt):
    list_display = ["url", "client", "state", "note", "failing_since", "created_at"]
    list_filter = ["state", "client"]
    list_select_related = ["client"]
    ordering = ["-id"]


@admin.register(EventKind)
class EventKindAdmin(NeverDeleted, HistoryAdmin):
    """A kind added here lets the events of that kind run that were kept; its code stays, as signals bear it."""

    list_display = ["title", "code"]
    search_fields = ["title", "code"]
    ordering = ["title"]

    def get_readonly_fields(self, request: HttpRequest, obj: EventKind | None = None) -> list[str]:
        return [] if obj is None else ["code"]
