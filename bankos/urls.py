"""Every address of the bank's console, its interfaces and its health."""

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

# The admin pages have no sign-in of their own: it would know no second step.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Signing in and what belongs to it; making accounts, e-mail addresses and forgotten passwords is the administrators' work.
accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("2fa/", include("allauth.mfa.urls")),
]

urlpatterns = [
    path("", include("bankos.platform.urls")),
    path("accounts/", include(accounts)),
    path("admin/", admin.site.urls),
    path("", include("bankos.console.urls")),
]

handler500 = "bankos.console.errors.server_error"
