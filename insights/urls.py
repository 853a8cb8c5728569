"""Pages of the suggestions."""

from django.urls import path

from . import views

urlpatterns = [
    path("suggestions/", views.suggestions, name="suggestions"),
    path("suggestions/<uuid:recommendation_id>/", views.suggestion, name="suggestion"),
    path("suggestions/<uuid:recommendation_id>/accept/", views.accept, name="suggestion-accept"),
    path("suggestions/<uuid:recommendation_id>/later/", views.later, name="suggestion-later"),
    path("suggestions/<uuid:recommendation_id>/decline/", views.decline, name="suggestion-decline"),
]
