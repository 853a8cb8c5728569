"""Branches, sources and what they sent, for administrators. Branches and customers are only to look at: who sees whom hangs on them."""

from functools import partial

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from bankos.platform.admin_pages import HistoryAdmin, NeverDeleted, ToLookAt

from . import survivorship_rules, tasks
from .care import admin as care_admin  # noqa: F401 - registers its pages
from .channels import admin as channels_admin  # noqa: F401 - registers the pages of the programs
from .linkage import admin as linkage_admin  # noqa: F401 - registers its page
from .models import Branch, ConsentNotice, ConsentPurpose, Party, PartyFact, RejectedRow, SourceFile, SourceSystem, SurvivorshipRule
from .rights import notices
from .visibility import parties_visible_to


@admin.register(Branch)
class BranchAdmin(ToLookAt):
    """They come from the systems of record. Who sees their customers is said on a page of its own, by decisions."""

    list_display = ["name", "code", "town"]
    search_fields = ["name", "code", "town"]
    ordering = ["name"]


@admin.register(SourceSystem)
class SourceSystemAdmin(ToLookAt, HistoryAdmin):
    """To look at, with its history: what is said of a source is an act with a decision, on the page of the source."""

    list_display = ["name", "code", "freshness_promise", "rank", "owner", "time_shift_days"]
    list_select_related = ["owner"]
    ordering = ["name"]


@admin.register(SourceFile)
class SourceFileAdmin(ToLookAt):
    list_display = ["name", "system", "state", "rows_read", "rows_added", "rows_rejected", "received_at", "finished_at"]
    list_filter = ["system", "state"]
    search_fields = ["name"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SourceFile]:
        # What a customer said at the desk is that customer's, and no file anybody sent.
        return super().get_queryset(request).exclude(system=SourceSystem.CUSTOMERS_WORD)


@admin.register(RejectedRow)
class RejectedRowAdmin(ToLookAt):
    """Without what the rows say: that is read on the page of the source, by who has said why."""

    list_display = ["file", "line", "code", "state", "rejected_at"]
    fields = ["file", "line", "code", "state", "rejected_at", "accepted_at"]
    list_filter = ["state", "code", "file__system"]
    list_select_related = ["file"]
    ordering = ["-id"]


@admin.register(Party)
class PartyAdmin(ToLookAt):
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


@admin.register(ConsentPurpose)
class ConsentPurposeAdmin(NeverDeleted, HistoryAdmin):
    list_display = ["label", "code", "by_channel", "offered"]
    ordering = ["place", "code"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Policies and records know it by its code."""
        return ["code"] if obj else []


@admin.register(ConsentNotice)
class ConsentNoticeAdmin(ToLookAt):
    """A new wording is a new version; what was told once stays as it was told."""

    list_display = ["purpose", "language", "version", "in_force_from", "made_by"]
    list_filter = ["purpose", "language"]
    list_select_related = ["purpose"]
    ordering = ["purpose", "language", "-version"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("customers.add_consentnotice")

    def save_model(self, request: HttpRequest, obj: ConsentNotice, form: object, change: bool) -> None:
        notices.publish(obj, actor=request.actor)  # type: ignore[attr-defined]


class SurvivorshipRuleForm(forms.ModelForm):
    """The codes are written one after the other, with commas between them."""

    attribute = forms.ChoiceField(choices=PartyFact.Attribute.choices)

    class Meta:
        model = SurvivorshipRule
        fields = ["attribute", "confirmed_first", "order", "systems"]

    def clean_systems(self) -> list[str]:
        systems: list[str] = self.cleaned_data["systems"]
        unknown = {*systems} - {*SourceSystem.objects.values_list("code", flat=True)}
        if unknown:
            raise forms.ValidationError(f"bankos reads no system called {', '.join(sorted(unknown))}.")
        return systems


@admin.register(SurvivorshipRule)
class SurvivorshipRuleAdmin(NeverDeleted, HistoryAdmin):
    """Whose word staff see first. Every change is kept, and shown to all customers by the workers."""

    form = SurvivorshipRuleForm
    list_display = ["__str__", "confirmed_first", "order", "systems"]
    ordering = ["attribute"]

    def get_readonly_fields(self, request: HttpRequest, obj: SurvivorshipRule | None = None) -> list[str]:
        return ["attribute"] if obj else []

    def save_model(self, request: HttpRequest, obj: SurvivorshipRule, form: forms.ModelForm, change: bool) -> None:
        survivorship_rules.change_rule(obj, at=request.now)  # type: ignore[attr-defined]
        for bucket in range(survivorship_rules.BUCKETS):
            transaction.on_commit(partial(tasks.resurface.delay, bucket))
