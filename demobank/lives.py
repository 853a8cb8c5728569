"""What some of the named customers said of their lives, written down by an adviser through the real door."""

from datetime import datetime, timedelta
from decimal import Decimal

from bankos.platform import actors
from bankos.platform.models import User
from bankos.platform.money import Money
from customers import search
from customers.life.reading import Life, life_of
from customers.life.recording import EventSaid, GoalSaid, NeedSaid, PreferenceSaid, Said, record

NOTHING_KNOWN = Life((), (), (), ())


def said_of(at: datetime) -> dict[str, tuple[Said, ...]]:
    """By the name an adviser of Galway looks for."""
    today = at.date()
    return {
        "Bríd Ní Dhomhnaill": (
            NeedSaid("hearing", present=True, agreed=True, help="Face her and speak slowly; write figures down"),
            NeedSaid("digital", present=True, agreed=True, help="Letters, or the branch", review_on=today + timedelta(days=180)),
            PreferenceSaid("contact_channel", "letter"),
        ),
        "Zofia Wiśniewska": (EventSaid("job_loss", today - timedelta(days=40), "confirmed"),),
        "Ines Marchetti-Okafor": (
            GoalSaid("A week in Palermo", Money(Decimal("1800.00"), "EUR"), by_date=today + timedelta(days=200)),
            PreferenceSaid("contact_time", "after four"),
        ),
    }


def tell(at: datetime) -> None:
    """Write it down, unless something is known of them already."""
    adviser = actors.employee(User.objects.get(username="siobhan"))
    for name, words in said_of(at).items():
        found = search.find(name, actor=adviser, limit=1)
        if found and life_of(found[0].party_id, actor=adviser, at=at) == NOTHING_KNOWN:
            for said in words:
                record(found[0].party_id, said=said, channel="branch", actor=adviser, at=at)
