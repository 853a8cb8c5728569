"""Events and signals in: `/api/v1/events/`, `/api/v1/customers/<id>/signals/`. Each endpoint translates and makes one call."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request, is_form_media_type
from rest_framework.response import Response

from bankos.platform import bell, preconditions
from bankos.platform.problems import Problem
from bankos.platform.requests import StaffApiRequest, valid
from customers.models import Scope
from customers.visibility import NotVisible

from . import signals
from .access import BEHALF, ChannelView, calling
from .events import applying, landing, reading
from .problems import problems

APPLY_FOR = 0.3  # seconds a request may spend on making events part of the state; beyond that a worker goes on
COME_BACK = 5  # seconds
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="Makes a second request of this key do nothing.")
CE = "HTTP_CE_"


class FateSerializer(serializers.Serializer):
    place = serializers.IntegerField(help_text="In the request, from 0.")
    id = serializers.CharField()
    status = serializers.ChoiceField(choices=[fate.value for fate in landing.Fate])
    reason = serializers.CharField()


class AcceptedSerializer(serializers.Serializer):
    """The fate of each event. `next` says in words what happens to the accepted ones."""

    events = FateSerializer(many=True)
    next = serializers.CharField()


class SignalSerializer(serializers.Serializer):
    """What a customer did. Of one `id` the first counts; without an id, a request repeated is another signal."""

    id = serializers.CharField(max_length=200, required=False, default="")
    kind = serializers.RegexField(r"^[a-z][a-z0-9_]{0,39}$", help_text="One of the kinds of events the bank knows.")
    channel = serializers.ChoiceField(choices=["app", "web", "phone", "branch", "email", "letter"], required=False)
    occurred_at = serializers.DateTimeField(required=False)
    campaign = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)
    detail = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    details = serializers.DictField(required=False, default=dict)


class Bytes(BaseParser):
    """A body of any kind, as it came, up to its bound."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        if is_form_media_type(media_type or ""):  # of which more is expected than bytes, also by who looks for a session's token
            raise UnsupportedMediaType(media_type or "")
        try:
            return stream.read(reading.LARGEST_BODY + 1)
        except RequestDataTooBig:
            return b" " * (reading.LARGEST_BODY + 1)


class Events(ChannelView):
    parser_classes = [Bytes]
    scopes = {"POST": Scope.EVENTS_WRITE}
    for_people = False

    @extend_schema(
        operation_id="events_send",
        summary="Events of a channel: CloudEvents 1.0 or Segment's track and identify, one or up to 500",
        parameters=[KEY, BEHALF],
        request={
            reading.CLOUD_EVENT: OpenApiTypes.OBJECT,
            reading.CLOUD_EVENTS: serializers.ListSerializer(child=serializers.DictField()),
            reading.JSON: OpenApiTypes.OBJECT,
        },
        responses={202: AcceptedSerializer, **problems(409, 413, 415, 503)},
        examples=[
            OpenApiExample(
                "CloudEvent",
                media_type=reading.CLOUD_EVENT,
                request_only=True,
                value={
                    "specversion": "1.0",
                    "id": "A234-1234-1234",
                    "source": "/app",
                    "type": "com.example.bank.loan_application_abandoned",
                    "subject": "ines@example.org",
                    "time": "2026-11-24T09:12:00Z",
                    "data": {"campaign": "autumn", "page": "income"},
                },
            ),
            OpenApiExample(
                "Track",
                media_type=reading.JSON,
                request_only=True,
                value={
                    "type": "track",
                    "event": "Travel Notice",
                    "userId": "u-4711",
                    "messageId": "m-1",
                    "timestamp": "2026-11-24T09:12:00Z",
                    "properties": {"country": "PT"},
                },
            ),
        ],
    )
    def post(self, request: StaffApiRequest) -> Response:
        caller = calling(request)
        attributes = {name.removeprefix(CE).lower(): unquote(value) for name, value in request.META.items() if name.startswith(CE)}
        body: Any = request.data
        # Without a body no parser is asked, and there is no text but an empty form.
        key = preconditions.idempotency_key(request, longest=landing.LONGEST_KEY)
        arrived = landing.Request(body if isinstance(body, bytes) else b"", _media_type(request), attributes, key)
        behalf = caller.on_behalf_of.id if caller.on_behalf_of else ""
        try:
            answer = landing.land(arrived, client=caller.client, customer=behalf, spoken_for=behalf, at=request.now)
        except reading.TooLarge as error:
            raise Problem(status=413, title="Too large", detail=str(error), code="too_large") from error
        except reading.NotEvents as error:
            raise Problem(status=400, title="No events", detail=str(error), code="not_events") from error
        except landing.KeyReused as error:
            detail = "Another request came with this key before."
            raise Problem(status=409, title="Key used before", detail=detail, code="key_reused") from error
        except landing.Backlog:
            return _come_back()
        finish()
        return Response(answer, status=202)


class CustomerSignals(ChannelView):
    scopes = {"POST": Scope.SIGNALS_WRITE}
    for_people = False

    @extend_schema(
        operation_id="customers_record_signal",
        summary="Record what a customer did in a channel",
        parameters=[BEHALF],
        request=SignalSerializer,
        responses={202: AcceptedSerializer, **problems(404, 503)},
    )
    def post(self, request: StaffApiRequest, party_id: UUID) -> Response:
        said = valid(SignalSerializer, request.data)
        try:
            answer = signals.record(party_id, said=said, caller=calling(request), at=request.now)
        except NotVisible as error:
            raise Http404 from error
        except reading.NotEvents as error:
            raise Problem(status=400, title="Not usable", detail=str(error), code="not_events") from error
        except landing.Backlog:
            return _come_back()
        finish()
        return Response(answer, status=202)


def finish() -> None:
    """Make what waits part of the state; what takes longer, a worker goes on with."""
    if not applying.apply_waiting(seconds=APPLY_FOR):
        bell.call("customers.tasks.apply_events")


def _come_back() -> Response:
    problem = {
        "type": "about:blank",
        "title": "Too much waits",
        "status": 503,
        "detail": "More events wait than the bank works off. Send it again later.",
        "code": "backlog",
    }
    return Response(problem, status=503, content_type="application/problem+json", headers={"Retry-After": str(COME_BACK)})


def _media_type(request: Request) -> str:
    return (request.content_type or "").partition(";")[0].strip().lower()


api_urlpatterns = [
    path("events/", Events.as_view(), name="api-events"),
    path("customers/<uuid:party_id>/signals/", CustomerSignals.as_view(), name="api-signals"),
]
