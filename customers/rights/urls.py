"""What customers may ask for."""

from django.urls import path

from . import views

urlpatterns = [
    path("consents/<uuid:record_id>/receipt/", views.receipt, name="consent-receipt"),
    path("consents/<uuid:record_id>/receipt.json", views.receipt_file, name="consent-receipt-file"),
    path("rights/", views.waiting, name="rights-waiting"),
    path("rights/copies/<uuid:copy_id>/", views.copy, name="access-copy"),
    path("rights/copies/<uuid:copy_id>/download/", views.download, name="access-download"),
    path("customers/<uuid:party_id>/rights/", views.rights, name="rights"),
    path("rights/corrections/<uuid:asked_id>/", views.correction, name="correction"),
    path("rights/holds/<uuid:hold_id>/lift/", views.lift, name="hold-lift"),
    path("customers/<uuid:party_id>/rights/correction/", views.choose_wrong, name="correction-choose"),
    path("customers/<uuid:party_id>/rights/correction/<uuid:fact_id>/", views.correct, name="correction-ask"),
    path("customers/<uuid:party_id>/rights/erasure/", views.ask_for_erasure, name="erasure-ask"),
    path("customers/<uuid:party_id>/rights/hold/", views.hold, name="hold-place"),
    path("customers/<uuid:party_id>/rights/copy/", views.ask_for_copy, name="access-ask"),
]
