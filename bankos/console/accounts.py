"""Signing in: no accounts made by oneself, every wrong secret counted, and house wording."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import ChangePasswordForm
from allauth.account.internal.userkit import get_user_by_username
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from bankos.platform import attempts, clock, proxies, sessions
from bankos.platform.models import User

KNOWN_FOR = 180 * 24 * 3600  # seconds
MOST_KNOWN = 12  # accounts on one device: a counter several people sign in at
SALT = "bankos known device"
DOCUMENTED = {"meridian-demo-bank"}  # of the demo bank's logins, also where one of its databases was taken over


def sign_in(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """For the administration: the console's sign-in, and back."""
    index = reverse("admin:index")
    if request.user.is_authenticated:
        if not request.user.is_active or not request.user.is_staff:
            raise PermissionDenied
        return redirect(index)
    return redirect(f"{reverse('account_login')}?{urlencode({'next': request.GET.get('next') or index})}")


def change_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """For the administration: the console's own page."""
    return redirect("account_change_password")


class StaffBackend(AuthenticationBackend):
    """The one place where a password is looked at to let somebody in, whichever page, form or program asks for it."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        """Raises attempts.TooMany, before anything is known of the password."""
        name = credentials.get("username") or ""
        if not name or not credentials.get("password"):
            return None
        tried = begin(account_of(name), request=request)
        if settings.PRODUCTION and credentials["password"] in DOCUMENTED:
            raise PermissionDenied  # no other backend is asked; it is answered like any wrong password
        user = super().authenticate(request, **credentials)
        if user is not None:
            tried.succeeded()
        return user


class StaffAccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators; the console only signs people in."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "User name or password is wrong.",
        "enter_current_password": "That is not your password now.",
        "incorrect_password": "That is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        address, program = proxies.address_of(request) or "", request.META.get("HTTP_USER_AGENT", "")
        sessions.note_place(request.session, address=address, program=program)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Nothing: each page already says what it did."""

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """All steps are done: the device is one this person signs in from."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        device = known_device(request)
        attempts.signed_in(user.username, address=proxies.address_of(request), device=device.known_to(user.username), at=_moment(request))
        device.remember(user.username, response)
        return response


class CountedCode:
    """For forms that take a code of an app or a recovery code; each code of an app is good once, whichever process is asked."""

    user: User

    def clean_code(self) -> str:
        request = context.request
        tried = begin(self.user.username, request=request)
        code: str = super().clean_code()  # type: ignore[misc] # allauth's form
        at = _moment(request)
        if self.authenticator.type == Authenticator.Type.TOTP:  # type: ignore[attr-defined]
            digits = "".join(filter(str.isdigit, code))
            if not attempts.use_once(self.user.username, digits, at=at):
                raise StaffMFAAdapter().validation_error("incorrect_code")
        tried.succeeded()
        return code


class StaffAuthenticateForm(CountedCode, AuthenticateForm):
    """The second step of signing in."""


class StaffReauthenticateForm(CountedCode, ReauthenticateForm):
    """A code once more, before something that matters."""


class StaffChangePasswordForm(ChangePasswordForm):
    """The password now is a secret too: who found a screen unlocked may not try for it."""

    def clean_oldpassword(self) -> str:
        tried = begin(self.user.username, request=context.request)
        password: str = super().clean_oldpassword()
        tried.succeeded()
        return password


class StaffMFAAdapter(DefaultMFAAdapter):
    """A copy of the database alone must not give anybody the second step: secrets are stored encrypted."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is wrong, or its time is over. Enter the one the app shows now.",
    }

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


@dataclass(slots=True)
class Device:
    """A browser, and the accounts that signed in with it before: kept in a signed cookie, and nowhere here."""

    id: str
    accounts: list[str]

    def known_to(self, username: str) -> str | None:
        """Its id, if this account signed in with it before."""
        return self.id if _mark(username) in self.accounts else None

    def remember(self, username: str, response: HttpResponse) -> None:
        self.accounts = [_mark(username), *(one for one in self.accounts if one != _mark(username))][:MOST_KNOWN]
        response.set_cookie(
            settings.KNOWN_DEVICE_COOKIE_NAME,
            signing.dumps([self.id, self.accounts], salt=SALT),
            max_age=KNOWN_FOR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def known_device(request: HttpRequest) -> Device:
    """What the request's cookie says; a new device without one that is genuine."""
    try:
        id, accounts = signing.loads(request.COOKIES.get(settings.KNOWN_DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=KNOWN_FOR)
        return Device(id, accounts)
    except signing.BadSignature:
        return Device(secrets.token_urlsafe(12), [])


def begin(account: str, *, request: HttpRequest | None) -> attempts.Try:
    """Count a try at an account from where this request comes from. Raises attempts.TooMany."""
    address = proxies.address_of(request) if request else None
    device = known_device(request).known_to(account) if request else None
    return attempts.begin(account, address=address, device=device, at=_moment(request))


def account_of(name: str) -> str:
    """The account a typed name would be authenticated as; the name itself where there is none."""
    user = get_user_by_username(name)
    return user.get_username() if user is not None else name


def _moment(request: HttpRequest | None) -> datetime:
    return getattr(request, "now", None) or clock.now()


def _mark(username: str) -> str:
    return sha256(attempts.account_key(username).encode()).hexdigest()[:16]


def _cipher() -> MultiFernet:
    """Keys derived from the installation's secret; earlier secrets still read what they wrote."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(urlsafe_b64encode(_derived(secret))) for secret in secrets])


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bankos second step").derive(secret.encode())
