"""The tables of journeys. Imported only inside this app; other floors use the faces."""

from .ledger import Effect, EffectDelivery
from .work import WorkItem

__all__ = ["Effect", "EffectDelivery", "WorkItem"]
