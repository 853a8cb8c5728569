"""AuthZEN over HTTP (section 10): what arrives is checked, read, asked, and answered in exactly the standard's forms.

Callers are programs with a secret; a session of the console counts for nothing here. Who has no secret learns nothing of a store but
that there is one, which its metadata says to anybody.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from bankos.platform import attempts, bearer, clock, metering, proxies
from sentinel.models import PolicyStore, StoreClient
from sentinel.policy import BANK

from . import access, deciding, messages
from .messages import LARGEST_BODY, Batch, Malformed, Search
from .metadata import EVALUATING, SEARCHING, metadata
from .recording import Asker
from .semantics import NotEvaluated, evaluations_response

log = structlog.get_logger(__name__)

REQUEST_ID = "X-Request-ID"
JSON = "application/json"

Respond = Callable[[Mapping[str, Any], Asker], dict[str, Any]]
View = Callable[..., HttpResponse]


class Answered(Exception):
    """What is to be answered instead of a decision."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        self.status = status
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(message)

    def response(self) -> HttpResponse:
        """The standard asks for a string that says what is wrong; it may quote half a character."""
        message = self.message.encode("utf-8", "backslashreplace")
        return HttpResponse(message, status=self.status, content_type="text/plain; charset=utf-8", headers=self.headers)


def endpoint(*, cost: int = 1) -> Callable[[Respond], View]:
    """A view that answers POSTed JSON of an authenticated client with JSON. `respond` may raise Malformed, NotEvaluated and Answered.

    Args:
        cost: as how many evaluations a request counts; each further item of a batch is one more.
    """

    def made(respond: Respond) -> View:
        @csrf_exempt
        @wraps(respond)
        def view(request: HttpRequest, store: str) -> HttpResponse:
            try:
                response = _answer(request, store, respond, cost)
            except Answered as answered:
                response = answered.response()
            except Exception:  # a fault of ours, answered here so that the caller's request id goes with it
                log.exception("authzen.failed", store=store)
                response = Answered(500, "No decision could be made.").response()
            if REQUEST_ID in request.headers:
                response.headers[REQUEST_ID] = request.headers[REQUEST_ID]
            return response

        return view

    return made


@endpoint()
def evaluation(said: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
    """Section 6: one decision."""
    return deciding.evaluate(messages.evaluation(said), asker=asker).as_json()


@endpoint()
def evaluations(said: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
    """Section 7: those of a batch, or one where there are no items."""
    asked = messages.evaluations(said)
    if isinstance(asked, Batch):
        return evaluations_response(deciding.evaluate_each(asked, asker=asker))
    return deciding.evaluate(asked, asker=asker).as_json()


@endpoint(cost=access.COST_OF_A_SEARCH)
def search_subject(said: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
    return _found(messages.subject_search, said, asker)


@endpoint(cost=access.COST_OF_A_SEARCH)
def search_resource(said: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
    return _found(messages.resource_search, said, asker)


@endpoint(cost=access.COST_OF_A_SEARCH)
def search_action(said: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
    return _found(messages.action_search, said, asker)


@require_safe
@cache_control(public=True, max_age=300)
def configuration(request: HttpRequest, store: str) -> HttpResponse:
    """Section 9: where this store's endpoints are. For anybody, as it has to be read before there are credentials.

    The address is the configured one, never that of the request: whoever asks, the answer is the same, and may be kept by any cache.
    """
    if PolicyStore.objects.filter(name=store).exists():
        response: HttpResponse = JsonResponse(metadata(f"{settings.PUBLIC_URL}/authzen/{store}", offered(store)))
    else:
        response = Answered(404, "There is no such policy store.").response()
    if REQUEST_ID in request.headers:
        response.headers[REQUEST_ID] = request.headers[REQUEST_ID]
    return response


def offered(store: str) -> dict[str, str]:
    """The endpoints of a store. The bank's own entities live on other floors, so among them nothing can be searched for."""
    return EVALUATING if store == BANK else EVALUATING | SEARCHING


def _found(read: Callable[[Mapping[str, Any]], Search], said: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
    if SEARCHING.items() - offered(asker.store).items():
        raise Answered(404, "This store offers no search.")
    return deciding.search(read(said), store=asker.store).as_json()


def _answer(request: HttpRequest, store: str, respond: Respond, cost: int) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    client, at = _client(request, store), clock.now()
    asker = Asker(store, client.pk, client.name, at)
    said = None
    try:
        access.count(client, cost=cost, at=at)  # before anything of the request is read
        said = messages.read(_body(request))
        if further := messages.further_items(said):
            access.count(client, cost=further, at=at)
        answer = respond(said, asker)
    except Malformed as malformed:
        deciding.refuse(malformed, said=said, asker=asker)
        raise Answered(400, str(malformed)) from malformed
    except NotEvaluated as refusal:
        raise Answered(refusal.status, refusal.message) from refusal
    except access.TooOften as error:
        raise Answered(429, str(error), Retry_After=str(metering.seconds(error.wait))) from error
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def _client(request: HttpRequest, store: str) -> StoreClient:
    """Who asks. First whether they are known at all, then whether this is their store."""
    secret = bearer.sent_in(request.headers.get("Authorization", ""))
    if secret is None:
        raise Answered(401, "Ask with the secret of a client of this store.", WWW_Authenticate='Bearer realm="authzen"')
    client = access.client_with(secret)
    if client is None:
        try:
            attempts.wrong_secret(address=proxies.address_of(request), at=clock.now())
        except attempts.TooMany as error:
            raise Answered(429, "Too many secrets that nobody has came from your address.", Retry_After=str(error.seconds)) from error
        raise Answered(
            401, "No client has this secret, or it was revoked.", WWW_Authenticate='Bearer realm="authzen", error="invalid_token"'
        )
    if client.store_id != store:
        raise Answered(404, "There is no such policy store for this client.")
    return client


def _body(request: HttpRequest) -> bytes:
    if request.content_type != JSON:
        raise Malformed("", f"must have the content type {JSON}")
    try:
        return request.body
    except RequestDataTooBig as error:
        raise Malformed("", f"is larger than {LARGEST_BODY:,} bytes") from error
