"""What the endpoints of the customers' interface may answer instead, as their description tells it."""

from drf_spectacular.utils import OpenApiResponse

from bankos.platform.problems import problem_responses

EVERY = {400: "Not valid.", 401: "Nobody known asks.", 403: "Not in scope, or refused.", 429: "Too often; see Retry-After."}
SOME = {
    404: "Not there, for you.",
    409: "It contradicts what came before.",
    412: "It was changed in between.",
    413: "Larger than one request may be.",
    415: "Not a form that is read.",
    503: "Not now, and nothing happened; see Retry-After if there is one.",
}


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Beyond what every endpoint may answer."""
    return problem_responses(EVERY | {status: SOME[status] for status in statuses})
