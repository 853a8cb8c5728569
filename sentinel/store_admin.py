"""Policy stores, what they know and who may ask them, for administrators."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest

from bankos.platform import clock
from bankos.platform.admin_pages import ToLookAt
from bankos.platform.bounded import BeyondBounds, check_json

from .authzen import management
from .authzen.api import EntitySerializer
from .authzen.messages import BOUNDS
from .models import PolicyStore, StoreClient, StoreEntity


@admin.register(PolicyStore)
class PolicyStoreAdmin(ToLookAt):
    """Who answers for a store is an act with a decision, on the store's page."""

    list_display = ["name", "title", "owner", "created_at"]
    ordering = ["name"]


class BoundedJson(forms.JSONField):
    """JSON as deep and as long as the store's API takes it; Django's own field reads any depth, and fails at a great one."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                check_json(value, BOUNDS)
            except BeyondBounds as error:
                raise forms.ValidationError(f"This {error}.") from error
        return super().to_python(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was sent, to be shown again."""
        try:
            check_json(data or "", BOUNDS)
        except BeyondBounds:
            return InvalidJSONInput(data)
        return super().bound_data(data, initial)


class StoreEntityForm(forms.ModelForm):
    """Takes what the store's API takes, and says why not in the same words."""

    class Meta:
        model = StoreEntity
        fields = ["store", "type", "entity_id", "attributes", "parents"]
        field_classes = {"attributes": BoundedJson, "parents": BoundedJson}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        entity = management.entity(self._as_put(given))
        store = given.get("store") or self.instance.store
        try:
            with transaction.atomic():
                management.put_entities(store.name, [entity], at=clock.now())
                transaction.set_rollback(True)  # only tried: the form saves it
        except (management.Refused, management.NotHere) as error:
            raise forms.ValidationError(str(error)) from error
        return given

    def _as_put(self, given: dict[str, Any]) -> dict[str, Any]:
        said = {name: given[name] for name in ("attributes", "parents")}
        said |= {"type": given.get("type") or self.instance.type, "id": given.get("entity_id") or self.instance.entity_id}
        read = EntitySerializer(data=said)
        if not read.is_valid():
            raise forms.ValidationError([f"{name}: {reason}" for name, reason in read.errors.items()])
        return dict(read.validated_data)


@admin.register(StoreEntity)
class StoreEntityAdmin(admin.ModelAdmin):
    form = StoreEntityForm
    list_display = ["store", "type", "entity_id", "changed_at"]
    list_filter = ["store", "type"]
    search_fields = ["entity_id"]
    ordering = ["store", "type", "entity_id"]
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else ["store", "type", "entity_id"]

    def save_model(self, request: HttpRequest, obj: StoreEntity, form: Any, change: bool) -> None:
        obj.changed_at = clock.now()
        super().save_model(request, obj, form, change)


@admin.register(StoreClient)
class StoreClientAdmin(ToLookAt):
    """A program is let in, and its secret taken, on the store's page."""

    list_display = ["name", "store", "may_manage", "per_minute", "created_at", "revoked_at"]
    list_filter = ["store"]
    ordering = ["store", "name"]
