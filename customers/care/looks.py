"""Who looks, and how long a look lasts."""

from uuid import UUID

from bankos.platform.actors import Actor

from ..models import CareSettings
from ..visibility import NotVisible


def settings() -> CareSettings:
    """Queries: 1."""
    return CareSettings.objects.first() or CareSettings()


def person_of(actor: Actor) -> UUID:
    """The employee who looks. Raises NotVisible: nobody else uncovers anything."""
    if actor.user_id is None:
        raise NotVisible(actor.id)
    return actor.user_id
