"""What administration pages of evidence have in common."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin


class NeverDeleted:
    """Something else names it, or it is evidence."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ToLookAt(NeverDeleted, admin.ModelAdmin):
    """Written by the program alone, or by acts with a decision on pages of their own."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class HistoryAdmin(SimpleHistoryAdmin):
    """With what a row said before. An id of another form than the table's is nobody's."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            return super().history_view(request, object_id, extra_context)
        except (ValidationError, ValueError) as error:
            raise Http404 from error

    def history_form_view(self, request: HttpRequest, object_id: str, version_id: str, *more: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().history_form_view(request, object_id, version_id, *more, **kwargs)
        except (ValidationError, ValueError) as error:
            raise Http404 from error
