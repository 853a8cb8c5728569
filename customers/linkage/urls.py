"""Who is who."""

from django.urls import path

from . import views

urlpatterns = [
    path("duplicates/", views.queue, name="link-queue"),
    path("duplicates/run/", views.run, name="link-run"),
    path("duplicates/<uuid:link_id>/", views.pair, name="link-review"),
    path("customers/<uuid:party_id>/records/", views.customer_records, name="customer-records"),
    path("customers/<uuid:party_id>/records/<uuid:member_id>/split/", views.split, name="record-split"),
    path("customers/<uuid:party_id>/records/undo/<uuid:act_id>/", views.undo, name="merge-undo"),
]
