from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "journeys"

    def ready(self) -> None:
        from . import action_types, forgetting, subscribers  # noqa: F401 - registers the acts and who delivers them
