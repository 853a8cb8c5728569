from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "sentinel"

    def ready(self) -> None:
        from . import action_types, mandate_changes, policy_changes, problems  # noqa: F401 - they register sentinel's own acts, and its refusals
