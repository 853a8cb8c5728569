"""Running policy stores over HTTP: `/api/v1/stores/`. For signed-in people who own a store, administrators, and a store's managing clients.

Each endpoint translates and makes one call; errors are problem details (RFC 9457) that name each reason with its line or place.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpResponse
from django.urls import path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bankos.platform import attempts, bearer, metering, proxies
from bankos.platform.models import User
from bankos.platform.problems import Problem, problem_responses
from bankos.platform.requests import StaffApiRequest, valid
from sentinel.actions import NotPossible, Ran
from sentinel.models import PolicyStore, PolicyVersion, StoreClient

from . import access, granting, management, messages
from .management import Manager
from .recording import LONGEST_ID, LONGEST_TYPE

LARGEST_PAGE = 1_000
LONGEST_TEXT = 500_000  # characters of policies, schema or examples
TEXTS = {"policies": "policies.cedar", "schema": "schema.cedarschema", "examples": "examples.json"}
NOBODY = problem_responses({401: "Nobody known asks.", 429: "A program asks more often than it may; Retry-After says when."})
NOT_SEEN = NOBODY | problem_responses({404: "No such store of yours."})
NOT_CHANGED = NOT_SEEN | problem_responses({403: "Not yours to do, or not here."})
NOT_GIVEN = NOT_CHANGED | problem_responses({409: "Not possible as things stand, or the name is taken."})
NOT_USABLE = NOT_CHANGED | problem_responses({422: "Not usable as it is; `errors` names each reason with its line or place."})


class IJson(BaseParser):
    """Reads bodies like those of AuthZEN: what two readers could understand differently is refused."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return messages.read(stream.read(messages.LARGEST_BODY + 1))
        except (messages.Malformed, RequestDataTooBig) as error:
            raise ParseError(str(error)) from error


class ClientAuthentication(BaseAuthentication):
    """A store's client by its secret: `Authorization: Bearer bk_…`. It is nobody of the bank: `request.auth` says who asks.

    Sessions have their turn where there is no such header.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, StoreClient] | None:
        secret = bearer.sent_in(request.headers.get("Authorization", ""))
        if secret is None:
            return None
        client = access.client_with(secret)
        if client is None:
            attempts.wrong_secret(address=proxies.address_of(request), at=request.now)  # type: ignore[attr-defined] # set by a middleware
            raise AuthenticationFailed("No client has this secret, or it was revoked.")
        return AnonymousUser(), client

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="authzen"'


class SomebodyKnown(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, StoreClient) or bool(request.user and request.user.is_authenticated)


class ClientThrottle(metering.Throttle):
    """What a store's programs change is read and compiled, which costs more than an evaluation."""

    def waits(self, request: Request) -> timedelta | None:
        if isinstance(request.auth, StoreClient):
            try:
                access.count(request.auth, at=request.now, cost=access.COST_OF_A_CHANGE)  # type: ignore[attr-defined] # set by a middleware
            except access.TooOften as error:
                return error.wait
        return None


class ClientScheme(OpenApiAuthenticationExtension):
    target_class = "sentinel.authzen.api.ClientAuthentication"
    name = "storeClient"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The secret of a client that may manage the store."}


def _storable(value: Any) -> None:
    """Neither a name nor a text inside may hold a zero character, which the database cannot."""
    if isinstance(value, str) and "\0" in value:
        raise serializers.ValidationError("A text holds a zero character.")
    if isinstance(value, Mapping):
        for name, member in value.items():
            _storable(name)
            _storable(member)
    if isinstance(value, list):
        for member in value:
            _storable(member)


def _printable(value: str) -> None:
    if not value.isprintable():
        raise serializers.ValidationError("Only printable characters are taken.")


def _name(longest: int) -> serializers.CharField:
    return serializers.CharField(max_length=longest, trim_whitespace=False, validators=[_printable])


