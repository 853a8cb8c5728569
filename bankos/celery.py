"""The Celery application: `celery -A bankos worker`, `celery -A bankos beat`."""

from typing import Any

from celery import Celery, signals

from .platform import tasklog  # noqa: F401 - connects itself to Celery's signals

app = Celery("bankos")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def leave_logging_to_django(**_: Any) -> None:
    """Being connected is enough: Celery then keeps its hands off the logging that Django set up."""
