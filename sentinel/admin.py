"""Policies and autonomy for administrators, with their history; decisions to look at."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from bankos.platform import clock

from . import policy
from .cedar import PolicyInvalid, PolicyText
from .models import AutonomySetting, Decision, PolicyVersion


class DraftForm(forms.ModelForm):
    """A new policy text; problems are told with rule and reason."""

    class Meta:
        model = PolicyVersion
        fields = ["note", "policies", "schema"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("policies") and given.get("schema"):
            try:
                PolicyText.parse(given["policies"], given["schema"])
            except PolicyInvalid as error:
                raise forms.ValidationError(list(error.problems)) from error
        return given


@admin.register(PolicyVersion)
class PolicyVersionAdmin(SimpleHistoryAdmin):
    """A version is drafted here and put in force by an action; its text never changes."""

    form = DraftForm
    list_display = ["number", "store", "state", "note", "activated_at", "retired_at"]
    ordering = ["store", "-number"]
    history_list_display = ["state"]
    actions = ["activate"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new text starts from the one in force."""
        before = PolicyVersion.objects.filter(store=policy.BANK).order_by("-number").values("policies", "schema").first()
        return dict(before or {})

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        if obj is None:
            return ["note", "policies", "schema"]
        return ["store", "number", "state", "note", "policies", "schema", "sha256", "created_at", "activated_at", "retired_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else self.get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        if not change:
            drafted = policy.draft(policies=obj.policies, schema=obj.schema, note=obj.note, at=clock.now())
            obj.pk, obj.number = drafted.pk, drafted.number

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.action(description="Put in force", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[PolicyVersion]) -> None:
        if queryset.count() != 1:
            self.message_user(request, "Choose one version.", messages.ERROR)
            return
        try:
            chosen = policy.activate(queryset.get().pk, at=clock.now())
        except policy.NotADraft as error:
            self.message_user(request, f"Only a draft can be put in force: {error}.", messages.ERROR)
        else:
            self.message_user(request, f"Version {chosen.number} is in force.")


@admin.register(AutonomySetting)
class AutonomySettingAdmin(SimpleHistoryAdmin):
    list_display = ["subject", "action", "level", "reason", "changed_at"]
    list_filter = ["level"]
    search_fields = ["subject", "action"]
    ordering = ["subject", "action"]
    readonly_fields = ["changed_at"]
    history_list_display = ["level", "reason"]

    def save_model(self, request: HttpRequest, obj: AutonomySetting, form: Any, change: bool) -> None:
        obj.changed_at = clock.now()
        super().save_model(request, obj, form, change)


@admin.register(Decision)
class DecisionAdmin(admin.ModelAdmin):
    """Evidence: to look at, never to change."""

    list_display = ["issued_at", "action", "outcome", "actor_kind", "actor_id", "resource_type", "resource_id"]
    list_filter = ["outcome", "actor_kind", "action"]
    search_fields = ["id", "resource_id", "actor_id"]
    ordering = ["-id"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