def _reason() -> serializers.CharField:
    return serializers.CharField(
        max_length=granting.LONGEST_REASON, write_only=True, help_text="Why: kept with the decision, and read by a second person."
    )


class AssignmentSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=120)
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.order_by("pk"), required=False, allow_null=True, default=None, help_text="Who answers for it."
    )
    reason = _reason()


class StoreSerializer(AssignmentSerializer):
    name = serializers.SlugField(max_length=40, help_text="Part of the store's addresses: /authzen/<name>/…")
    created_at = serializers.DateTimeField(read_only=True)


class WaitingSerializer(serializers.Serializer):
    """Nothing was changed yet: a second person has to agree first, in the console."""

    request = serializers.UUIDField(help_text="What the second person is asked.")
    client = serializers.UUIDField(required=False, help_text="The program, once it was agreed to.")


class UidSerializer(serializers.Serializer):
    type = _name(LONGEST_TYPE)
    id = _name(LONGEST_ID)


class EntitySerializer(UidSerializer):
    """Someone or something the store's policies speak about; `parents` are the groups it belongs to."""

    attributes = serializers.DictField(required=False, default=dict, validators=[_storable])
    parents = UidSerializer(many=True, required=False, default=list)


class StoredEntitySerializer(serializers.Serializer):
    type = serializers.CharField()
    id = serializers.CharField(source="entity_id")
    attributes = serializers.DictField()
    parents = UidSerializer(many=True)
    changed_at = serializers.DateTimeField()


class EntityPageSerializer(serializers.Serializer):
    entities = StoredEntitySerializer(many=True)
    next_after = UidSerializer(allow_null=True, help_text="Ask with `after_type` and `after_id` set to this for the next page.")


class EntityQuerySerializer(serializers.Serializer):
    type = serializers.CharField(required=False, default="", max_length=LONGEST_TYPE, trim_whitespace=False)
    after_type = serializers.CharField(required=False, default=None, max_length=LONGEST_TYPE, trim_whitespace=False)
    after_id = serializers.CharField(required=False, default=None, max_length=LONGEST_ID, trim_whitespace=False)
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=LARGEST_PAGE)


class EntityChangeSerializer(serializers.Serializer):
    """`entities` are written, each as a whole; `removed` are taken out. All of it or nothing."""

    entities = EntitySerializer(many=True, required=False, default=list)
    removed = UidSerializer(many=True, required=False, default=list)


class EntityChangedSerializer(serializers.Serializer):
    written = serializers.IntegerField()
    removed = serializers.IntegerField()


class PoliciesSerializer(serializers.Serializer):
    """Cedar policies (each with @id, @sentence, @customer, @owner and @basis), their schema, and examples that must hold."""

    policies = serializers.CharField(max_length=LONGEST_TEXT, trim_whitespace=False)
    schema = serializers.CharField(max_length=LONGEST_TEXT, trim_whitespace=False)
    examples = serializers.CharField(max_length=LONGEST_TEXT, trim_whitespace=False, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class VersionSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    state = serializers.CharField(help_text="draft, scheduled, active, retired or refused.")
    sha256 = serializers.CharField()
    note = serializers.CharField()
    drafted_by = serializers.CharField(help_text="Id of the person, or `client:` and the id of the program, that wrote it.")
    created_at = serializers.DateTimeField()
    activated_at = serializers.DateTimeField(allow_null=True)
    retired_at = serializers.DateTimeField(allow_null=True)


class VersionTextsSerializer(VersionSerializer):
    policies = serializers.CharField()
    schema = serializers.CharField()
    examples = serializers.CharField()


class StoreClientSerializer(serializers.Serializer):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=120)
    may_manage = serializers.BooleanField(required=False, default=False, help_text="May change the store, which takes a second person.")
    per_minute = serializers.IntegerField(
        required=False, default=access.PER_MINUTE, min_value=1, max_value=access.MOST_PER_MINUTE, help_text="Evaluations a minute."
    )
    reason = _reason()
    created_at = serializers.DateTimeField(read_only=True)
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True)


