from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from . import (  # noqa: F401 - they register themselves
            action_types,
            consents,
            subscribers,
            visibility,
        )
        from .care import arranging, emergencies, granting, masking_rules, revealing  # noqa: F401
        from .channels import action_types as channels_action_types  # noqa: F401
        from .channels import clients  # noqa: F401 - registers what carries changes of programs out
        from .channels import subscribers as channels_subscribers  # noqa: F401
        from .channels.events import erasing as events_erasing  # noqa: F401 - registers what goes of an erased customer
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
        from .sources import dry_run, receiving, rejected  # noqa: F401 - each registers what does its kind of job
        from .statements import stating  # noqa: F401 - declares what customers state of themselves
