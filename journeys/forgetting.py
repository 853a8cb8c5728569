"""What goes of a customer that is erased: the words of the work about them. What was done with money stays, with its permit."""

from customers.rights.reach import Category, Erasing, also, goes, stays

from .models import Effect, EffectDelivery, WorkItem

WHO = "Colleagues, roles and machines."
NO_WORDS = "Ids, codes, days and amounts: what an act may be given holds no words, and its decision bears the hash."


goes(Category.DECISIONS, WorkItem, "title", "why")


@also(Category.DECISIONS)
def _close(erasing: Erasing) -> int:
    open_items = WorkItem.objects.filter(party_id__in=erasing.members, state=WorkItem.State.OPEN)
    open_items.update(state=WorkItem.State.CLOSED, closed_at=erasing.at)
    return 0


stays(WorkItem, "branch_code", "for_roles", "asked_by", "owner_name", why=WHO)
stays(Effect, "action", "resource_type", "resource_id", "parameters", "system", "token", why=NO_WORDS)
stays(EffectDelivery, "reference", "sha256", why="A file's name and hash.")
