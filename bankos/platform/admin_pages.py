"""What administration pages of evidence have in common."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest


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
