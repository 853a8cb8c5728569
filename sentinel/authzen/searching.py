"""Searching: every candidate is evaluated, those permitted are the results, page by page.

A result is never guessed from the policies' text: asked as an evaluation, with the same words, it is permitted (section 8.1).
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from django.core import signing

from sentinel.canonical import content_hash

from .messages import MOST_RESULTS, Malformed, PageAsked, Search
from .semantics import Evaluate, NotEvaluated

RESULTS_A_PAGE = 100  # when the caller gives no limit
MOST_EVALUATED = 2_000  # candidates looked at for one page, permitted or not
MOST_SECONDS = 2.0  # after which a page ends with what it has: a candidate may belong to thousands of groups
_SALT = "sentinel.authzen.page"

# The keys of the candidates after the given one (from the first when None), in a stable order: ids of entities, or names of actions.
Candidates = Callable[[str | None], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """One page. `next_token` is "" when nothing permitted is left.

    `not_evaluated` counts the candidates the policies gave no answer on, which are no results; `example` says why for the first.
    """

    results: tuple[dict[str, str], ...]
    next_token: str
    paged: bool
    not_evaluated: int = 0
    example: str = ""

    def as_json(self) -> dict[str, Any]:
        """The page stands first, as section 8.3 recommends; it is left out of a whole answer nobody asked to be paged."""
        page = {"page": {"next_token": self.next_token, "count": len(self.results)}} if self.paged or self.next_token else {}
        context = {"context": {"not_evaluated": {"count": self.not_evaluated, "example": self.example}}} if self.not_evaluated else {}
        return page | context | {"results": list(self.results)}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins. Signed, so that callers can only hand it back, and bound to the search it came from."""

    search: str
    after: str | None
    limit: int | None

    def token(self) -> str:
        return signing.dumps([self.search, self.after, self.limit], salt=_SALT)

    @classmethod
    def read(cls, token: str) -> Self:
        """
        Raises:
            Malformed: no token of ours.
        """
        try:
            search, after, limit = signing.loads(token, salt=_SALT)
        except signing.BadSignature as error:
            raise Malformed("/page/token", "is not a token this service gave") from error
        return cls(search, after, limit)


def find(search: Search, *, candidates: Candidates, evaluate: Evaluate, store: str, watch: Callable[[], float] = time.monotonic) -> Found:
    """One page of what is permitted.

    Args:
        candidates: keys in an order that stays the same; a page reads no more of them than it looks at.
        evaluate: answers `search.asked_of(key)`.
        store: whose candidates they are; a token is good for one store only.
        watch: says the seconds, from any moment on.

    Raises:
        Malformed: the token is not ours, or the search or its limit changed since (section 8.2 asks for an error).
    """
    asked = search.page or PageAsked()
    cursor = _cursor(asked, _fingerprint(search, store))
    limit = min(RESULTS_A_PAGE if cursor.limit is None else cursor.limit, MOST_RESULTS)
    keys: list[str] = []
    refusals: list[NotEvaluated] = []
    last, until = cursor.after, watch() + MOST_SECONDS
    for looked_at, key in enumerate(candidates(cursor.after)):
        if looked_at == MOST_EVALUATED or limit == 0 or (looked_at and watch() > until):
            return _found(search, keys, refusals, replace(cursor, after=last).token())
        permitted = False
        try:
            permitted = evaluate(search.asked_of(key)).decision
        except NotEvaluated as refusal:
            if refusal.status != 404:  # what the policies don't speak of is denied, and nothing more is to be said
                refusals.append(refusal)
        if permitted and len(keys) == limit:
            return _found(search, keys, refusals, replace(cursor, after=last).token())  # the next page begins with this one
        if permitted:
            keys.append(key)
        last = key
    return _found(search, keys, refusals, "")


def nothing(search: Search) -> Found:
    """The page of a search for or about something the store has never heard of (certification scenario 4.6)."""
    return _found(search, [], [], "")


def _found(search: Search, keys: Iterable[str], refusals: list[NotEvaluated], next_token: str) -> Found:
    return Found(
        tuple(search.result(key) for key in keys),
        next_token,
        search.page is not None,
        len(refusals),
        refusals[0].message if refusals else "",
    )


def _cursor(asked: PageAsked, search: str) -> Cursor:
    """The limit belongs to the whole search: it may be left out with a token, but not changed."""
    if asked.token is None:
        return Cursor(search, None, asked.limit)
    cursor = Cursor.read(asked.token)
    if cursor.search != search:
        raise Malformed("/page/token", "belongs to another search")
    if asked.limit not in (None, cursor.limit):
        raise Malformed("/page/limit", "must stay the same from page to page")
    return cursor


def _fingerprint(search: Search, store: str) -> str:
    content: Mapping[str, Any] = {"store": store, "search": type(search).__name__, "asked": search.as_json()}
    return content_hash(content)
