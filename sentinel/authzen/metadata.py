"""What a policy decision point says of itself (section 9), and where: /.well-known/authzen-configuration."""

from collections.abc import Mapping

WELL_KNOWN = "/.well-known/authzen-configuration"
EVALUATING = {
    "access_evaluation_endpoint": "/access/v1/evaluation",
    "access_evaluations_endpoint": "/access/v1/evaluations",
}
SEARCHING = {
    "search_subject_endpoint": "/access/v1/search/subject",
    "search_resource_endpoint": "/access/v1/search/resource",
    "search_action_endpoint": "/access/v1/search/action",
}


def metadata(identifier: str, offered: Mapping[str, str]) -> dict[str, str]:
    """Of the decision point with this identifier: a URL without query, fragment or slash at its end, as callers know it.

    Args:
        offered: the paths of the endpoints it has, by the names the standard gives them; what it lacks is left out.
    """
    return {"policy_decision_point": identifier} | {name: f"{identifier}{path}" for name, path in offered.items()}
