from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "journeys"

    def ready(self) -> None:
        from . import forgetting, subscribers  # noqa: F401 - registers who delivers the acts
        from .acts import fee, message, offer, payment_date, transfer  # noqa: F401 - declares them
