"""What a bank with real customers must not run with. `production` asks at its end, every process again once its settings are complete."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 50
OVERSEEING = ("administrator", "compliance_officer")
WEAK_HASHERS = ("MD5", "SHA1", "Unsalted")


def refuse(setting: Callable[[str], Any], environment: Mapping[str, str] = os.environ) -> None:
    """Raises ImproperlyConfigured with every reason there is, each with what to do."""
    if reasons := list(unsafe(setting, environment)):
        raise ImproperlyConfigured("Not started, production settings are not safe:\n" + "\n".join(f"- {reason}" for reason in reasons))


def unsafe(setting: Callable[[str], Any], environment: Mapping[str, str]) -> Iterator[str]:
    """The reasons against starting. `setting` gives a setting's value, None where there is none."""
    if setting("DEBUG") or environment.get("DEBUG", "").lower() in ("1", "true", "yes", "on"):
        yield "DEBUG shows the inside of every fault: leave it off."
    for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        keys = setting(name) or []
        for key in [keys] if isinstance(keys, str) else keys:
            if _is_weak(key):
                yield (
                    f"{name} is short or guessable: make one of at least {SHORTEST_KEY} random characters, "
                    'for instance with python -c "import secrets; print(secrets.token_urlsafe(50))".'
                )
    if not setting("SECRET_KEY"):
        yield "SECRET_KEY is empty."
    hosts = setting("ALLOWED_HOSTS") or []
    if not hosts or any(_is_wildcard(host) for host in hosts):
        yield "ALLOWED_HOSTS must name the hosts people use, without *."
    if setting("DEMO_LOGINS") or setting("DEMO_STAFF"):
        yield "DEMO_LOGINS and DEMO_STAFF are for demo banks: their passwords are documented."
    if "BANKOS_DEMO_PASSWORD" in environment:
        yield "BANKOS_DEMO_PASSWORD is for demo banks: take it out of the environment."
    for name, what in {
        "SESSION_COOKIE_SECURE": "sessions would travel without TLS",
        "CSRF_COOKIE_SECURE": "the CSRF cookie would travel without TLS",
        "SESSION_COOKIE_HTTPONLY": "scripts could read sessions",
        "SECURE_SSL_REDIRECT": "pages would be answered without TLS",
        "SECURE_HSTS_SECONDS": "browsers would try without TLS first",
    }.items():
        if not setting(name):
            yield f"{name} must be on: {what}."
    for name in ("SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE"):
        if setting(name) not in ("Lax", "Strict"):
            yield f"{name} must be Lax or Strict: other sites could send people's requests."
    if setting("GENERATE_SIGNING_KEY"):
        yield "GENERATE_SIGNING_KEY is for demo banks: decisions would be signed with a made-up key."
    if missing := [role for role in OVERSEEING if role not in (setting("SECOND_FACTOR_ROLES") or [])]:
        yield f"SECOND_FACTOR_ROLES must name {' and '.join(missing)}: a stolen password would be enough."
    if any(weak in str((setting("PASSWORD_HASHERS") or [""])[0]) for weak in WEAK_HASHERS):
        yield "PASSWORD_HASHERS begins with a hash that is computed too fast."
    if (file := setting("BREACHED_PASSWORDS_FILE")) and not os.access(Path(file), os.R_OK):
        yield f"BREACHED_PASSWORDS_FILE: {file} cannot be read."
    if any(one.strip().endswith("/0") for one in setting("TRUSTED_PROXIES") or []):
        yield "TRUSTED_PROXIES must name the proxies, not the whole internet: anybody could claim any address."


def _is_weak(key: str) -> bool:
    repeated = re.fullmatch(r"(.{1,12}?)\1+.{0,11}", key, re.S)
    return len(key) < SHORTEST_KEY or len(set(key)) < 5 or key.startswith("django-insecure-") or repeated is not None


def _is_wildcard(host: str) -> bool:
    return "*" in host or not host.strip(".") or (host.startswith(".") and "." not in host[1:])
