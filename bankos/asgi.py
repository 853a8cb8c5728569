"""The web process: `uvicorn bankos.asgi:application`."""

import multiprocessing
import os
import re
import signal
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application

from bankos.platform import faults, logs, release
from bankos.platform.embedded.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.embedded")

# Uvicorn starts one of several processes (`--workers`) again, unless it ends with this.
_DO_NOT_START_AGAIN = 3

logs.log_uncaught_errors()
if multiprocessing.parent_process() is not None and (ask := die_with_parent(signal.SIGKILL, parent=os.getppid())):
    ask()  # one of several must not go on alone, or the next start finds the port taken
with faults.told_in_one_sentence(exit_code=_DO_NOT_START_AGAIN):
    _django: Any = get_asgi_application()
    release.refuse_newer_database()

# Only now are there models.
from bankos.console.errors import busy_page  # noqa: E402
from bankos.platform.admission import Admission, Line  # noqa: E402
from bankos.platform.bodies import BoundedBodies, Uploads  # noqa: E402
from customers.sources import access, receiving  # noqa: E402
from sentinel import key_check  # noqa: E402

key_check.look_as_this_process_begins()

_MULTIPART = 64 * 1024  # what a form adds to a file

application = BoundedBodies(
    Admission(
        _django,
        Line(at_work=settings.WEB_AT_WORK, waiting=settings.WEB_WAITING, seconds=settings.WEB_WAIT_SECONDS),
        page=busy_page,
        exempt=settings.STATIC_URL,
        health=frozenset({"/healthz", "/readyz"}),
    ),
    session_cookie=settings.SESSION_COOKIE_NAME,
    uploads=Uploads(
        address=re.compile(r"/sources/[^/]+/files/new/"),
        largest=receiving.LARGEST_MEGABYTES * 1024**2 + _MULTIPART,
        may=sync_to_async(access.may_run_by_session),
    ),
)
