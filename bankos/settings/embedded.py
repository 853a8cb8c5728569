"""The bank on one machine: what the environment does not name runs under `var/`. For development, demo and trying out."""

import hmac
import secrets

from bankos.platform.embedded import Wanted

from .base import *
from .base import (
    APPLICATION_ROLE,
    EMBEDDED_LAYOUT,
    LOG_ROLE,
    MASTER_KEYS_DIR,
    SIGNING_KEYS_DIR,
    START_COMMANDS,
    VAR_DIR,
    WEB_PORT,
    env,
    login,
    postgres,
    public_url,
)
from .broker import transport_options

EMBEDDED_WANTED = Wanted(database="DATABASE_URL" not in env.ENVIRON, broker="CELERY_BROKER_URL" not in env.ENVIRON)


def _secret(name: str) -> str:
    """Made at the first start, so that what stands on it outlives the next one."""
    file = EMBEDDED_LAYOUT.keys / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(50))
        unfinished.rename(file)
    return file.read_text()


def _password(role: str) -> str:
    """How a role logs in to a server that asks the owner for a password; `migrate` tells it to the server."""
    if not _OWNER["PASSWORD"]:
        return ""
    return hmac.digest(_secret("database-logins").encode(), role.encode(), "sha256").hex()


SECRET_KEY = env("SECRET_KEY", default="") or _secret("secret-key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = public_url(env("PUBLIC_URL", default=f"http://127.0.0.1:{WEB_PORT}"), schemes=("https", "http"))
DATABASE_URL = env("DATABASE_URL", default=EMBEDDED_LAYOUT.database_url)
_OWNER = login(DATABASE_URL)
DATABASES = {"default": postgres(DATABASE_URL, role=APPLICATION_ROLE, password=_password(APPLICATION_ROLE))}
DATABASE_LOGINS = {"owner": _OWNER, "log": login(DATABASE_URL, role=LOG_ROLE, password=_password(LOG_ROLE))}
CELERY_BROKER_URL = env.broker(env("CELERY_BROKER_URL", default=EMBEDDED_LAYOUT.broker_url))
CELERY_BROKER_TRANSPORT_OPTIONS = transport_options(CELERY_BROKER_URL)
SIGNING_KEYS_DIR = SIGNING_KEYS_DIR or EMBEDDED_LAYOUT.keys / "signing"
MASTER_KEYS_DIR = MASTER_KEYS_DIR or EMBEDDED_LAYOUT.keys / "master"
GENERATE_SIGNING_KEY = True
if EMBEDDED_WANTED.database and "CHECKPOINT_WITNESSES" not in env.ENVIRON:
    CHECKPOINT_WITNESSES = [f"file:{VAR_DIR.resolve() / 'checkpoints' / 'log.txt'}"]
DEMO_LOGINS = True
DEMO_STAFF = "demobank.staff.LOGINS"
START_NOTES = "demobank.staff.sign_in_notes"
START_COMMANDS = [*START_COMMANDS, ["policies"], ["demo", "--if-empty"]]
