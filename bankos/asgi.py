"""The web process: `uvicorn bankos.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

from bankos.platform import logs, release

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.embedded")

logs.log_uncaught_errors()
application = get_asgi_application()
release.refuse_newer_database()
