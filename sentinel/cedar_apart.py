"""Reads texts of policies nobody has read before, in a process of its own (`bankos.platform.apart`). Imports Cedar and nothing of ours."""

import json
from typing import Any

import cedarpy


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """`policies` as Cedar's JSON and what its validator says of them; or `refused`, if either text cannot be read."""
    policies, schema = request["policies"], request["schema"]
    try:
        parsed_schema = cedarpy.Schema.from_str(schema)
        written = cedarpy.policies_to_json_str(policies)
    except ValueError as error:
        return {"refused": str(error)}
    try:
        json.loads(written)
        cedarpy.PolicySet.from_json_str(written)
    except (ValueError, RecursionError):
        # Each policy that can apply is put to Cedar as JSON, of which it reads 128 levels.
        return {"refused": "a condition is nested deeper than can be evaluated; use several rules", "whole": True}
    validation = cedarpy.validate_policies(policies, parsed_schema)
    return {"policies": written, "valid": validation.validation_passed, "errors": [error.error for error in validation.errors]}
