"""How the API reads bodies: bounded in length, depth and count before anything parses them."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from . import bounded
from .bounded import BeyondBounds, NotReadable


class BoundedJson(BaseParser):
    """JSON in UTF-8 within `bounded.API`; everything else is status 400 with the reason."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return bounded.read_json(stream.read(bounded.API.size + 1))
        except (BeyondBounds, NotReadable) as error:
            raise ParseError(f"The body {error}.") from error
        except (RequestDataTooBig, OSError) as error:
            raise ParseError("The body could not be read to its end.") from error
