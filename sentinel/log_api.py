"""The log for anybody, signed in or not: hashes and signatures only, which tell nothing about what was decided.

`/log/checkpoint` is the latest signed note as text; whoever keeps one can later demand `/log/consistency/<then>/<now>/`.
"""

from base64 import b64encode
from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import transparency


@require_safe
@never_cache
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The latest checkpoint (C2SP tlog-checkpoint); 404 until there is one."""
    latest = transparency.checkpoint(request.now)  # type: ignore[attr-defined]
    if latest is None:
        raise Http404
    return HttpResponse(latest.note, content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def inclusion(request: HttpRequest, index: int) -> JsonResponse:
    """That the latest checkpoint, which comes along, counts the entry at this index (RFC 9162, 2.1.3); hashes in base64."""
    try:
        proof = transparency.proof_of(index)
    except transparency.NotInTheLog as error:
        raise Http404 from error
    return JsonResponse(
        {
            "index": proof.index,
            "size": proof.checkpoint.size,
            "leaf_hash": b64encode(proof.leaf_hash).decode(),
            "proof": _base64(proof.hashes),
            "checkpoint": proof.checkpoint.note,
        }
    )


@require_safe
@never_cache
def consistency(request: HttpRequest, first: int, second: int) -> JsonResponse:
    """That the log of `second` entries begins with the `first` (RFC 9162, 2.1.4); hashes in base64."""
    try:
        proof = transparency.consistency_of(first, second)
    except transparency.NotInTheLog as error:
        raise Http404 from error
    return JsonResponse({"first": proof.first, "second": proof.second, "proof": _base64(proof.hashes)})


def _base64(hashes: Iterable[bytes]) -> list[str]:
    return [b64encode(hash).decode() for hash in hashes]
