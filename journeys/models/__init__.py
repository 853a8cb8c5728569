"""The tables of journeys. Imported only inside this app; other floors use the faces."""

from .approvals import AwaitedAct
from .ledger import Effect, EffectDelivery
from .work import WorkItem

__all__ = ["AwaitedAct", "Effect", "EffectDelivery", "WorkItem"]
