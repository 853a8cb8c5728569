"""Actions: what anyone may want done, declared once, and carried out here only – asked, decided, signed, and agreed to by a second person
where the policies ask for one.

    HOLD = actions.declare(ActionType(name="hold.place", …), facts=_facts, effect=_place)
    ran = actions.run(HOLD, actor=actor, resource_id=id, parameters={…}, at=at)
"""

from .action import Action, Answered, Ask, Asking, Change, NotPossible, Parameters, Permitted, declare, declared, is_declared
from .running import ASKED_FOR, Preview, Ran, Waits, approve, changes, preview, propose, refuse, run, waiting_for

__all__ = [
    "ASKED_FOR",
    "Action",
    "Answered",
    "Ask",
    "Asking",
    "Change",
    "NotPossible",
    "Parameters",
    "Permitted",
    "Preview",
    "Ran",
    "Waits",
    "approve",
    "changes",
    "declare",
    "declared",
    "is_declared",
    "preview",
    "propose",
    "refuse",
    "run",
    "waiting_for",
]
