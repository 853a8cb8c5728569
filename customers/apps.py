from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from . import (  # noqa: F401 - they register themselves
            consents,
            subscribers,
            visibility,
        )
        from .care import arranging, emergencies, granting, masking_rules, revealing  # noqa: F401
        from .channels import clients, signals  # noqa: F401 - declare what is done to programs, and by them
        from .channels import subscribers as channels_subscribers  # noqa: F401
        from .channels.events import erasing as events_erasing  # noqa: F401 - registers what goes of an erased customer
        from .channels.webhooks import subscriptions  # noqa: F401
        from .life import recording  # noqa: F401 - declares what is written down of what somebody said
        from .linkage import merging, starting  # noqa: F401 - register what carries merges and runs out
        from .rights import (  # noqa: F401 - they register what carries erasing and lifting out
            access,
            correcting,
            erased,
            erasing,
            holds,
            kept,
            told,
        )
        from .sources import drifts, dry_run, looking, mappings, receiving, registering, rejected  # noqa: F401 - declare actions and jobs
        from .statements import stating  # noqa: F401 - declares what customers state of themselves
