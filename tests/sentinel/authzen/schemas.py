"""The JSON Schemas of the AuthZEN messages, ready to validate."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import sentinel.authzen

FOLDER = Path(sentinel.authzen.__file__).parent / "schemas"


@cache
def schemas() -> dict[str, Any]:
    return {file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}


@cache
def validator(name: str) -> Draft202012Validator:
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas().values())
    return Draft202012Validator(schemas()[name], registry=registry)


def fits(name: str, message: Any) -> bool:
    return validator(name).is_valid(message)
