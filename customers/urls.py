"""Parts of the customer page."""

from django.urls import include, path

from . import relation_views, views
from .care import access_views as access
from .care import views as care
from .life import views as life
from .statements import views as statements

urlpatterns = [
    path("", include("customers.sources.urls")),
    path("", include("customers.channels.urls")),
    path("", include("customers.linkage.urls")),
    path("", include("customers.rights.urls")),
    path("customers/<uuid:party_id>/timeline/", views.timeline_part, name="timeline"),
    path("customers/<uuid:party_id>/permissions/<slug:purpose>/", views.consent, name="consent"),
    path("customers/<uuid:party_id>/relations/", relation_views.page, name="relations"),
    path("customers/<uuid:party_id>/relations/picture/", relation_views.picture, name="relations-picture"),
    path("customers/<uuid:party_id>/reveal/<slug:field>/", care.reveal, name="reveal"),
    path("access/", access.overview, name="access"),
    path("access/add/", access.make, name="access-make"),
    path("access/leaves/", access.leaves, name="access-leaves"),
    path("access/leaves/add/", access.give_leave, name="access-leave"),
    path("access/leaves/<uuid:party_id>/<uuid:person_id>/end/", access.end_leave, name="access-leave-end"),
    path("access/masking/", access.masking, name="access-masking"),
    path("access/masking/change/", access.change_masking, name="access-masking-change"),
    path("access/circle/<uuid:list_id>/<uuid:protection_id>/end/", access.unprotect, name="access-unprotect"),
    path("access/portfolio/<uuid:list_id>/people/", access.people, name="access-people"),
    path("access/<slug:kind>/<uuid:list_id>/", access.one, name="access-list"),
    path("access/<slug:kind>/<uuid:list_id>/grant/", access.grant, name="access-grant"),
    path("access/<slug:kind>/<uuid:list_id>/withdraw/", access.withdraw, name="access-withdraw"),
    path("access/<slug:kind>/<uuid:list_id>/customers/", access.customers, name="access-customers"),
    path("emergencies/", care.emergencies, name="emergencies"),
    path("emergencies/ask/", care.ask, name="emergency-ask"),
    path("emergencies/<uuid:access_id>/", care.emergency, name="emergency"),
    path("emergencies/<uuid:access_id>/open/", care.open_customer, name="emergency-open"),
    path("emergencies/<uuid:access_id>/end/", care.end, name="emergency-end"),
    path("emergencies/<uuid:access_id>/review/", care.review, name="emergency-review"),
    path("customers/<uuid:party_id>/statements/add/", statements.statement, name="statement"),
    path("customers/<uuid:party_id>/statements/add/<slug:attribute>/", statements.statement, name="statement-of"),
    path("customers/<uuid:party_id>/life/", life.life, name="customer-life"),
    path("customers/<uuid:party_id>/life/add/<slug:what>/", life.add, name="customer-life-add"),
    path("customers/<uuid:party_id>/life/<slug:what>/<slug:key>/", life.change, name="customer-life-change"),
]
