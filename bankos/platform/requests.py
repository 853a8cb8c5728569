"""What a request of a signed-in person carries once the middlewares have run."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework import serializers
from rest_framework.request import Request

from .actors import Actor
from .models import User


class StaffRequest(HttpRequest):
    """For views behind `login_required`: the moment it arrived and who sent it are there."""

    actor: Actor
    now: datetime
    htmx: HtmxDetails
    user: User


class StaffApiRequest(Request):
    """The same, for views of the API: REST framework hands the attributes of the request it wraps through."""

    actor: Actor
    now: datetime


def valid(serializer: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """What was asked or sent, as the serializer reads it.

    Raises:
        ValidationError: answered with the places of what is wrong (`problems`).
    """
    given = serializer(data=data)
    given.is_valid(raise_exception=True)
    return given.validated_data
