"""The web process: `uvicorn bankos.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.embedded")

application = get_asgi_application()
