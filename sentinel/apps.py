from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "sentinel"

    def ready(self) -> None:
        # They register sentinel's own acts, and how its refusals are told.
        from . import action_types, erasure, key_check, mandate_changes, policy_changes, problems  # noqa: F401
        from .authzen import granting  # noqa: F401
        from .automation import levels, stops  # noqa: F401
        from .people import joining, leaving, roles, unlocking  # noqa: F401
        from .transparency import witnesses

        key_check.register()
        witnesses.register()
