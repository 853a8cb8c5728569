"""The Celery application: `celery -A bankos worker`, `celery -A bankos beat`."""

import os
import signal
from typing import Any

from celery import Celery, signals

from .platform import faults, logs, tasklog  # noqa: F401 - tasklog connects itself to Celery's signals
from .platform.embedded.processes import die_with_parent

faults.tell_in_one_sentence()  # settings are read by Celery's command line, at a moment of its own

app = Celery("bankos")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.celeryd_init.connect
def give_signs_of_life(**_: Any) -> None:
    """Only in a worker, and only now: it needs the models, which are not there yet while settings are read."""
    from .platform.heart import SignOfLife

    app.steps["consumer"].add(SignOfLife)


@signals.setup_logging.connect
def leave_logging_to_django(**_: Any) -> None:
    """Being connected is enough to keep Celery's hands off the logging that Django set up."""
    logs.log_uncaught_errors()


@signals.worker_init.connect
def refuse_newer_database(**_: Any) -> None:
    from .platform import release  # reads settings, which a command line wants to say what is wrong with

    release.refuse_newer_database()


@signals.worker_process_init.connect
def end_with_the_worker(**_: Any) -> None:
    """A pool process must not go on alone when its worker was killed: its task is handed out again."""
    if ask := die_with_parent(signal.SIGKILL, parent=os.getppid()):
        ask()
    from sentinel import key_check

    key_check.look_as_this_process_begins()