class IssuedSerializer(StoreClientSerializer):
    secret = serializers.CharField(help_text="Shown this once: only its hash is kept.")


class StoreView(APIView):
    """What all endpoints share: who asks, and errors as problems."""

    authentication_classes = [ClientAuthentication, SessionAuthentication]
    permission_classes = [SomebodyKnown]
    throttle_classes = [ClientThrottle]
    parser_classes = [IJson]

    def manager(self, request: StaffApiRequest) -> Manager:
        return Manager.client(request.auth) if isinstance(request.auth, StoreClient) else Manager.employee(request.actor)

    def store(self, request: StaffApiRequest, name: str) -> PolicyStore:
        try:
            return management.store_of(name, manager=self.manager(request))
        except access.UnknownStore as error:
            raise Http404 from error

    def assign(self, request: StaffApiRequest, name: str, given: Mapping[str, Any], *, status: int) -> Response:
        owner = given["owner"].pk if given["owner"] else None
        with _as_problems():
            actor = management.person_of(self.manager(request))
            carried = granting.assign(name, title=given["title"], owner=owner, reason=given["reason"], actor=actor, at=request.now)
        return _waits_for(carried) or Response(StoreSerializer(PolicyStore.objects.get(name=name)).data, status=status)


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except management.Refused as error:
        detail = "Nothing was changed. " + "; ".join(problem.what for problem in error.problems[:3])
        errors = [_described(problem) for problem in error.problems[:100]]
        raise Problem(status=422, title="Not usable as it is", detail=detail, code="not_usable", errors=errors) from error
    except management.NotAllowed as error:
        raise Problem(status=403, title="Not yours to do", detail=str(error), code="not_allowed") from error
    except management.NotHere as error:
        raise Problem(status=403, title="Not here", detail=str(error), code="bank_store") from error
    except NotPossible as error:
        raise Problem(status=409, title="Not possible", detail=str(error), code="not_possible") from error
    except access.UnknownClient as error:
        raise Http404 from error


def _described(problem: management.Problem) -> dict[str, Any]:
    places = {"line": problem.line, "pointer": problem.pointer}
    return {"part": problem.part, "detail": problem.what} | {name: place for name, place in places.items() if place is not None}


def _waits_for(carried: Ran, **more: Any) -> Response | None:
    """The answer where a second person has to agree first; None where it is done. Raises Problem: the policies refuse it."""
    if carried.done:
        return None
    if carried.request_id is None:
        raise Problem(status=403, title="Not yours to do", detail=carried.sentence, code="not_allowed")
    return Response(WaitingSerializer({"request": carried.request_id, **more}).data, status=202)


class Stores(StoreView):
    @extend_schema(operation_id="stores_list", responses={200: StoreSerializer(many=True), **NOBODY})
    def get(self, request: StaffApiRequest) -> Response:
        """The stores you may manage."""
        return Response(StoreSerializer(management.stores_of(self.manager(request)), many=True).data)

    @extend_schema(
        operation_id="stores_create",
        request=StoreSerializer,
        responses={201: StoreSerializer, 202: WaitingSerializer, **NOT_GIVEN},
    )
    def post(self, request: StaffApiRequest) -> Response:
        """A new store, made by an administrator; with somebody who answers for it once a second person agreed.

        Until it has policies, every evaluation is refused.
        """
        given = valid(StoreSerializer, request.data)
        if PolicyStore.objects.filter(name=given["name"]).exists():
            raise Problem(status=409, title="The name is taken", detail="There is a store of this name.", code="store_exists")
        return self.assign(request, given["name"], given, status=201)


