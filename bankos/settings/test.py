"""The settings of the tests: servers of their own, thrown away afterwards, unless the environment names others."""

import os
from typing import Any

from bankos.platform.embedded import Layout

from .base import *
from .base import (
    APPLICATION_ROLE,
    CELERY_BEAT_SCHEDULE,
    LOG_ROLE,
    MASTER_KEYS_DIR,
    SIGNING_KEYS_DIR,
    STORAGES,
    TICK,
    VAR_DIR,
    env,
    login,
    postgres,
)
from .broker import transport_options

# One folder a process, so that several test runs on one machine never meet; `tests/servers.py` starts and removes them.
EMBEDDED_LAYOUT = Layout(VAR_DIR / f"test-{os.getpid()}")

SECRET_KEY = "tests-only-tests-only-tests-only-tests-only-tests-only"
ALLOWED_HOSTS = ["*"]
PUBLIC_URL = "https://bank.example"


def _stepping_down(config: dict[str, Any], role: str) -> dict[str, Any]:
    """Logged in as the owner, acting as `role`: a test may look past the guards within its own transaction.

    The role is a start-up parameter because Django's own `assume_role` never connects through a pool: composing its SQL asks the same
    pool for a connection (Django 5.2.19, psycopg_pool 3.3).
    """
    options = config.get("OPTIONS", {})
    return {**config, "OPTIONS": {**options, "options": f"{options.get('options', '')} -c role={role}".strip()}}


DATABASE_URL = env("DATABASE_URL", default=EMBEDDED_LAYOUT.database_url)
DATABASES = {"default": _stepping_down(postgres(DATABASE_URL), APPLICATION_ROLE)}
DATABASE_LOGINS = {"owner": login(DATABASE_URL), "log": _stepping_down(login(DATABASE_URL), LOG_ROLE)}
CELERY_BROKER_URL = env.broker(env("CELERY_BROKER_URL", default=EMBEDDED_LAYOUT.broker_url))
CELERY_BROKER_TRANSPORT_OPTIONS = transport_options(CELERY_BROKER_URL)
CELERY_BEAT_SCHEDULE = {
    name: {**entry, "schedule": 1} if entry["schedule"] == TICK else entry for name, entry in CELERY_BEAT_SCHEDULE.items()
}
SIGNING_KEYS_DIR = SIGNING_KEYS_DIR or EMBEDDED_LAYOUT.keys
MASTER_KEYS_DIR = MASTER_KEYS_DIR or EMBEDDED_LAYOUT.keys / "master"
GENERATE_SIGNING_KEY = True
SCRATCH_DIR = EMBEDDED_LAYOUT.root / "scratch"
EFFECTS_DIR = EMBEDDED_LAYOUT.root / "effects"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The manifest exists only after collectstatic; a page under test takes its files from the folders.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
LOGGING = {"pretty": False, "level": "WARNING"}
