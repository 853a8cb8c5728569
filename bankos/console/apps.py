from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "bankos.console"
    label = "console"