class StoreDetail(StoreView):
    @extend_schema(operation_id="stores_detail", responses={200: StoreSerializer, **NOT_SEEN})
    def get(self, request: StaffApiRequest, store: str) -> Response:
        return Response(StoreSerializer(self.store(request, store)).data)

    @extend_schema(
        operation_id="stores_assign",
        request=AssignmentSerializer,
        responses={200: StoreSerializer, 202: WaitingSerializer, **NOT_GIVEN},
    )
    def put(self, request: StaffApiRequest, store: str) -> Response:
        """What the store is called and who answers for it: somebody else once a second person agreed."""
        found = self.store(request, store)
        return self.assign(request, found.name, valid(AssignmentSerializer, request.data), status=200)


class Entities(StoreView):
    @extend_schema(
        operation_id="stores_entities",
        parameters=[EntityQuerySerializer],
        responses={200: EntityPageSerializer, **NOT_SEEN},
    )
    def get(self, request: StaffApiRequest, store: str) -> Response:
        """What the store knows, by type and id."""
        found = self.store(request, store)
        wanted = valid(EntityQuerySerializer, request.query_params)
        after = (wanted["after_type"], wanted["after_id"])
        rows = management.entities_of(
            found.name, type=wanted["type"], after=after if None not in after else None, limit=wanted["limit"] + 1
        )
        page = rows[: wanted["limit"]]
        more = {"type": page[-1].type, "id": page[-1].entity_id} if len(rows) > len(page) else None
        return Response(EntityPageSerializer({"entities": page, "next_after": more}).data)

    @extend_schema(
        operation_id="stores_entities_put",
        request=EntityChangeSerializer,
        responses={200: EntityChangedSerializer, **NOT_USABLE},
    )
    def put(self, request: StaffApiRequest, store: str) -> Response:
        """Write and remove up to 1,000 entities in one step."""
        found = self.store(request, store)
        given = valid(EntityChangeSerializer, request.data)
        entities = [management.entity(one) for one in given["entities"]]
        with _as_problems():
            removed = management.put_entities(
                found.name, entities, removed=[(one["type"], one["id"]) for one in given["removed"]], at=request.now
            )
        return Response({"written": len(entities), "removed": removed})


class Policies(StoreView):
    @extend_schema(operation_id="stores_versions", responses={200: VersionSerializer(many=True), **NOT_SEEN})
    def get(self, request: StaffApiRequest, store: str) -> Response:
        """All versions, the newest first."""
        return Response(VersionSerializer(management.versions_of(self.store(request, store).name), many=True).data)

    @extend_schema(
        operation_id="stores_policies_put",
        request=PoliciesSerializer,
        responses={200: VersionSerializer, **NOT_USABLE},
    )
    def put(self, request: StaffApiRequest, store: str) -> Response:
        """Policies, schema and examples, in force from now on if they can be used and the examples hold.

        For the bank's own store this drafts a version; it comes into force with a second person's agreement, in the console.
        """
        found = self.store(request, store)
        given = valid(PoliciesSerializer, request.data)
        with _as_problems():
            version = management.put_policies(
                found.name,
                policies=given["policies"],
                schema=given["schema"],
                examples_text=given["examples"],
                note=given["note"],
                manager=self.manager(request),
                at=request.now,
            )
        return Response(VersionSerializer(version).data)


class VersionView(StoreView):
    def version(self, request: StaffApiRequest, store: str, number: int) -> PolicyVersion:
        found = management.version_of(self.store(request, store).name, number)
        if found is None:
            raise Http404
        return found


class Version(VersionView):
    @extend_schema(operation_id="stores_version", responses={200: VersionTextsSerializer, **NOT_SEEN})
    def get(self, request: StaffApiRequest, store: str, number: int) -> Response:
        """One version with its texts."""
        return Response(VersionTextsSerializer(self.version(request, store, number)).data)


