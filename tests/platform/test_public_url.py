"""The address others know this installation by is configured, and is one."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from bankos.settings.base import public_url

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "bankos.settings.production",
    "SECRET_KEY": "not-of-a-bank-not-of-a-bank-not-of-a-bank-not-of-a-bank",
    "DATABASE_URL": "postgres://bank@db.example/bank",
    "CELERY_BROKER_URL": "redis://broker.example",
    "EFFECTS_DIR": "/nowhere",
    "SIGNING_KEYS_DIR": "/nowhere",
    "MASTER_KEYS_DIR": "/nowhere",
}


@pytest.mark.parametrize("said", ["https://bank.example", "https://bank.example:8443", "https://[2001:db8::1]", "https://bank.example/"])
def test_an_address_is_scheme_host_and_port(said: str) -> None:
    assert public_url(said) == said.rstrip("/")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "bank.example",
        "http://bank.example",
        "https://",
        "https:///authzen",
        "https://bank.example/authzen",
        "https://bank.example?x=1",
        "https://bank.example#x",
        "https://somebody@bank.example",
        "HTTPS:bank.example",
        "ftp://bank.example",
    ],
)
def test_anything_else_is_refused_in_one_sentence(said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PUBLIC_URL has to be https://"):
        public_url(said)


@pytest.mark.parametrize(
    ("hosts", "url", "expected"),
    [
        ("bank.example", None, "https://bank.example"),
        ("bank.example,10.0.0.7", "https://bank.example", "https://bank.example"),
        ("bank.example,10.0.0.7", None, None),
        ("*", None, None),
        (".bank.example", None, None),
        ("bank.example", "http://bank.example", None),
    ],
)
def test_a_banks_own_installation_says_it_or_has_one_host_only(hosts: str, url: str | None, expected: str | None) -> None:
    environment = {"PATH": os.environ["PATH"], **PRODUCTION, "ALLOWED_HOSTS": hosts, **({"PUBLIC_URL": url} if url else {})}
    asked = [sys.executable, "-c", "from django.conf import settings; print(settings.PUBLIC_URL)"]
    answer = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)

    if expected is None:
        assert answer.returncode != 0
        assert "PUBLIC_URL" in answer.stderr.splitlines()[-1]
    else:
        assert answer.stdout == f"{expected}\n", answer.stderr
