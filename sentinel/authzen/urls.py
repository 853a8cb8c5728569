"""The addresses of the stores as decision points, and of what they say of themselves."""

from django.urls import path

from . import views
from .metadata import EVALUATING, SEARCHING, WELL_KNOWN

_VIEWS = {
    "access_evaluation_endpoint": views.evaluation,
    "access_evaluations_endpoint": views.evaluations,
    "search_subject_endpoint": views.search_subject,
    "search_resource_endpoint": views.search_resource,
    "search_action_endpoint": views.search_action,
}

urlpatterns = [
    # Between host and path of the decision point, as the standard has it; and below it, where people look first.
    path(f"{WELL_KNOWN.removeprefix('/')}/authzen/<slug:store>", views.configuration, name="authzen-configuration"),
    path(f"authzen/<slug:store>{WELL_KNOWN}", views.configuration),
    *(
        path(f"authzen/<slug:store>{address}", _VIEWS[name], name=f"authzen-{name.removesuffix('_endpoint').replace('_', '-')}")
        for name, address in (EVALUATING | SEARCHING).items()
    ),
]
