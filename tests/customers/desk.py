"""Asking the API as the console's middlewares would hand the request on."""

from typing import Any

from rest_framework.test import APIRequestFactory, force_authenticate

from bankos.platform import clock
from bankos.platform.actors import Actor
from bankos.platform.models import User


def call(view: Any, actor: Actor | None, method: str = "get", data: dict[str, Any] | None = None, **kwargs: Any) -> Any:
    """The rendered response of an API view."""
    request = getattr(APIRequestFactory(), method)("/", data or {}, **({"format": "json"} if method == "post" else {}))
    request.now, request.actor = clock.now(), actor
    if actor is not None:
        force_authenticate(request, User.objects.get(pk=actor.id))
    return view.as_view()(request, **kwargs).render()
