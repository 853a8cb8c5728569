"""Pages of the work list."""

from django.urls import path

from . import views

urlpatterns = [
    path("work/", views.work, name="work"),
    path("work/next/", views.take_next, name="work-next"),
    path("work/<uuid:item_id>/claim/", views.claim, name="work-claim"),
]
