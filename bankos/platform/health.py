"""Is this process alive, and can it do its work? For load balancers, supervisors and people."""

from collections.abc import Callable
from datetime import datetime, timedelta

from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from . import clock, keys, release
from .models import Heartbeat

# The heart beats every 10 s; a worker busy with two long tasks may miss some.
HEARTBEAT_LIMIT = timedelta(seconds=90)


class NotReady(Exception):
    """A part this process depends on does not do its work; the message says which, for operators."""


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
        "broker": _broker,
        "worker": _worker,
    }
    reasons: dict[str, str] = {}
    for name, check in checks.items():
        try:
            check()
        except NotReady as reason:
            reasons[name] = str(reason)
        except DatabaseError:
            reasons[name] = "the database does not answer"
    parts = {name: reasons.get(name, "ok") for name in checks}
    return JsonResponse({"status": "not ready" if reasons else "ready", "checks": parts}, status=503 if reasons else 200)


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
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except (OperationalError, OSError):
        raise NotReady("the broker does not answer: work is late until it does, none is lost") from None


def _worker() -> None:
    heartbeat = Heartbeat.objects.filter(process="worker").first()
    if heartbeat is None:
        raise NotReady("no worker has been seen yet")
    silence = clock.now() - heartbeat.seen_at
    if silence > HEARTBEAT_LIMIT:
        raise NotReady(f"no worker has been seen for {int(silence.total_seconds())} s")
