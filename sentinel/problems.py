"""What the API answers to a no of the authority, and when it gave no answer: never a yes, and what to do."""

from bankos.platform.problems import Problem, anticipate

from .actions import Waits
from .authority import AuthorityError, BadRequest, NotPermitted
from .errors import KeysMissing


def _not_permitted(error: NotPermitted) -> Problem:
    return Problem(status=403, title="Refused", detail=str(error), code="refused")


def _asked_for(error: Waits) -> Problem:
    return Problem(status=403, title="A second person has to agree", detail=str(error), code="asked_for")


def _not_understood(error: BadRequest) -> Problem:
    return Problem(status=400, title="Not understood", detail=str(error), code=error.rule.id.replace("-", "_"))


def _not_decided(error: AuthorityError) -> Problem:
    return Problem(
        status=503,
        title="Not decided",
        detail="The bank’s rules could not be asked; nothing was done. Ask again; if it stays so, tell the administrators.",
        code="not_decided",
    )


def _keys_missing(error: KeysMissing) -> Problem:
    return Problem(
        status=503,
        title="Keys missing",
        detail="The bank’s keys do not fit its records; nothing was done. The administrators have to restore them (see /readyz).",
        code="keys_missing",
    )


# The first that fits counts.
anticipate(KeysMissing, _keys_missing)
anticipate(Waits, _asked_for)
anticipate(NotPermitted, _not_permitted)
anticipate(BadRequest, _not_understood)
anticipate(AuthorityError, _not_decided)
