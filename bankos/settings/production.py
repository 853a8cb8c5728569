"""A bank's own installation: everything it depends on is named by the environment, nothing is made up."""

import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from . import safety
from .base import *
from .base import MASTER_KEYS, MASTER_KEYS_DIR, SIGNING_KEYS, SIGNING_KEYS_DIR, env, login, postgres, public_url
from .broker import transport_options

SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
# Of several hosts, or a pattern of them, nobody can tell which one others know.
_ONE_HOST = ALLOWED_HOSTS[0] if len(ALLOWED_HOSTS) == 1 and not ALLOWED_HOSTS[0].startswith(("*", ".")) else None
PUBLIC_URL = public_url(env("PUBLIC_URL", default=f"https://{_ONE_HOST}") if _ONE_HOST else env("PUBLIC_URL"))
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[f"https://{host}" for host in ALLOWED_HOSTS])
DATABASES = {"default": postgres(env("DATABASE_URL"))}
# Each of these only in the environment of the processes that need it: migrations, and the workers of the queue `sentinel`.
_LOGINS = {name: env(f"DATABASE_{name.upper()}_URL", default="") for name in ("owner", "log")}
DATABASE_LOGINS = {name: login(url) for name, url in _LOGINS.items() if url}
CELERY_BROKER_URL = env.broker(env("CELERY_BROKER_URL"))
CELERY_BROKER_TRANSPORT_OPTIONS = transport_options(CELERY_BROKER_URL)
EFFECTS_DIR = env("EFFECTS_DIR", cast=Path)
SCRATCH_DIR = env("SCRATCH_DIR", cast=Path, default=Path(tempfile.gettempdir()) / "bankos-scratch")

if not SIGNING_KEYS and SIGNING_KEYS_DIR is None:
    raise ImproperlyConfigured("Set SIGNING_KEYS (a private JWK set) or SIGNING_KEYS_DIR: decisions are never signed with a made-up key.")
if not MASTER_KEYS and MASTER_KEYS_DIR is None:
    raise ImproperlyConfigured("Set MASTER_KEYS or MASTER_KEYS_DIR: what decisions rest on is never encrypted with a made-up key.")

DEMO_PASSWORD = ""
SECOND_FACTOR_ROLES = env.list("SECOND_FACTOR_ROLES", default=["administrator", "compliance_officer", "team_lead"])

SECURE_SSL_REDIRECT = True
# Only TRUSTED_PROXIES get it this far.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=True)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# Browsers take these from this host alone, over TLS alone, for all of it: no neighbour below the same domain can set them.
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
KNOWN_DEVICE_COOKIE_NAME = "__Host-known-device"

PRODUCTION = True
safety.refuse(globals().get)
