"""The acts this floor can carry out: when each is possible, and what it asks of which system of record."""

from collections.abc import Mapping

from .. import action_types
from . import fee, message, offer, payment_date, transfer
from .act import Act, ActionNotPossible, Change, Instruction, NoSuchAct

__all__ = ["Act", "ActionNotPossible", "Change", "Instruction", "NoSuchAct", "act_of"]

_ACTS: Mapping[str, Act] = {
    action_types.MOVE_MONEY.name: Act(transfer.check, transfer.instruction, transfer.changes),
    action_types.MOVE_PAYMENT_DATE.name: Act(payment_date.check, payment_date.instruction, payment_date.changes),
    action_types.WAIVE_FEE.name: Act(fee.check, fee.instruction),
    action_types.SEND_MESSAGE.name: Act(message.check, message.instruction),
    action_types.OFFER_CREDIT.name: Act(offer.check_credit, offer.instruction),
    action_types.OFFER_PRODUCT.name: Act(offer.check_product, offer.instruction),
}


def act_of(action: str) -> Act:
    """Raises NoSuchAct."""
    try:
        return _ACTS[action]
    except KeyError:
        raise NoSuchAct(action) from None
