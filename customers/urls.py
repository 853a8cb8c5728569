"""Parts of the customer page."""

from django.urls import path

from . import views

urlpatterns = [
    path("customers/<uuid:party_id>/timeline/", views.timeline_part, name="timeline"),
    path("customers/<uuid:party_id>/permissions/<slug:purpose>/", views.consent, name="consent"),
]