class VersionText(VersionView):
    @extend_schema(
        operation_id="stores_version_text",
        parameters=[OpenApiParameter("text", str, OpenApiParameter.PATH, enum=list(TEXTS))],
        responses={(200, "text/plain"): OpenApiTypes.STR, **NOT_SEEN},
    )
    def get(self, request: StaffApiRequest, store: str, number: int, text: str) -> HttpResponse:
        """One text of a version, byte by byte as it was put."""
        found = self.version(request, store, number)
        if text not in TEXTS:
            raise Http404
        disposition = f'attachment; filename="{found.store_id}-{number}-{TEXTS[text]}"'
        headers = {"Content-Disposition": disposition}
        return HttpResponse(getattr(found, text), content_type="text/plain; charset=utf-8", headers=headers)


class Clients(StoreView):
    @extend_schema(operation_id="stores_clients", responses={200: StoreClientSerializer(many=True), **NOT_SEEN})
    def get(self, request: StaffApiRequest, store: str) -> Response:
        """The programs that may ask, and those that were revoked."""
        found = self.store(request, store).clients.order_by("id")
        return Response(StoreClientSerializer(found, many=True).data)

    @extend_schema(
        operation_id="stores_clients_create",
        request=StoreClientSerializer,
        responses={201: IssuedSerializer, 202: WaitingSerializer, **NOT_GIVEN},
    )
    def post(self, request: StaffApiRequest, store: str) -> Response:
        """A new client with its secret; one that may manage once a second person agreed. People give out secrets, programs don't."""
        found = self.store(request, store)
        given = valid(StoreClientSerializer, request.data)
        with _as_problems():
            actor = management.person_of(self.manager(request))
            asked = granting.let_ask(
                found.name,
                name=given["name"],
                manages=given["may_manage"],
                per_minute=given["per_minute"],
                reason=given["reason"],
                actor=actor,
                at=request.now,
            )
            if waits := _waits_for(asked.carried, client=asked.client_id):
                return waits
            return _issued(granting.make_secret(found.name, asked.client_id, actor=actor, at=request.now))


def _issued(made: tuple[StoreClient, str]) -> Response:
    client, secret = made
    return Response(StoreClientSerializer(client).data | {"secret": secret}, status=201, headers={"Cache-Control": "no-store"})


class ClientSecret(StoreView):
    @extend_schema(operation_id="stores_clients_secret", request=None, responses={201: IssuedSerializer, **NOT_CHANGED})
    def post(self, request: StaffApiRequest, store: str, client_id: UUID) -> Response:
        """The secret of a client that a second person agreed to: once, for who asked for it, within a day."""
        found = self.store(request, store)
        with _as_problems():
            actor = management.person_of(self.manager(request))
            return _issued(granting.make_secret(found.name, client_id, actor=actor, at=request.now))


class ClientDetail(StoreView):
    @extend_schema(operation_id="stores_clients_revoke", responses={204: None, **NOT_CHANGED})
    def delete(self, request: StaffApiRequest, store: str, client_id: UUID) -> Response:
        """Revoke a client: its next request is refused."""
        found = self.store(request, store)
        with _as_problems():
            actor = management.person_of(self.manager(request))
            return _waits_for(granting.revoke(found.name, client_id, actor=actor, at=request.now)) or Response(status=204)


api_urlpatterns = [
    path("stores/", Stores.as_view(), name="api-stores"),
    path("stores/<slug:store>/", StoreDetail.as_view(), name="api-store"),
    path("stores/<slug:store>/entities/", Entities.as_view(), name="api-store-entities"),
    path("stores/<slug:store>/policies/", Policies.as_view(), name="api-store-policies"),
    path("stores/<slug:store>/policies/<int:number>/", Version.as_view(), name="api-store-version"),
    path("stores/<slug:store>/policies/<int:number>/<slug:text>/", VersionText.as_view(), name="api-store-version-text"),
    path("stores/<slug:store>/clients/", Clients.as_view(), name="api-store-clients"),
    path("stores/<slug:store>/clients/<uuid:client_id>/", ClientDetail.as_view(), name="api-store-client"),
    path("stores/<slug:store>/clients/<uuid:client_id>/secret/", ClientSecret.as_view(), name="api-store-client-secret"),
]
