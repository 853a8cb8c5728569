from typing import Any

from django.apps import AppConfig
from django.conf import settings

from bankos.settings import safety


class PlatformConfig(AppConfig):
    name = "bankos.platform"
    label = "platform"

    def ready(self) -> None:
        """Settings made from the production ones are complete only now."""
        if getattr(settings, "PRODUCTION", False):
            safety.refuse(_setting)


def _setting(name: str) -> Any:
    return getattr(settings, name, None)
