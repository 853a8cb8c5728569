"""Signing in: no accounts made by oneself, house wording, and what a person sees when a name is locked."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


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

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Nothing: each page already says what it did."""


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """Too many wrong passwords for one name from one place (django-axes asks for this page)."""
    return render(request, "429.html", {"minutes": round(settings.AXES_COOLOFF_TIME * 60)}, status=429)
