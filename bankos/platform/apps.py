from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "bankos.platform"
    label = "platform"
