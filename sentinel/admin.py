"""Policies and autonomy for administrators, with their history; decisions to look at."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from bankos.platform import actors, clock
from bankos.platform.admin_pages import HistoryAdmin, NeverDeleted, ToLookAt
from bankos.platform.models import User

from . import decisions, policy_changes, store_admin  # noqa: F401 - registers the pages of stores
from .actions import NotPossible
from .authority import AuthorityError
from .models import AutomationStop, AutonomySetting, Decision, PolicyVersion, Review


@admin.register(PolicyVersion)
class PolicyVersionAdmin(NeverDeleted, HistoryAdmin):
    """Versions to look at, with their history. They are written on the console's page; in force they come with a second person."""

    list_display = ["number", "store", "state", "note", "activated_at", "retired_at"]
    list_filter = ["store", "state"]
    ordering = ["store", "-number"]
    history_list_display = ["state"]
    readonly_fields = fields = [
        "store",
        "number",
        "state",
        "note",
        "policies",
        "schema",
        "examples",
        "sha256",
        "drafted_by",
        "created_at",
        "active_from",
        "activated_at",
        "retired_at",
    ]
    actions = ["propose"]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One editor for everybody who writes policies: it checks the examples and keeps what was typed."""
        return redirect("policy-new")

    @admin.action(description="Propose to put in force", permissions=["change"])
    def propose(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        if queryset.count() != 1:
            self.message_user(request, "Choose one version.", messages.ERROR)
            return
        actor = actors.employee(cast(User, request.user))
        try:
            outcome = policy_changes.propose(queryset.get().pk, from_=None, actor=actor, at=clock.now())
        except (NotPossible, AuthorityError) as error:
            self.message_user(request, f"Nothing was done: {error}", messages.ERROR)
            return
        if outcome.request_id:
            self.message_user(request, "Proposed. A second person has to agree before it comes into force.")
        elif outcome.done:
            self.message_user(request, "It is in force.")
        else:
            self.message_user(request, f"The bank’s rules refuse it: {outcome.sentence}", messages.ERROR)


@admin.register(AutonomySetting)
class AutonomySettingAdmin(ToLookAt, HistoryAdmin):
    """Levels are moved on the console's page, up by two people."""

    list_display = ["subject", "action", "segment", "level", "reason", "changed_at"]
    list_filter = ["level"]
    search_fields = ["subject", "action"]
    ordering = ["subject", "action", "segment"]
    history_list_display = ["level", "reason", "changed_by"]


@admin.register(AutomationStop)
class AutomationStopAdmin(ToLookAt):
    list_display = ["stopped_at", "scope", "value", "reason", "drill", "stopped_by_name", "lifted_at", "lifted_by_name"]
    list_filter = ["scope", "drill"]
    ordering = ["-stopped_at"]


@admin.register(Review)
class ReviewAdmin(ToLookAt):
    list_display = ["reviewed_at", "subject", "action", "segment", "verdict", "reason", "confidence"]
    list_filter = ["verdict"]
    search_fields = ["subject", "action", "decision__id"]
    ordering = ["-id"]
    raw_id_fields = ["decision"]


@admin.register(Decision)
class DecisionAdmin(ToLookAt):
    """Evidence: to look at, never to change."""

    list_display = ["issued_at", "action", "outcome", "actor_kind", "actor_id", "resource_type", "resource_id"]
    list_filter = ["outcome", "actor_kind", "action"]
    search_fields = ["id", "resource_id", "actor_id"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """All of them for those who oversee; an administration page is no way round who may see which decision."""
        return decisions.visible_rows(request.actor, super().get_queryset(request))  # type: ignore[attr-defined]
