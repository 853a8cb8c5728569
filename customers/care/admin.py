"""Who sees whom and what is masked, for administrators to look at, with its history: it is arranged on pages of its own, by decisions."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from bankos.platform.admin_pages import HistoryAdmin, NeverDeleted, ToLookAt

from ..models import CareSettings, Circle, MaskingRule, PartyUserPermission, Portfolio, PortfolioPlace, Protection, Team
from ..visibility import visible_parties_subquery


class OfVisibleCustomers(ToLookAt):
    """Rows about customers: those of customers the administrator may see, as everywhere else."""

    party = "party"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        visible = visible_parties_subquery(request.actor)  # type: ignore[attr-defined]
        return super().get_queryset(request).filter(**{f"{self.party}__in": visible})


@admin.register(Team)
class TeamAdmin(ToLookAt):
    list_display = ["name", "code"]
    search_fields = ["name", "code"]
    ordering = ["name"]


@admin.register(Portfolio)
class PortfolioAdmin(ToLookAt):
    list_display = ["name", "code", "manager", "team"]
    list_select_related = ["manager", "team"]
    search_fields = ["name", "code"]
    ordering = ["name"]


@admin.register(PortfolioPlace)
class PortfolioPlaceAdmin(OfVisibleCustomers):
    list_display = ["party", "portfolio"]
    list_filter = ["portfolio"]
    list_select_related = ["party", "portfolio"]
    ordering = ["portfolio", "party"]


@admin.register(Circle)
class CircleAdmin(ToLookAt):
    list_display = ["name", "code"]
    search_fields = ["name", "code"]
    ordering = ["name"]


@admin.register(Protection)
class ProtectionAdmin(OfVisibleCustomers, HistoryAdmin):
    """A protection ends, it is never taken away: who was protected when stays known."""

    list_display = ["party", "kind", "circle", "employee", "since", "until"]
    list_filter = ["kind", "circle"]
    list_select_related = ["party", "circle", "employee"]
    ordering = ["-since"]


@admin.register(PartyUserPermission)
class LeaveAdmin(OfVisibleCustomers):
    """Leaves to see a single customer."""

    party = "content_object"
    list_display = ["user", "content_object", "until", "reason"]
    list_select_related = ["user", "content_object"]
    ordering = ["-until"]


@admin.register(MaskingRule)
class MaskingRuleAdmin(ToLookAt, HistoryAdmin):
    list_display = ["field", "role", "shown"]
    list_filter = ["field", "role"]
    ordering = ["field", "role"]


@admin.register(CareSettings)
class CareSettingsAdmin(NeverDeleted, HistoryAdmin):
    """How many minutes a look lasts, within what the database allows. Each look is a decision; this opens none."""

    list_display = ["__str__", "reveal_minutes", "emergency_minutes"]
    ordering = ["id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
