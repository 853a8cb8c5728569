"""The customer state over HTTP: `/api/v1/customers/`, for people signed in and for programs (`channels`).

Each endpoint translates and makes one call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from bankos.platform import preconditions
from bankos.platform.problems import Problem
from bankos.platform.requests import StaffApiRequest, valid

from . import consents, search, state, timeline
from .attributes import STATED_BY_CUSTOMERS
from .care import revealing
from .channels import etags
from .channels.access import BEHALF, ChannelView, acting
from .channels.events_api import api_urlpatterns as events_api
from .channels.problems import problems
from .channels.webhooks_api import api_urlpatterns as webhooks_api
from .models import MaskedField, RightsRequest, Scope, Statement
from .models.behaviour import CONTACT_CHANNELS, Channel
from .statements.stating import NotStatable, Stated, ask_sources, state_fact
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
    masked = serializers.BooleanField(help_text="Whether the value holds only what may be shown of it.")
    valid_from = serializers.DateField(allow_null=True, help_text="The first day it is true on; null: not stated.")
    valid_to = serializers.DateField(allow_null=True, help_text="The last day it is true on; null: not stated, or not ended.")


class StatedDetailSerializer(serializers.Serializer):
    """One more thing that is known of the customer, or will be true from a later day on."""

    attribute = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field's name, not the serializer's own label
    field = FieldSerializer()


class ConflictSerializer(serializers.Serializer):
    attribute = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field's name, not the serializer's own label
    said = FieldSerializer(many=True)


class AccountSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    product_name = serializers.CharField()
    number = serializers.CharField()
    masked = serializers.BooleanField(help_text="Whether the number holds only its end.")
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
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)


class ConsentSerializer(serializers.Serializer):
    purpose = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field's name, not the serializer's own label
    given = serializers.BooleanField(allow_null=True, help_text="null: the customer was not asked")
    occurred_at = serializers.DateTimeField(allow_null=True)
    channel = serializers.CharField(allow_null=True, help_text="where the customer said so")
    contact_channels = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="the ways of contact agreed to; null: none was spoken of"
    )
    valid_until = serializers.DateTimeField(allow_null=True)
    record_id = serializers.UUIDField(allow_null=True)


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
    conflicts = ConflictSerializer(many=True)
    deceased = FieldSerializer(allow_null=True, help_text="The day the customer died on, if it is known.")
    details = StatedDetailSerializer(many=True)
    to_come = StatedDetailSerializer(many=True)
    version = serializers.IntegerField()
    national_id = serializers.CharField()
    national_id_masked = serializers.BooleanField()


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


class RevealSerializer(serializers.Serializer):
    """Which masked field a person needs, and why."""

    field = serializers.ChoiceField(choices=MaskedField.choices)
    reason = serializers.CharField(default="", allow_blank=True, max_length=revealing.LONGEST_REASON)


class RevealedSerializer(serializers.Serializer):
    """`values` is empty while a second person has to agree first."""

    values = serializers.ListField(child=serializers.CharField())
    until = serializers.DateTimeField(allow_null=True)
    waits = serializers.BooleanField()


class StatementSerializer(serializers.Serializer):
    """What the customer says, what shows it, how it was made sure that it is them, and where they said it."""

    attribute = serializers.ChoiceField(choices=[(one.value, one.label) for one in STATED_BY_CUSTOMERS])
    value = serializers.CharField(max_length=300)
    evidence = serializers.ChoiceField(choices=Statement.Evidence.choices)
    checked = serializers.ChoiceField(choices=RightsRequest.IdentityCheck.choices)
    heard_on = serializers.ChoiceField(choices=Channel.choices)
    valid_from = serializers.DateField(default=None, help_text="The day from which it is true, if it is not so yet or the day matters.")
    ask_sources = serializers.BooleanField(default=False, help_text="Whether sources that say otherwise are asked to put it right.")


class StatedSerializer(serializers.Serializer):
    fact_id = serializers.UUIDField()
    sources_asked = serializers.IntegerField()


class SearchSerializer(serializers.Serializer):
    """What may be asked of the search."""

    q = serializers.CharField(min_length=2, max_length=search.LONGEST_TEXT)
    limit = serializers.IntegerField(min_value=1, max_value=search.LARGEST_LIST, default=10)


class MomentSerializer(serializers.Serializer):
    """Which moment the state is asked of: when it was known, and on which day it was true."""

    known_at = serializers.DateTimeField(default=None, help_text="As the bank knew it at that moment of the past; without it, now.")
    valid_on = serializers.DateField(default=None, help_text="What was or will be true of the customer on that day; without it, today.")


class TimelineQuerySerializer(serializers.Serializer):
    """What may be asked of the timeline."""

    kind = serializers.MultipleChoiceField(choices=timeline.KINDS, default=set)
    text = serializers.CharField(default="", max_length=timeline.LONGEST_TEXT, help_text="What an entry's words have to hold.")
    before = serializers.CharField(default="", max_length=200)
    limit = serializers.IntegerField(min_value=1, max_value=timeline.LARGEST_PAGE, default=30)


class ConsentChangeSerializer(serializers.Serializer):
    """What the customer said, and where."""

    purpose = serializers.CharField(max_length=40)
    given = serializers.BooleanField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    contact_channel = serializers.ChoiceField(
        choices=[("", "none in particular"), *((one.value, one.label) for one in CONTACT_CHANNELS)], default=""
    )
    notice_id = serializers.UUIDField(default=None, help_text="The wording the customer was told.")
    evidence = serializers.CharField(max_length=120, default="", allow_blank=True, help_text="Where it can be found again.")


UNCHANGED = OpenApiResponse(description="Nothing changed since the answer with this ETag.")
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="ETags of answers already at hand.")
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag of the consents this change rests on.")
ETAG = OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200, 304], description="Names this state of the body.")


class CustomerSearch(ChannelView):
    scopes = {"GET": Scope.SEARCH}

    @extend_schema(
        operation_id="customers_search",
        summary="Find customers by name, phone, e-mail, customer or account number",
        parameters=[SearchSerializer, BEHALF],
        responses={200: MatchSerializer(many=True), **problems()},
    )
    def get(self, request: StaffApiRequest) -> Response:
        asked = valid(SearchSerializer, request.query_params)
        found = search.find(asked["q"], actor=request.actor, limit=asked["limit"], at=request.now)
        return Response(MatchSerializer(found, many=True).data)


class CustomerDetail(ChannelView):
    scopes = {"GET": Scope.STATE_READ}

    @extend_schema(
        operation_id="customers_state",
        summary="One customer's state",
        parameters=[MomentSerializer, BEHALF, IF_NONE_MATCH, ETAG],
        responses={200: CustomerSerializer, 304: UNCHANGED, **problems(404)},
    )
    def get(self, request: StaffApiRequest, party_id: UUID) -> Response:
        asked = valid(MomentSerializer, request.query_params)
        named = preconditions.tags(request, "If-None-Match")
        if any(asked.values()):
            return Response(CustomerSerializer(_of_moment(party_id, request, **asked)).data)
        with _hidden_as_missing():
            tag = etags.state_tag(party_id, actor=request.actor, at=request.now)
            if at_hand := preconditions.not_modified(named, tag):
                return _tagged(Response(status=304), at_hand)
            found = state.state_of(party_id, actor=request.actor, at=request.now)
        return _tagged(Response(CustomerSerializer(found).data), tag)


def _of_moment(party_id: UUID, request: StaffApiRequest, *, known_at: datetime | None, valid_on: date | None) -> state.CustomerState:
    with _hidden_as_missing():
        try:
            return state.state_of(party_id, actor=request.actor, at=request.now, known_at=known_at, valid_on=valid_on)
        except state.NotKnownThen as error:
            raise Problem(
                status=404, title="Not known then", detail="At that moment the bank did not know this customer.", code="not_known_then"
            ) from error


class CustomerTimeline(ChannelView):
    scopes = {"GET": Scope.TIMELINE_READ}

    @extend_schema(
        operation_id="customers_timeline",
        summary="What happened with a customer, the newest first",
        parameters=[TimelineQuerySerializer, OpenApiParameter("kind", many=True, enum=timeline.KINDS), BEHALF, IF_NONE_MATCH, ETAG],
        responses={200: TimelineSerializer, 304: UNCHANGED, **problems(404)},
    )
    def get(self, request: StaffApiRequest, party_id: UUID) -> Response:
        asked = valid(TimelineQuerySerializer, request.query_params)
        with _hidden_as_missing():
            page = timeline.entries_of(
                party_id, actor=request.actor, kinds=asked["kind"], text=asked["text"], before=asked["before"], limit=asked["limit"]
            )
        body = TimelineSerializer(page).data
        # Acts of every floor stand in it, whose moments no version counts: the tag is the page's own.
        tag = etags.tag_of("timeline", party_id, body)
        if at_hand := preconditions.not_modified(preconditions.tags(request, "If-None-Match"), tag):
            return _tagged(Response(status=304), at_hand)
        return _tagged(Response(body), tag)


class CustomerConsents(ChannelView):
    scopes = {"GET": Scope.CONSENTS_READ, "POST": Scope.CONSENTS_WRITE}
    preconditions: ClassVar[frozenset[str]] = frozenset({"If-Match"})

    @extend_schema(
        operation_id="customers_consents",
        summary="What a customer agrees to",
        parameters=[BEHALF, IF_NONE_MATCH, ETAG],
        responses={200: ConsentSerializer(many=True), 304: UNCHANGED, **problems(404)},
    )
    def get(self, request: StaffApiRequest, party_id: UUID) -> Response:
        with _hidden_as_missing():
            found = consents.consents_of(party_id, actor=request.actor, at=request.now)
        if at_hand := preconditions.not_modified(preconditions.tags(request, "If-None-Match"), found.tag):
            return _tagged(Response(status=304), at_hand)
        return _tagged(Response(ConsentSerializer(found.now, many=True).data), found.tag)

    @extend_schema(
        operation_id="customers_change_consent",
        summary="Record what a customer agrees to",
        parameters=[BEHALF, IF_MATCH],
        request=ConsentChangeSerializer,
        responses={204: None, **problems(404, 412, 503)},
    )
    def post(self, request: StaffApiRequest, party_id: UUID) -> Response:
        said = valid(ConsentChangeSerializer, request.data)
        actor, on_behalf_of = acting(request)
        named = preconditions.tags(request, "If-Match")
        since = None if named is None or named.anything else named.strong
        try:
            with _hidden_as_missing():
                consents.change_consent(
                    party_id, actor=actor, on_behalf_of=on_behalf_of, unless_changed_since=since, at=request.now, **said
                )
        except consents.NotSayable as error:
            raise serializers.ValidationError(str(error)) from error
        except consents.ConsentsChanged as error:
            detail = "What the customer agrees to was changed in between. Read it again."
            raise Problem(status=412, title="Changed in between", detail=detail, code="changed") from error
        return Response(status=204)


class CustomerStatements(ChannelView):
    """For people only: a customer states something in front of somebody of the bank."""

    @extend_schema(
        operation_id="customers_state_fact",
        summary="Record what a customer states or confirms of themselves",
        request=StatementSerializer,
        responses={201: StatedSerializer, **problems(404, 503)},
    )
    def post(self, request: StaffApiRequest, party_id: UUID) -> Response:
        asked = valid(StatementSerializer, request.data)
        asks, said = asked.pop("ask_sources"), Stated(**asked)
        try:
            with _hidden_as_missing():
                fact = state_fact(party_id, said=said, actor=request.actor, at=request.now)
                sources = ask_sources(party_id, said=said, actor=request.actor, at=request.now) if asks else 0
        except NotStatable as error:
            raise serializers.ValidationError(str(error)) from error
        return Response(StatedSerializer({"fact_id": fact, "sources_asked": sources}).data, status=201)


class CustomerReveal(ChannelView):
    """For people only: a program reads masked fields whole if its rights say so, or not at all."""

    @extend_schema(
        operation_id="customers_reveal",
        summary="Show one masked field for a short while; that it was shown, and why, is kept",
        request=RevealSerializer,
        responses={200: RevealedSerializer, **problems(404)},
    )
    def post(self, request: StaffApiRequest, party_id: UUID) -> Response:
        asked = valid(RevealSerializer, request.data)
        try:
            with _hidden_as_missing():
                shown = revealing.reveal(party_id, actor=request.actor, at=request.now, **asked)
                values = revealing.values_of(party_id, asked["field"], actor=request.actor, at=request.now) if shown.until else ()
        except revealing.NotRevealed as error:
            code = "says_why" if error.says_why else "refused"
            raise Problem(status=403, title="Refused", detail=str(error), code=code) from error
        return Response(RevealedSerializer({"values": values, "until": shown.until, "waits": shown.waits}).data)


@contextmanager
def _hidden_as_missing() -> Iterator[None]:
    try:
        yield
    except NotVisible as error:
        raise Http404 from error


def _tagged(response: Response, tag: str | None) -> Response:
    """With its tag, and to be asked for anew each time; without one, as every page, to be kept nowhere."""
    if tag is not None:
        response.headers["ETag"] = tag
        response.headers["Cache-Control"] = "private, no-cache"
    return response


api_urlpatterns = [
    path("customers/", CustomerSearch.as_view(), name="api-customers"),
    path("customers/<uuid:party_id>/", CustomerDetail.as_view(), name="api-customer"),
    path("customers/<uuid:party_id>/statements/", CustomerStatements.as_view(), name="api-statements"),
    path("customers/<uuid:party_id>/reveal/", CustomerReveal.as_view(), name="api-reveal"),
    path("customers/<uuid:party_id>/timeline/", CustomerTimeline.as_view(), name="api-timeline"),
    path("customers/<uuid:party_id>/consents/", CustomerConsents.as_view(), name="api-consents"),
    *events_api,
    *webhooks_api,
]
