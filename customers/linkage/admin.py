"""The three zones of linkage, for administrators: one row, with its history."""

from django.contrib import admin
from django.http import HttpRequest

from bankos.platform.admin_pages import HistoryAdmin, NeverDeleted

from ..models import LinkageSettings


@admin.register(LinkageSettings)
class LinkageSettingsAdmin(NeverDeleted, HistoryAdmin):
    list_display = ["__str__", "same_from", "ask_from"]
    ordering = ["id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not LinkageSettings.objects.exists()
