from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "insights"

    def ready(self) -> None:
        from . import answers, forgetting, nightly, subscribers, told  # noqa: F401 - they register themselves
