"""Models, runs and answers for administrators: to look at, not to change."""

from django.contrib import admin

from bankos.platform.admin_pages import ToLookAt

from .models import ModelAlias, ModelVersion, RecommendationAnswer


@admin.register(ModelVersion)
class ModelVersionAdmin(ToLookAt):
    list_display = ("name", "version", "fitted_at", "data_until", "coverage", "error")
    list_filter = ("name",)
    ordering = ("name", "-version")

    @admin.display(description="8 of 10 held")
    def coverage(self, version: ModelVersion) -> str:
        return f"{version.metrics.get('coverage_80', 0):.0%}"

    @admin.display(description="error against 'stays as it is'")
    def error(self, version: ModelVersion) -> str:
        return f"{version.metrics.get('min_error', 0):.2f}"


@admin.register(ModelAlias)
class ModelAliasAdmin(ToLookAt):
    list_display = ("model", "alias", "version", "since", "set_by", "why")
    list_select_related = ("version",)
    ordering = ("-since",)


@admin.register(RecommendationAnswer)
class RecommendationAnswerAdmin(ToLookAt):
    list_display = ("answered_at", "answer", "outcome", "reason", "actor_name", "decision_id")
    list_filter = ("answer", "outcome", "reason")
    ordering = ("-answered_at",)
    fields = ("answered_at", "answer", "outcome", "reason", "note", "until", "actor_name", "decision_id")
