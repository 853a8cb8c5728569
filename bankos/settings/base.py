"""What every installation shares. `embedded`, `production` and `test` import this and say what differs."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from bankos.platform.embedded import Layout, Wanted, layout

from .broker import EXCHANGE, queues, routes
from .environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = Environment()
VAR_DIR = env("BANKOS_VAR", cast=Path, default=BASE_DIR / "var")

SECRET_KEY = env("SECRET_KEY", default="")
DEBUG = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])

INSTALLED_APPS = [
    "bankos.platform",
    "bankos.console",
    "sentinel",
    "customers",
    "journeys",
    "insights",
    "demobank",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "simple_history",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    "bankos.platform.health.ProbesMiddleware",
    "bankos.platform.proxies.ClientAddressMiddleware",
    "bankos.platform.middleware.SameOriginMiddleware",
    "bankos.platform.requestlog.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bankos.platform.middleware.CompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "bankos.platform.middleware.RequestContextMiddleware",
    "bankos.console.middleware.ConsoleMiddleware",
    "bankos.console.second_factor.SecondFactorMiddleware",
    "bankos.platform.preconditions.PreconditionsMiddleware",
    "bankos.platform.middleware.OutcomeMiddleware",
]

ROOT_URLCONF = "bankos.urls"
ASGI_APPLICATION = "bankos.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bankos.console.context.shell",
            ],
            "builtins": ["bankos.console.templatetags.ui", "django.contrib.humanize.templatetags.humanize"],
        },
    }
]

# ---- people ----
AUTH_USER_MODEL = "platform.User"
AUTHENTICATION_BACKENDS = [
    # The first counts a try and looks at the password, or refuses to; behind it nobody gets in whom it kept out.
    "bankos.console.accounts.StaffBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "bankos.platform.passwords.LongestPasswordValidator"},
    {"NAME": "bankos.platform.passwords.HouseWordsValidator"},
    {"NAME": "bankos.platform.passwords.BreachedPasswordValidator"},
]
# Hashes of passwords found in breaches, as haveibeenpwned.com gives them out: a local file, nothing is asked over the network.
BREACHED_PASSWORDS_FILE = env("BREACHED_PASSWORDS_FILE", default="")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# Wrong secrets are counted in one place, in the database, for all doors and processes: bankos.platform.attempts.
# Allauth's own limits would count in each process apart.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {"change_password": "bankos.console.accounts.StaffChangePasswordForm"}
ACCOUNT_ADAPTER = "bankos.console.accounts.StaffAccountAdapter"
MFA_ADAPTER = "bankos.console.accounts.StaffMFAAdapter"
MFA_FORMS = {
    "authenticate": "bankos.console.accounts.StaffAuthenticateForm",
    "reauthenticate": "bankos.console.accounts.StaffReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "bankos"
# Who signs in with a code of an app, always; everybody else may.
SECOND_FACTOR_ROLES: list[str] = env.list("SECOND_FACTOR_ROLES", default=[])
KNOWN_DEVICE_COOKIE_NAME = "known-device"
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None

# ---- time and language ----
USE_TZ = True
TIME_ZONE = env("BANKOS_TIME_ZONE", default="Europe/Dublin")
LANGUAGE_CODE = "en-ie"
USE_I18N = True

# ---- database and broker ----
# Web and workers log in as the application: it may add evidence but never change it. The log's integrator alone writes the log, and the
# eraser, who cannot log in, alone takes values out of evidence (see bankos.platform.roles).
APPLICATION_ROLE = layout.APPLICATION_ROLE
LOG_ROLE = layout.LOG_ROLE
ERASER_ROLE = "bankos_eraser"
# Processes that `manage.py start` runs for the pages: a second one answers while the other is stopped, killed or started again.
WEB_PROCESSES = env.count("BANKOS_WEB_PROCESSES", default=2)
# A web process works on so many requests at once; so many more wait, for so long; what comes then is refused at once (503).
WEB_AT_WORK = env.count("BANKOS_WEB_AT_WORK", default=8)
WEB_WAITING = env.int("BANKOS_WEB_WAITING", default=16)
WEB_WAIT_SECONDS = 2.0
# Of one process at most: one for each request at work, and some for what is asked before one is admitted.
DATABASE_CONNECTIONS = WEB_AT_WORK + 4
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# How others than the application log in, by name: "owner", who migrates, and "log". Only processes that need one are told.
DATABASE_LOGINS: dict[str, dict[str, Any]] = {}


# Which servers run under VAR_DIR: none, where a bank has its own.
EMBEDDED_LAYOUT = Layout(VAR_DIR)
EMBEDDED_WANTED = Wanted(database=False, broker=False)

# What `manage.py start` runs before web and workers, and a function whose lines it prints when everything is ready.
START_COMMANDS: list[list[str]] = [["migrate", "--verbosity=0"], ["check_keys"], ["assets"]]
START_NOTES: str | None = None


def public_url(said: str, *, schemes: tuple[str, ...] = ("https",)) -> str:
    """The address at which others reach this installation, as it stands in what is told to them: scheme, host and port.

    Raises:
        ImproperlyConfigured
    """
    parts = urlsplit(said)
    plain = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None or said.rstrip("/") != plain:
        raise ImproperlyConfigured(f"PUBLIC_URL has to be {' or '.join(schemes)}://, a host and nothing behind it; it is {said!r}.")
    return plain


def login(url: str, *, role: str = "", password: str = "") -> dict[str, Any]:
    """A database setting for `url`.

    Args:
        role: log in as this role instead, with its `password` where the server asks for one.
    """
    config = env.database(url)
    return {**config, "USER": role, "PASSWORD": password} if role else config


def postgres(url: str, *, role: str = "", password: str = "") -> dict[str, Any]:
    """`login` for web and workers: with a pool of connections (see `bankos.platform.database`)."""
    config = login(url, role=role, password=password)
    pool = {"max_size": DATABASE_CONNECTIONS, "timeout": 5}
    config["OPTIONS"] = {**config.get("OPTIONS", {}), "pool": pool, "connect_timeout": 2}
    config["ENGINE"] = "bankos.platform.database"
    return config


# Every task may run twice: it is acknowledged when it is done, and handed out again when its worker dies.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_QUEUES = queues()
CELERY_TASK_DEFAULT_QUEUE = "platform"
CELERY_TASK_DEFAULT_EXCHANGE = EXCHANGE
CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
CELERY_TASK_DEFAULT_ROUTING_KEY = "platform"
CELERY_TASK_ROUTES = routes()
TICK = 10  # seconds
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # What no worker fetched in time is dropped: the next beat says the same again.
    "sweep events": {"task": "bankos.platform.tasks.sweep_events", "schedule": TICK, "options": {"expires": TICK}},
    "sweep jobs": {"task": "bankos.platform.tasks.sweep_jobs", "schedule": TICK, "options": {"expires": TICK}},
    "beat heart": {"task": "bankos.platform.tasks.beat_heart", "schedule": TICK, "options": {"expires": TICK}},
    "close expired approvals": {"task": "journeys.tasks.close_expired_approvals", "schedule": 60, "options": {"expires": 60}},
    "forecast": {"task": "insights.tasks.start_nightly", "schedule": crontab(hour=2, minute=30), "options": {"expires": 3600}},
    "activate policies": {"task": "sentinel.tasks.activate_due_policies", "schedule": TICK, "options": {"expires": TICK}},
    "checkpoint log": {"task": "sentinel.tasks.checkpoint_log", "schedule": TICK, "options": {"expires": TICK}},
    "check decisions": {"task": "sentinel.tasks.check_decisions", "schedule": 60, "options": {"expires": 60}},
    "end drills": {"task": "sentinel.tasks.end_drills", "schedule": TICK, "options": {"expires": TICK}},
    "settle reviews": {"task": "sentinel.tasks.settle_reviews", "schedule": crontab(minute=15), "options": {"expires": 3600}},
    "erase due": {"task": "customers.rights.tasks.erase_due", "schedule": crontab(hour=3, minute=10), "options": {"expires": 3600}},
    "sweep scratch": {"task": "bankos.platform.tasks.sweep_scratch", "schedule": 60, "options": {"expires": 60}},
    "delete old copies": {"task": "customers.rights.tasks.delete_old_copies", "schedule": 600, "options": {"expires": 600}},
    "turn day": {"task": "customers.tasks.turn_day", "schedule": crontab(minute=1), "options": {"expires": 3600}},
    "link records": {"task": "customers.tasks.start_linkage", "schedule": crontab(hour=1, minute=30), "options": {"expires": 3600}},
    "apply events": {"task": "customers.tasks.apply_events", "schedule": TICK, "options": {"expires": TICK}},
    "send webhooks": {"task": "customers.tasks.send_webhooks", "schedule": TICK, "options": {"expires": TICK}},
    "sweep outcomes": {"task": "bankos.platform.tasks.sweep_outcomes", "schedule": 600, "options": {"expires": 600}},
}

# ---- secrets and effects ----
SIGNING_KEYS = env("SIGNING_KEYS", default="")
SIGNING_KEYS_DIR: Path | None = env("SIGNING_KEYS_DIR", cast=Path, default=None)
GENERATE_SIGNING_KEY = False  # and a master key, if there is none
MASTER_KEYS = env("MASTER_KEYS", default="")
MASTER_KEYS_DIR: Path | None = env("MASTER_KEYS_DIR", cast=Path, default=None)
EFFECTS_DIR = env("EFFECTS_DIR", cast=Path, default=VAR_DIR / "effects")

# Temporary copies of what came from outside; each process has a folder there, which goes with it.
SCRATCH_DIR = env("SCRATCH_DIR", cast=Path, default=VAR_DIR / "scratch")
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler", "bankos.platform.scratch.ScratchUploadHandler"]

# ---- the transparency log ----
# Who is handed each signed checkpoint: file:/path, syslog:, syslog://host:514, syslog+tcp://host:601, https://…, separated by commas.
CHECKPOINT_WITNESSES: list[str] = env.list("CHECKPOINT_WITNESSES", default=[])

# ---- the customers' interface ----
# Beyond this, events are not taken but asked to come later.
EVENTS_WAITING_AT_MOST = env.int("EVENTS_WAITING_AT_MOST", default=20_000)
# Receivers of webhooks inside the bank's network, as host or host:port; all others are public and https.
WEBHOOK_INTERNAL_HOSTS: list[str] = env.list("WEBHOOK_INTERNAL_HOSTS", default=[])
WEBHOOK_DISABLED_AFTER = timedelta(days=5)  # without anything received

# ---- logs ----
LOGGING_CONFIG = "bankos.platform.logs.configure"
LOGGING = {"pretty": env.bool("BANKOS_LOG_PRETTY", default=sys.stderr.isatty()), "level": env("BANKOS_LOG_LEVEL", default="INFO")}

# ---- web ----
# Networks of the proxies whose word on a client's address and protocol is taken; nobody's by default.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=[])
WEB_HOST = env("BANKOS_HOST", default="127.0.0.1")
WEB_PORT = env.port("BANKOS_PORT", default=8000)
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "bankos.platform.sessions"
SESSION_COOKIE_AGE = 12 * 3600  # from the sign-in, however much it is used
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=30 * 60)
CSRF_COOKIE_HTTPONLY = False
CSRF_COOKIE_SAMESITE = "Lax"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["bankos.platform.parsers.BoundedJson"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "bankos.platform.problems.problem_details",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "bankos",
    "DESCRIPTION": "One customer state, one authority, for staff, channels and agents.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "AnswerOutcome": ["done", "needs_approval", "refused"],
        "DecisionOutcome": ["permit", "needs_approval", "deny"],
        "Channel": "customers.models.behaviour.Channel",
    },
}

# What a bank with real customers must not run with is refused (see `safety`).
PRODUCTION = False
# Shown on the sign-in page; only a bank without real customers has any.
DEMO_LOGINS = False
DEMO_STAFF = ""  # dotted path to the list of them
DEMO_PASSWORD = env("BANKOS_DEMO_PASSWORD", default="meridian-demo-bank")
BANK_NAME = env("BANKOS_BANK_NAME", default="Meridian Bank")
# How a letter to a customer ends: "You can reach us …", "You may also complain to …".
BANK_CONTACT = env("BANKOS_BANK_CONTACT", default="in the app, by phone on +353 1 000 0000, or at any branch")
BANK_COMPLAINTS = env("BANKOS_BANK_COMPLAINTS", default="the Data Protection Commission, www.dataprotection.ie")
BANK_CURRENCY = env("BANKOS_CURRENCY", default="EUR")
BANK_CALLING_CODE = env("BANKOS_CALLING_CODE", default="353")
