"""Actions: what anyone may want done, declared once, and carried out here only – asked, decided, signed, and agreed to by a second person
where the policies ask for one.

    HOLD = actions.declare(ActionType(name="hold.place", …), facts=_facts, effect=_place)
    ran = actions.run(HOLD, actor=actor, resource_id=id, parameters={…}, at=at)
"""

from .action import Action, Ask, NotPossible, Permitted, Refusal, declare, declared, is_declared
from .running import ASKED_FOR, Ran, Waits, approve, refuse, run, waiting_for

__all__ = [
    "ASKED_FOR",
    "Action",
    "Ask",
    "NotPossible",
    "Permitted",
    "Ran",
    "Refusal",
    "Waits",
    "approve",
    "declare",
    "declared",
    "is_declared",
    "refuse",
    "run",
    "waiting_for",
]
