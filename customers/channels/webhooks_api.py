"""What a program is told of: `/api/v1/webhooks/`. For programs only; administrators have a page. Each endpoint makes one call."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from bankos.platform.problems import Problem
from bankos.platform.requests import StaffApiRequest, valid
from customers.models import Scope
from sentinel.actions import NotPossible

from .access import ChannelView, calling
from .problems import problems
from .webhooks import subscriptions
from .webhooks.subscriptions import CHANGES

NO_STORE = {"Cache-Control": "no-store"}


class WebhookSerializer(serializers.Serializer):
    id = serializers.UUIDField(read_only=True)
    url = serializers.CharField(max_length=500, help_text="https, or a host of the bank's own that it was told to trust.")
    changes = serializers.ListField(
        child=serializers.ChoiceField(choices=CHANGES), required=False, default=list, help_text="What of a customer; empty for everything."
    )
    state = serializers.CharField(read_only=True, help_text="active, paused or disabled.")
    note = serializers.CharField(read_only=True)
    failing_since = serializers.DateTimeField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)


class WebhookMadeSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="What messages are signed with. Shown this once.")


class SecretSerializer(serializers.Serializer):
    secret = serializers.CharField(help_text="Shown this once. The one before signs too for another day.")


class AttemptSerializer(serializers.Serializer):
    tried_at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    milliseconds = serializers.IntegerField()
    problem = serializers.CharField()


class DeliverySerializer(serializers.Serializer):
    id = serializers.UUIDField()
    message_id = serializers.UUIDField(help_text="In `webhook-id`, as msg_ and its 32 digits.")
    state = serializers.CharField(help_text="waiting, delivered, given_up or withheld.")
    replay = serializers.BooleanField()
    attempts = serializers.IntegerField()
    due_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    tries = AttemptSerializer(many=True)


class DeliveriesSerializer(serializers.Serializer):
    deliveries = DeliverySerializer(many=True)
    next_before = serializers.UUIDField(allow_null=True, help_text="Ask with `before` set to this for the page after.")


class DeliveryQuerySerializer(serializers.Serializer):
    before = serializers.UUIDField(required=False, default=None)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)


class ReplaySerializer(serializers.Serializer):
    """One delivery, or all of a time."""

    delivery = serializers.UUIDField(required=False)
    start = serializers.DateTimeField(required=False)
    end = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("delivery" in attrs) == ("start" in attrs) or ("start" in attrs) != ("end" in attrs):
            raise serializers.ValidationError("Name a delivery, or the start and the end of a time.")
        return attrs


class ReplayedSerializer(serializers.Serializer):
    replayed = serializers.IntegerField()


class WebhookView(ChannelView):
    for_people = False
    scopes = dict.fromkeys(("GET", "POST", "DELETE"), Scope.WEBHOOKS_MANAGE)


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except subscriptions.UnknownWebhook as error:
        raise Http404 from error
    except NotPossible as error:
        raise Problem(status=400, title="Not possible", detail=str(error), code="not_possible") from error


class Webhooks(WebhookView):
    @extend_schema(operation_id="webhooks_list", responses={200: WebhookSerializer(many=True), **problems()})
    def get(self, request: StaffApiRequest) -> Response:
        """The webhooks of the program that asks."""
        return Response(WebhookSerializer(subscriptions.of(calling(request).client), many=True).data)

    @extend_schema(operation_id="webhooks_create", request=WebhookSerializer, responses={201: WebhookMadeSerializer, **problems(503)})
    def post(self, request: StaffApiRequest) -> Response:
        """A new webhook with its secret."""
        caller, given = calling(request), valid(WebhookSerializer, request.data)
        with _as_problems():
            made = subscriptions.make(caller.client, url=given["url"], changes=given["changes"], actor=caller.actor, at=request.now)
        body = WebhookSerializer(made.subscription).data | {"secret": made.secret}
        return Response(body, status=201, headers=NO_STORE)


class WebhookDetail(WebhookView):
    @extend_schema(operation_id="webhooks_detail", responses={200: WebhookSerializer, **problems(404)})
    def get(self, request: StaffApiRequest, webhook_id: UUID) -> Response:
        with _as_problems():
            found = subscriptions.one_of(calling(request).client, webhook_id)
        return Response(WebhookSerializer(found).data)

    @extend_schema(operation_id="webhooks_remove", responses={204: None, **problems(404, 503)})
    def delete(self, request: StaffApiRequest, webhook_id: UUID) -> Response:
        """Nothing is sent any more."""
        caller = calling(request)
        with _as_problems():
            subscriptions.remove(caller.client, webhook_id, actor=caller.actor, at=request.now)
        return Response(status=204)


class WebhookSecrets(WebhookView):
    @extend_schema(operation_id="webhooks_new_secret", request=None, responses={201: SecretSerializer, **problems(404, 503)})
    def post(self, request: StaffApiRequest, webhook_id: UUID) -> Response:
        """A new secret to sign with."""
        caller = calling(request)
        with _as_problems():
            secret = subscriptions.new_secret(caller.client, webhook_id, actor=caller.actor, at=request.now)
        return Response({"secret": secret}, status=201, headers=NO_STORE)


class WebhookTest(WebhookView):
    @extend_schema(operation_id="webhooks_test", request=None, responses={202: DeliverySerializer, **problems(404, 503)})
    def post(self, request: StaffApiRequest, webhook_id: UUID) -> Response:
        """Send a message about nobody."""
        caller = calling(request)
        with _as_problems():
            sent = subscriptions.test(caller.client, webhook_id, actor=caller.actor, at=request.now)
        return Response(DeliverySerializer(_shown(sent)).data, status=202)


class WebhookDeliveries(WebhookView):
    @extend_schema(
        operation_id="webhooks_deliveries", parameters=[DeliveryQuerySerializer], responses={200: DeliveriesSerializer, **problems(404)}
    )
    def get(self, request: StaffApiRequest, webhook_id: UUID) -> Response:
        """What was sent, the newest first, with each try."""
        asked = valid(DeliveryQuerySerializer, request.query_params)
        limit = asked["limit"]
        with _as_problems():
            rows = subscriptions.deliveries_of(calling(request).client, webhook_id, before=asked["before"], limit=limit + 1)
        page = [_shown(row) for row in rows[:limit]]
        body = {"deliveries": page, "next_before": rows[limit - 1].pk if len(rows) > limit else None}
        return Response(DeliveriesSerializer(body).data)


class WebhookReplays(WebhookView):
    @extend_schema(operation_id="webhooks_replay", request=ReplaySerializer, responses={202: ReplayedSerializer, **problems(404, 503)})
    def post(self, request: StaffApiRequest, webhook_id: UUID) -> Response:
        """Send messages once more, each with the id it had."""
        caller, asked = calling(request), valid(ReplaySerializer, request.data)
        with _as_problems():
            if "delivery" in asked:
                count = subscriptions.replay_one(caller.client, webhook_id, asked["delivery"], actor=caller.actor, at=request.now)
            else:
                count = subscriptions.replay_between(
                    caller.client, webhook_id, start=asked["start"], end=asked["end"], actor=caller.actor, at=request.now
                )
        return Response({"replayed": count}, status=202)


def _shown(delivery: Any) -> dict[str, Any]:
    names = ("id", "message_id", "state", "replay", "attempts", "due_at", "created_at", "ended_at")
    return {name: getattr(delivery, name) for name in names} | {"tries": list(delivery.tries.all())}


api_urlpatterns = [
    path("webhooks/", Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/<uuid:webhook_id>/", WebhookDetail.as_view(), name="api-webhook"),
    path("webhooks/<uuid:webhook_id>/secrets/", WebhookSecrets.as_view(), name="api-webhook-secrets"),
    path("webhooks/<uuid:webhook_id>/test/", WebhookTest.as_view(), name="api-webhook-test"),
    path("webhooks/<uuid:webhook_id>/deliveries/", WebhookDeliveries.as_view(), name="api-webhook-deliveries"),
    path("webhooks/<uuid:webhook_id>/replays/", WebhookReplays.as_view(), name="api-webhook-replays"),
]
