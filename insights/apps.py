from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "insights"

    def ready(self) -> None:
        from . import action_types, subscribers  # noqa: F401 - they register themselves
