"""Who asks the customers' interface: a program by its key, or a person signed in to the console. And what they may ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from bankos.platform import attempts, bearer, metering, proxies
from bankos.platform.actors import Actor
from bankos.platform.problems import Problem
from bankos.platform.requests import StaffApiRequest
from customers import programs
from customers.models import ApiClient, Scope

from . import clients

ON_BEHALF_OF = "X-On-Behalf-Of"
BEHALF = OpenApiParameter(
    ON_BEHALF_OF, UUID, OpenApiParameter.HEADER, description="The customer a channel app speaks for. Programs only.", required=False
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that asks: who acts (`actor`) and, if it speaks for a customer, for whom."""

    client: ApiClient
    actor: Actor
    on_behalf_of: Actor | None

    @property
    def viewer(self) -> Actor:
        """Whose eyes it looks with."""
        return self.on_behalf_of or self.actor


class ClientAuthentication(BaseAuthentication):
    """A program by its key: `Authorization: Bearer bc_…`. It is nobody of the bank.

    Sessions have their turn where there is no such header.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller] | None:
        secret = bearer.sent_in(request.headers.get("Authorization", ""))
        if secret is None:
            return None
        client = clients.client_with(secret, at=request.now)  # type: ignore[attr-defined] # set by a middleware
        if client is None:
            attempts.wrong_secret(address=proxies.address_of(request), at=request.now)  # type: ignore[attr-defined] # as above
            raise AuthenticationFailed("No program has this key, or it ended or was revoked.")
        return AnonymousUser(), Caller(client, programs.actor_of(client), _spoken_for(client, request.headers.get(ON_BEHALF_OF)))

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="customers"'


class ClientScheme(OpenApiAuthenticationExtension):
    target_class = "customers.channels.access.ClientAuthentication"
    name = "client"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key of a program, made by an administrator (docs/api.md)."}


class InScope(BasePermission):
    """A program needs the right the endpoint names for the method; people need a session, and their visibility does the rest."""

    def has_permission(self, request: Request, view: "ChannelView") -> bool:  # type: ignore[override]
        if not isinstance(request.auth, Caller):
            return bool(view.for_people and request.user and request.user.is_authenticated)
        scope = view.scopes.get(request.method or "")
        if scope is None or scope not in request.auth.client.scopes:
            needed = f"This needs the right {scope}." if scope else "This is not for programs."
            raise Problem(status=403, title="Not in scope", detail=needed, code="insufficient_scope")
        return True


class ClientThrottle(metering.Throttle):
    def waits(self, request: Request) -> timedelta | None:
        if not isinstance(request.auth, Caller):
            return None
        client = request.auth.client
        return metering.wait_before(f"program:{client.pk}", per_minute=client.per_minute, at=request.now)  # type: ignore[attr-defined] # set by a middleware


class ChannelView(APIView):
    """What the endpoints of the customers' interface share."""

    authentication_classes = [ClientAuthentication, SessionAuthentication]
    permission_classes = [InScope]
    throttle_classes = [ClientThrottle]
    scopes: ClassVar[Mapping[str, Scope]] = {}
    for_people: ClassVar[bool] = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if isinstance(request.auth, Caller):
            request.actor = request.auth.viewer  # type: ignore[attr-defined] # as the middleware does for people


def calling(request: Request) -> Caller:
    """The program that asks, at an endpoint that is for programs only."""
    caller = request.auth
    if not isinstance(caller, Caller):
        raise TypeError("not asked by a program")
    return caller


def acting(request: StaffApiRequest) -> tuple[Actor, Actor | None]:
    """Who does what is asked, and for whom if not for themselves."""
    if isinstance(request.auth, Caller):
        return request.auth.actor, request.auth.on_behalf_of
    return request.actor, None


def _spoken_for(client: ApiClient, named: str | None) -> Actor | None:
    if named is None:
        return None
    if not programs.speaks_for_customers(client):
        raise Problem(status=403, title="Not a channel", detail="Only a channel app speaks for customers.", code="speaks_for_nobody")
    try:
        return programs.customer_through(client, UUID(named))
    except ValueError as error:
        detail = f"{ON_BEHALF_OF} must be the id of a customer."
        raise Problem(status=400, title="Not an id", detail=detail, code="bad_on_behalf_of") from error
