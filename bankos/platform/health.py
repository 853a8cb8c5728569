"""Is this process alive, and can it do its work? For load balancers, supervisors and people."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from . import clock, keys, release
from .database.base import apart
from .models import Heartbeat

# Hearts beat every 10 s, and neither waits behind work.
HEARTBEAT_LIMIT = timedelta(seconds=90)
# A part that does not answer within so many seconds does not answer.
PATIENCE = 2
SPACE = 16 * 1024**2  # bytes free, below which a disk is called full
NO_DATABASE = "the database does not answer"


class NotReady(Exception):
    """A part this process depends on does not do its work; the message says which, for operators."""


_also: dict[str, Callable[[], None]] = {}


def also_check(name: str, check: Callable[[], None]) -> None:
    """Let readiness ask this too, for a higher floor. The check raises NotReady, and may ask the database."""
    _also[name] = check


_told: dict[str, Callable[[], str | None]] = {}


def also_tell(name: str, tell: Callable[[], str | None]) -> None:
    """Let readiness say this too, without making the process unready. `tell` may ask the database; None is nothing to say."""
    _told[name] = tell


def record_heartbeat(*, process: str, at: datetime) -> None:
    """Note that a background process worked at this moment."""
    Heartbeat.objects.update_or_create(process=process, defaults={"seen_at": at})


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers. Looks at nothing else: restarting it would not repair a database."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Every part answers (200), or the reasons why not (503)."""
    checks: dict[str, Callable[[], None]] = {
        "database": _database,
        "migrations": _migrations,
        "signing key": _signing_key,
        **_also,
        "broker": _broker,
        "worker": _worker,
        "scheduler": _scheduler,
    }
    reasons: dict[str, str] = {}
    # On a connection of its own, and with little patience: a full pool or a server that hangs is found out, not waited for.
    with apart(seconds=PATIENCE):
        for name, check in checks.items():
            if "database" in reasons and check is not _broker:
                reasons[name] = "not known: the database does not answer"
                continue
            try:
                check()
            except NotReady as reason:
                reasons[name] = str(reason)
            except DatabaseError:
                reasons["database"] = reasons[name] = NO_DATABASE
        told = {"folders": _folders, **({} if "database" in reasons else _told)}
        notes = {name: said for name, tell in told.items() if (said := _said(tell)) is not None}
    parts = {name: reasons.get(name, "ok") for name in checks}
    body = {"status": "not ready" if reasons else "ready", "checks": parts, **({"notes": notes} if notes else {})}
    return JsonResponse(body, status=503 if reasons else 200)


def _said(tell: Callable[[], str | None]) -> str | None:
    try:
        return tell()
    except DatabaseError:
        return "not known: the database does not answer"


def _folders() -> str | None:
    """What keeps files from being written here: it delays effects and uploads, and may be why a database on the same disk fails."""
    wanted = {"effects": settings.EFFECTS_DIR, "temporary copies": settings.SCRATCH_DIR}
    if settings.EMBEDDED_WANTED.database:
        wanted["the embedded servers"] = settings.VAR_DIR
    found = [f"{what}: {said}" for what, folder in wanted.items() if (said := _wrong_with(Path(folder)))]
    return "; ".join(found) or None


def _wrong_with(folder: Path) -> str | None:
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not there.is_dir():
        return f"{there} is no folder"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written to"
    if shutil.disk_usage(there).free < SPACE:
        return f"the disk of {there} is full"
    return None


class ProbesMiddleware:
    """Answers those who ask by the machine's address, as balancers do, before anything looks at hosts, TLS or sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = {"/healthz": healthz, "/readyz": readyz}.get(request.path_info)
        return probe(request) if probe else self.get_response(request)


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    try:
        release.check_database()
    except release.DatabaseIsNewer as reason:
        raise NotReady(str(reason)) from None
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotReady(f"{len(missing)} migrations are not applied: run manage.py migrate")


def _signing_key() -> None:
    try:
        keys.signing_key()
    except ImproperlyConfigured as error:
        raise NotReady(str(error)) from None


def _broker() -> None:
    try:
        with current_app.connection_for_write(transport_options={"socket_timeout": PATIENCE / 2}) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_max=0, timeout=PATIENCE)
    except (OperationalError, OSError):
        raise NotReady("the broker does not answer: work is late until it does, none is lost") from None


def _worker() -> None:
    """Some worker fetches work (see `heart.SignOfLife`)."""
    _seen_lately("worker", never="no worker has been seen yet", late="no worker has been seen for {seconds} s")


def _scheduler() -> None:
    """What the scheduler sends is received: beat, the broker and the heart's worker do their work."""
    _seen_lately(
        "scheduler",
        never="the scheduler has not been seen yet: beat and a worker of the queue heart have to run",
        late="no sign of the scheduler for {seconds} s: beat and a worker of the queue heart have to run",
    )


def _seen_lately(process: str, *, never: str, late: str) -> None:
    heartbeat = Heartbeat.objects.filter(process=process).first()
    if heartbeat is None:
        raise NotReady(never)
    silence = clock.now() - heartbeat.seen_at
    if silence > HEARTBEAT_LIMIT:
        raise NotReady(late.format(seconds=int(silence.total_seconds())))
