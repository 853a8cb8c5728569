"""The settings of the tests: servers of their own, thrown away afterwards, unless the environment names others."""

import os

from bankos.platform.embedded import Layout

from .base import *
from .base import CELERY_BEAT_SCHEDULE, MASTER_KEYS_DIR, SIGNING_KEYS_DIR, STORAGES, TICK, VAR_DIR, env, postgres
from .broker import transport_options

# One folder a process, so that several test runs on one machine never meet; `tests/servers.py` starts and removes them.
EMBEDDED_LAYOUT = Layout(VAR_DIR / f"test-{os.getpid()}")

SECRET_KEY = "tests-only-tests-only-tests-only-tests-only-tests-only"
ALLOWED_HOSTS = ["*"]
PUBLIC_URL = "https://bank.example"
DATABASES = {"default": postgres(env("DATABASE_URL", default=EMBEDDED_LAYOUT.database_url))}
CELERY_BROKER_URL = env("CELERY_BROKER_URL", default=EMBEDDED_LAYOUT.broker_url)
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
