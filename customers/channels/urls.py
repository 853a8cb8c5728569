"""Pages of the programs."""

from django.urls import path

from . import views

urlpatterns = [
    path("programs/", views.programs, name="programs"),
    path("programs/new/", views.make, name="program-new"),
    path("programs/<uuid:client_id>/", views.program, name="program"),
    path("programs/<uuid:client_id>/change/", views.change, name="program-change"),
    path("programs/<uuid:client_id>/keys/", views.issue_key, name="program-key"),
    path("programs/<uuid:client_id>/keys/<uuid:leave_id>/make/", views.make_key, name="program-key-make"),
    path("programs/<uuid:client_id>/keys/<uuid:key_id>/revoke/", views.revoke_key, name="program-key-revoke"),
    path("programs/<uuid:client_id>/revoke/", views.revoke, name="program-revoke"),
    path("programs/<uuid:client_id>/webhooks/", views.add_webhook, name="webhook-new"),
    path("programs/<uuid:client_id>/webhooks/<uuid:webhook_id>/", views.webhook, name="webhook"),
    path("programs/<uuid:client_id>/webhooks/<uuid:webhook_id>/act/", views.act, name="webhook-act"),
]
