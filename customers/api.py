"""The customer state over HTTP: `/api/v1/customers/`. Each endpoint translates and makes one call."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from bankos.platform.problems import Problem
from bankos.platform.requests import StaffApiRequest

from . import consents, search, state, timeline
from .models.behaviour import Channel, Purpose
from .visibility import NotVisible


class MoneySerializer(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    currency = serializers.CharField()


class ProvenanceSerializer(serializers.Serializer):
    system = serializers.CharField()
    file = serializers.CharField()
    line = serializers.IntegerField()
    recorded_at = serializers.DateTimeField()
    as_of = serializers.DateTimeField(allow_null=True)


class FieldSerializer(serializers.Serializer):
    value = serializers.CharField()
    provenance = ProvenanceSerializer()


class AccountSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    product_name = serializers.CharField()
    number = serializers.CharField()
    currency = serializers.CharField()
    balance = MoneySerializer(allow_null=True)
    available = MoneySerializer(allow_null=True)
    status = serializers.CharField()
    role = serializers.CharField()
    opened_date = serializers.DateField()
    payment = MoneySerializer(allow_null=True)
    payment_day = serializers.IntegerField(allow_null=True)
    detail = serializers.CharField()
    provenance = ProvenanceSerializer()


class PersonSerializer(serializers.Serializer):
    party_id = serializers.UUIDField()
    name = serializers.CharField()
    relation = serializers.CharField()


class ConsentSerializer(serializers.Serializer):
    purpose = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field's name, not the serializer's own label
    given = serializers.BooleanField(allow_null=True, help_text="null: the customer was not asked")
    occurred_at = serializers.DateTimeField(allow_null=True)
    channel = serializers.CharField(allow_null=True)


class FreshnessSerializer(serializers.Serializer):
    system = serializers.CharField()
    system_name = serializers.CharField()
    last_data_at = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField()


class CustomerSerializer(serializers.Serializer):
    party_id = serializers.UUIDField()
    number = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    names = FieldSerializer(many=True)
    birth_date = FieldSerializer(allow_null=True)
    age = serializers.IntegerField(allow_null=True)
    phone = FieldSerializer(allow_null=True)
    email = FieldSerializer(allow_null=True)
    address = FieldSerializer(allow_null=True)
    town = FieldSerializer(allow_null=True)
    language = FieldSerializer(allow_null=True)
    branch_code = serializers.CharField()
    branch_name = serializers.CharField()
    customer_since = serializers.DateField(allow_null=True)
    accounts = AccountSerializer(many=True)
    people = PersonSerializer(many=True)
    consents = ConsentSerializer(many=True)
    in_accounts = MoneySerializer()
    owed = MoneySerializer()
    freshness = FreshnessSerializer(many=True)
    alerts = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()


class MatchSerializer(serializers.Serializer):
    party_id = serializers.UUIDField()
    name = serializers.CharField()
    number = serializers.CharField()
    why = serializers.CharField()
    detail = serializers.CharField()
    exact = serializers.BooleanField()


class EntrySerializer(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    title = serializers.CharField()
    detail = serializers.CharField()
    actor_kind = serializers.CharField()
    actor_name = serializers.CharField()
    decision_id = serializers.UUIDField(allow_null=True)
    amount = MoneySerializer(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment] # as above


class TimelineSerializer(serializers.Serializer):
    entries = EntrySerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class SearchSerializer(serializers.Serializer):
    """What may be asked of the search."""

    q = serializers.CharField(min_length=2, max_length=search.LONGEST_TEXT)
    limit = serializers.IntegerField(min_value=1, max_value=search.LARGEST_LIST, default=10)


class TimelineQuerySerializer(serializers.Serializer):
    """What may be asked of the timeline."""

    kind = serializers.MultipleChoiceField(choices=timeline.KINDS, default=set)
    before = serializers.CharField(default="", max_length=200)
    limit = serializers.IntegerField(min_value=1, max_value=timeline.LARGEST_PAGE, default=30)


class ConsentChangeSerializer(serializers.Serializer):
    """What the customer said, and where."""

    purpose = serializers.ChoiceField(choices=Purpose.choices)
    given = serializers.BooleanField()
    channel = serializers.ChoiceField(choices=Channel.choices)


PROBLEM = OpenApiResponse(description="application/problem+json (RFC 9457)")
ERRORS = {400: PROBLEM, 403: PROBLEM, 404: PROBLEM}


class CustomerSearch(APIView):
    @extend_schema(
        operation_id="customers_search",
        summary="Find customers by name, phone, e-mail, customer or account number",
        parameters=[SearchSerializer],
        responses={200: MatchSerializer(many=True), 400: PROBLEM, 403: PROBLEM},
    )
    def get(self, request: StaffApiRequest) -> Response:
        asked = _valid(SearchSerializer, request.query_params)
        found = search.find(asked["q"], actor=request.actor, limit=asked["limit"], at=request.now)
        return Response(MatchSerializer(found, many=True).data)


class CustomerDetail(APIView):
    @extend_schema(operation_id="customers_state", summary="One customer's state", responses={200: CustomerSerializer, **ERRORS})
    def get(self, request: StaffApiRequest, party_id: UUID) -> Response:
        try:
            found = state.state_of(party_id, actor=request.actor, at=request.now)
        except NotVisible as error:
            raise Http404 from error
        return Response(CustomerSerializer(found).data)


class CustomerTimeline(APIView):
    @extend_schema(
        operation_id="customers_timeline",
        summary="What happened with a customer, the newest first",
        parameters=[TimelineQuerySerializer, OpenApiParameter("kind", many=True, enum=timeline.KINDS)],
        responses={200: TimelineSerializer, **ERRORS},
    )
    def get(self, request: StaffApiRequest, party_id: UUID) -> Response:
        asked = _valid(TimelineQuerySerializer, request.query_params)
        try:
            page = timeline.entries_of(party_id, actor=request.actor, kinds=asked["kind"], before=asked["before"], limit=asked["limit"])
        except NotVisible as error:
            raise Http404 from error
        return Response(TimelineSerializer(page).data)


class CustomerConsents(APIView):
    @extend_schema(
        operation_id="customers_change_consent",
        summary="Record what a customer agrees to",
        request=ConsentChangeSerializer,
        responses={204: None, **ERRORS},
    )
    def post(self, request: StaffApiRequest, party_id: UUID) -> Response:
        said = _valid(ConsentChangeSerializer, request.data)
        try:
            consents.change_consent(party_id, actor=request.actor, at=request.now, **said)
        except NotVisible as error:
            raise Http404 from error
        except consents.ConsentRefused as error:
            raise Problem(status=403, title="Refused", detail=str(error), code="refused") from error
        return Response(status=204)


def _valid(serializer: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    asked = serializer(data=data)
    asked.is_valid(raise_exception=True)
    return asked.validated_data


api_urlpatterns = [
    path("customers/", CustomerSearch.as_view(), name="api-customers"),
    path("customers/<uuid:party_id>/", CustomerDetail.as_view(), name="api-customer"),
    path("customers/<uuid:party_id>/timeline/", CustomerTimeline.as_view(), name="api-timeline"),
    path("customers/<uuid:party_id>/consents/", CustomerConsents.as_view(), name="api-consents"),
]
