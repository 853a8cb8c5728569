from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "sentinel"

    def ready(self) -> None:
        from . import action_types, mandate_changes  # noqa: F401 - they register sentinel's own acts
