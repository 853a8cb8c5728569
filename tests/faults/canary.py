"""Included in a Celery worker: a drill's canary that is killed, and leaves a sign that it was there."""

import os
import signal
from typing import Any
from uuid import UUID

from bankos.platform import clock
from bankos.platform.ids import uuid7
from bankos.platform.models import Heartbeat
from sentinel.automation import drills


def _killed(run: UUID, **_: Any) -> None:
    Heartbeat.objects.create(process=f"canary {uuid7().hex}", seen_at=clock.now())
    os.kill(os.getpid(), signal.SIGKILL)


drills.act_until_stopped = _killed
