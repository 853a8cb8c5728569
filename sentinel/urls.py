"""Pages that need no other floor."""

from django.urls import path

from . import views

urlpatterns = [path("decisions/check/", views.check, name="decision-check")]
