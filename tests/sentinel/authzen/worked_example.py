"""The worked example of docs/authzen.md, read from the document itself."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .service import Caller, client_of, make

DOCUMENT = Path(__file__).parents[3] / "docs" / "authzen.md"
_FENCED = re.compile(r"^```([a-z ]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class WorkedExample:
    """The texts by the kind their fence names."""

    texts: dict[str, list[str]]

    def deploy(self, store: str) -> Caller:
        """The store as the document has it made; returns a client that may ask."""
        make(store)
        manager = client_of(store, manages=True)
        [policies], [schema], [examples], [entities] = (
            self.texts[kind] for kind in ("cedar", "cedarschema", "json examples", "json entities")
        )
        put = manager.manage("put", "policies/", {"policies": policies, "schema": schema, "examples": examples})
        assert put.status_code == 200, put.content
        written = manager.manage("put", "entities/", json.loads(entities))
        assert written.status_code == 200, written.content
        return client_of(store)

    def asked(self) -> list[tuple[Any, Any]]:
        """The requests with their answers."""
        return [
            (json.loads(request), json.loads(answer))
            for request, answer in zip(self.texts["json request"], self.texts["json answer"], strict=True)
        ]


def _read() -> WorkedExample:
    texts: dict[str, list[str]] = {}
    for kind, text in _FENCED.findall(DOCUMENT.read_text()):
        texts.setdefault(kind.strip(), []).append(text)
    return WorkedExample(texts)


WORKED = _read()
