from django.apps import AppConfig


class DemoBankConfig(AppConfig):
    name = "demobank"
