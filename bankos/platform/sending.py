"""Files that are sent while they are written, however long they are."""

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import AnyStr

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

LINES_AT_ONCE = 200


def sent_as_file(request: HttpRequest, lines: Iterator[AnyStr], *, name: str, content_type: str) -> StreamingHttpResponse:
    """An answer the browser saves under this name."""
    return StreamingHttpResponse(
        # What is not asynchronous an asynchronous server would first collect whole.
        _in_steps(lines) if isinstance(request, ASGIRequest) else lines,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _in_steps(lines: Iterator[AnyStr]) -> AsyncIterator[AnyStr]:
    """Written on the thread of the request, where its database connection lives."""
    while part := await sync_to_async(_next)(lines):
        yield part[0][:0].join(part)


def _next(lines: Iterator[AnyStr]) -> list[AnyStr]:
    return list(islice(lines, LINES_AT_ONCE))
