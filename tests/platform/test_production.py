"""A bank with real customers does not start with what is meant for a demo."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from bankos.platform import release
from bankos.platform.models import User
from bankos.settings import safety

KEY = "Zk3vQ9xW7pLr2TgYb8NcHd5MfJs6AeUq4RtXw1CvBn0KjPiSoL"
SAFE: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": KEY,
    "SECRET_KEY_FALLBACKS": [],
    "ALLOWED_HOSTS": ["bank.example", ".branches.bank.example", "10.0.0.7"],
    "DEMO_LOGINS": False,
    "DEMO_STAFF": "",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "CSRF_COOKIE_SAMESITE": "Lax",
    "GENERATE_SIGNING_KEY": False,
    "SECOND_FACTOR_ROLES": ["administrator", "compliance_officer", "team_lead"],
    "TRUSTED_PROXIES": ["10.0.0.0/8"],
}
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "bankos.settings.production",
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "bank.example",
    "DATABASE_URL": "postgres://bank@db.example/bank",
    "CELERY_BROKER_URL": "redis://broker.example",
    "EFFECTS_DIR": "/nowhere",
    "SIGNING_KEYS_DIR": "/nowhere",
    "MASTER_KEYS_DIR": "/nowhere",
    "TRUSTED_PROXIES": "10.0.0.0/8",
}


def reasons(**changed: Any) -> list[str]:
    return list(safety.unsafe({**SAFE, **changed}.get, {}))


def test_what_is_safe_is_not_refused() -> None:
    assert reasons() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"DEBUG": True},
        {"SECRET_KEY": ""},
        {"SECRET_KEY": None},
        {"SECRET_KEY": "short"},
        {"SECRET_KEY": KEY[:49]},
        {"SECRET_KEY": "a" * 80},
        {"SECRET_KEY": "ab" * 40},
        {"SECRET_KEY": "tests-only-" * 6},
        {"SECRET_KEY": "change-me-" * 6},
        {"SECRET_KEY": "django-insecure-" + KEY},
        {"SECRET_KEY_FALLBACKS": ["old"]},
        {"ALLOWED_HOSTS": []},
        {"ALLOWED_HOSTS": ["*"]},
        {"ALLOWED_HOSTS": ["bank.example", "*"]},
        {"ALLOWED_HOSTS": ["*.example"]},
        {"ALLOWED_HOSTS": ["."]},
        {"ALLOWED_HOSTS": [".com"]},
        {"ALLOWED_HOSTS": [""]},
        {"DEMO_LOGINS": True},
        {"DEMO_STAFF": "demobank.staff.LOGINS"},
        {"SESSION_COOKIE_SECURE": False},
        {"CSRF_COOKIE_SECURE": False},
        {"SESSION_COOKIE_HTTPONLY": False},
        {"SECURE_SSL_REDIRECT": False},
        {"SECURE_HSTS_SECONDS": 0},
        {"SESSION_COOKIE_SAMESITE": "None"},
        {"SESSION_COOKIE_SAMESITE": False},
        {"CSRF_COOKIE_SAMESITE": None},
        {"GENERATE_SIGNING_KEY": True},
        {"SECOND_FACTOR_ROLES": []},
        {"SECOND_FACTOR_ROLES": ["team_lead"]},
        {"SECOND_FACTOR_ROLES": ["administrator"]},
        {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]},
        {"TRUSTED_PROXIES": ["0.0.0.0/0"]},
        {"TRUSTED_PROXIES": ["10.0.0.1", "::/0"]},
        {"BREACHED_PASSWORDS_FILE": "/nowhere"},
    ],
    ids=str,
)
def test_each_unsafe_setting_is_a_reason_of_its_own(changed: dict[str, Any]) -> None:
    assert len(reasons(**changed)) >= 1
    assert any(next(iter(changed)) in reason for reason in reasons(**changed))


def test_every_reason_is_told_at_once() -> None:
    unsafe = {**SAFE, "DEBUG": True, "DEMO_LOGINS": True, "SECURE_SSL_REDIRECT": False}
    with pytest.raises(ImproperlyConfigured) as refused:
        safety.refuse(unsafe.get, {"BANKOS_DEMO_PASSWORD": "x", "DEBUG": "1"})
    assert str(refused.value).count("\n- ") == 4


def start(code: str = "import django; django.setup()", **changed: str | None) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], **ENVIRONMENT, **changed}
    environment = {name: value for name, value in given.items() if value is not None}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "changed",
    [
        {"BANKOS_DEMO_PASSWORD": "meridian-demo-bank"},
        {"SECRET_KEY": "short"},
        {"ALLOWED_HOSTS": "*", "PUBLIC_URL": "https://b.example"},
        {"DEBUG": "true"},
    ],
)
def test_no_process_starts_with_an_unsafe_environment(changed: dict[str, str]) -> None:
    ended = start(**changed)
    assert ended.returncode != 0
    assert "production settings are not safe" in ended.stderr


def test_settings_made_from_the_production_ones_are_looked_at_too(tmp_path: Any) -> None:
    (tmp_path / "ours.py").write_text("from bankos.settings.production import *\nDEBUG = True\nSESSION_COOKIE_SECURE = False\n")
    ended = start(DJANGO_SETTINGS_MODULE="ours", PYTHONPATH=f"{tmp_path}:{os.getcwd()}")
    assert ended.returncode != 0
    assert "SESSION_COOKIE_SECURE" in ended.stderr


def test_a_safe_environment_has_cookies_of_this_host_alone_and_hsts_for_all_below_it() -> None:
    names = (
        "SESSION_COOKIE_NAME",
        "CSRF_COOKIE_NAME",
        "KNOWN_DEVICE_COOKIE_NAME",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECOND_FACTOR_ROLES",
        "DEMO_PASSWORD",
    )
    code = f"import django; django.setup(); from django.conf import settings; print([getattr(settings, n) for n in {names}])"
    ended = start(code)
    expected = [
        "__Host-sessionid",
        "__Host-csrftoken",
        "__Host-known-device",
        True,
        ["administrator", "compliance_officer", "team_lead"],
        "",
    ]
    assert ended.stdout == f"{expected}\n", ended.stderr


@pytest.mark.django_db
def test_the_documented_password_opens_no_real_bank(settings: Any) -> None:
    User.objects.create_user("admin", password="meridian-demo-bank")
    assert authenticate(username="admin", password="meridian-demo-bank") is not None
    settings.PRODUCTION = True
    assert authenticate(username="admin", password="meridian-demo-bank") is None


@pytest.mark.django_db
def test_a_demo_banks_database_is_refused(settings: Any) -> None:
    hashed = make_password("meridian-demo-bank")
    User.objects.create(username="siobhan", password=hashed)
    settings.PRODUCTION = True
    release.check_no_demo_bank()
    for name in ("one", "two"):
        user = User(username=name)
        user.set_unusable_password()
        user.save()
    release.check_no_demo_bank()
    User.objects.create(username="maeve", password=hashed)
    with pytest.raises(release.DemoBank):
        release.check_no_demo_bank()


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["10.0.0.9", "10.0.0.9:8000", "[fd00::1]:8000", "evil.example", "", "a b"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_balancers_ask_by_address(settings: Any, host: str, path: str) -> None:
    settings.ALLOWED_HOSTS = ["bank.example"]
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get(path, headers={"Host": host})
    assert answer.status_code in ((200,) if path == "/healthz" else (200, 503))
    assert answer.headers["Content-Type"] == "application/json"
    assert Client().get("/", headers={"Host": host}).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_the_interface_is_described_to_the_signed_in(path: str) -> None:
    assert Client().get(path).status_code in (302, 401, 403)
    client = Client()
    client.force_login(User.objects.create_user("aoife", password="x"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(path).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/api/v1/customers/", "/nope", "/static/css/console.css"])
def test_no_other_site_embeds_an_answer(path: str) -> None:
    answer = Client().get(path)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
