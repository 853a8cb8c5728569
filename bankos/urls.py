"""Every address of the bank's console, its interfaces and its health."""

from allauth.account import views as account
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from bankos.console import accounts as doors
from bankos.console import second_factor
from bankos.console.people.own import way_in
from customers.api import api_urlpatterns as customers_api
from insights.api import api_urlpatterns as insights_api
from journeys.api import api_urlpatterns as journeys_api
from sentinel.api import api_urlpatterns as sentinel_api
from sentinel.api import jwks
from sentinel.authzen.api import api_urlpatterns as stores_api

# The admin pages have no sign-in and no change of password of their own: they would know no second step, and count no tries.
admin.site.login = doors.sign_in  # type: ignore[method-assign]
admin.site.password_change = doors.change_password  # type: ignore[method-assign, assignment]
admin.site.site_url = None
# People, their ways in and the groups that Django and its packages bring have pages of their own, or none.
_NOT_ADMINISTERED = {"auth", "account", "mfa", "axes"}
admin.site.unregister([one for one in apps.get_models() if one._meta.app_label in _NOT_ADMINISTERED and admin.site.is_registered(one)])

# Signing in and what belongs to it; making accounts, e-mail addresses and forgotten passwords is the administrators' work.
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("reauthenticate/", second_factor.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("2fa/totp/activate/", second_factor.activate_app, name="mfa_activate_totp"),
    path("way-in/<str:secret>/", way_in, name="way-in"),
    path("2fa/", include("allauth.mfa.urls")),
]

interface: list[URLPattern | URLResolver] = [
    path("v1/", include([*sentinel_api, *stores_api, *customers_api, *journeys_api, *insights_api])),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", login_required(SpectacularSwaggerSplitView.as_view()), name="api-docs"),
]

urlpatterns = [
    path("", include("bankos.platform.urls")),
    path(".well-known/jwks.json", jwks, name="jwks"),
    path("", include("sentinel.authzen.urls")),
    path("accounts/", include(accounts)),
    path("admin/", admin.site.urls),
    path("api/", include(interface)),
    # A fixed word before an id: /decisions/check/ before /decisions/<id>/.
    path("", include("sentinel.urls")),
    path("", include("customers.urls")),
    path("", include("journeys.urls")),
    path("", include("insights.urls")),
    path("", include("bankos.console.urls")),
]

handler404 = "bankos.console.errors.not_found"
handler500 = "bankos.console.errors.server_error"
