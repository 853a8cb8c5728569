"""Pages put together from several floors."""

from django.urls import path

from . import customer, home, jobs, omnibox, outcome, settings, stores
from .approvals import standing_in
from .approvals import views as approvals
from .decisions import erase, page, search
from .people import own
from .people import views as people

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", omnibox.search, name="search"),
    path("customers/", omnibox.customers, name="customers"),
    path("customers/<uuid:party_id>/", customer.customer, name="customer"),
    path("approvals/", approvals.inbox, name="approvals"),
    path("approvals/together/", approvals.approve_together, name="approvals-together"),
    path("approvals/standing-in/", standing_in.page, name="standing-in"),
    path("approvals/standing-in/end/", standing_in.end, name="standing-in-end"),
    path("approvals/<uuid:request_id>/", approvals.approval, name="approval"),
    path("approvals/<uuid:request_id>/evidence/<slug:item>/", approvals.evidence, name="approval-evidence"),
    path("customers/<uuid:party_id>/erase/", erase.erase, name="customer-erase"),
    path("decisions/", search.search, name="decisions"),
    path("decisions/export/<str:kind>/", search.export, name="decisions-export"),
    path("decisions/<uuid:decision_id>/", page.decision, name="decision"),
    path("decisions/<uuid:decision_id>/verify/", page.verify, name="decision-verify"),
    path("decisions/<uuid:decision_id>/letter/", page.letter, name="decision-letter"),
    path("decisions/<uuid:decision_id>/bundle/", page.bundle, name="decision-bundle"),
    path("people/", people.people, name="people"),
    path("people/join/", people.join, name="person-join"),
    path("people/powers/", people.all_powers, name="powers"),
    path("people/<uuid:person_id>/", people.person, name="person"),
    path("people/<uuid:person_id>/move/", people.move, name="person-move"),
    path("people/<uuid:person_id>/act/", people.act, name="person-act"),
    path("people/<uuid:person_id>/withdraw/", people.ask, {"what": "withdraw"}, name="person-withdraw"),
    path("people/<uuid:person_id>/reset/", people.ask, {"what": "reset"}, name="person-reset"),
    path("people/<uuid:person_id>/leave/", people.ask, {"what": "leave"}, name="person-leave"),
    path("jobs/", jobs.all_jobs, name="jobs"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("stores/", stores.stores, name="stores"),
    path("stores/add/", stores.new, name="store-new"),
    path("stores/<slug:name>/", stores.store, name="store"),
    path("stores/<slug:name>/change/", stores.assign, name="store-assign"),
    path("stores/<slug:name>/programs/", stores.let_ask, name="store-client"),
    path("stores/<slug:name>/programs/<uuid:client_id>/secret/", stores.make_secret, name="store-secret"),
    path("stores/<slug:name>/programs/<uuid:client_id>/revoke/", stores.revoke, name="store-revoke"),
    path("outcome/<uuid:key>/", outcome.outcome, name="outcome"),
    path("me/settings/", settings.settings, name="settings"),
    path("me/sessions/", own.own_sessions, name="own-sessions"),
]
