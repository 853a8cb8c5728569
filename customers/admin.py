"""Branches and their permissions, sources and what they sent, for administrators. Customers are only to look at."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from guardian.admin import GuardedModelAdmin
from simple_history.admin import SimpleHistoryAdmin

from .models import Branch, Party, RejectedRow, SourceFile, SourceSystem
from .visibility import parties_visible_to


class ReadOnly(admin.ModelAdmin):
    """Written by ingestion alone."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Branch)
class BranchAdmin(GuardedModelAdmin):
    list_display = ["name", "code", "town"]
    search_fields = ["name", "code", "town"]
    ordering = ["name"]

    def has_delete_permission(self, request: HttpRequest, obj: Branch | None = None) -> bool:
        return False


@admin.register(SourceSystem)
class SourceSystemAdmin(SimpleHistoryAdmin):
    list_display = ["name", "code", "freshness_promise", "time_shift_days"]
    readonly_fields = ["code", "time_shift_days"]
    ordering = ["name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SourceSystem | None = None) -> bool:
        return False


@admin.register(SourceFile)
class SourceFileAdmin(ReadOnly):
    list_display = ["name", "system", "state", "rows_read", "rows_added", "rows_rejected", "received_at", "finished_at"]
    list_filter = ["system", "state"]
    search_fields = ["name"]
    ordering = ["-id"]


@admin.register(RejectedRow)
class RejectedRowAdmin(ReadOnly):
    list_display = ["file", "line", "code", "reason", "state", "rejected_at"]
    list_filter = ["state", "code", "file__system"]
    list_select_related = ["file"]
    ordering = ["-id"]


@admin.register(Party)
class PartyAdmin(ReadOnly):
    list_display = ["number", "name", "kind", "home_branch", "customer_since"]
    list_filter = ["kind", "home_branch"]
    list_select_related = ["home_branch"]
    search_fields = ["number", "search_name"]
    ordering = ["number"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Party]:
        # Ordered here too: the autocomplete pages through this queryset as it is.
        return parties_visible_to(request.actor).order_by(*self.ordering)  # type: ignore[attr-defined]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Party:
        """A page that is not there, as everywhere else, instead of the admin's way back to its index."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found
