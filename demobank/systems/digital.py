"""Digital channels: what people do in app and web that may matter, under the e-mail they sign in with."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from .. import cast
from ..block import Block
from .core import Row
from .crm import clients_of

SIGNALS = (
    ("loan_application_abandoned", "web", "Personal loan, left at the page about income"),
    ("loan_application_abandoned", "app", "Car loan, left before sending"),
    ("travel_notice", "app", "Two weeks abroad"),
    ("travel_notice", "app", "Weekend in another country"),
    ("card_frozen", "app", "Frozen and released the same day"),
    ("savings_goal_viewed", "app", "Looked at the rainy-day goal"),
    ("statement_downloaded", "web", "Last twelve months"),
    ("help_searched", "web", "Searched for overdraft fees"),
)
_CAST_SIGNALS: dict[int, tuple[tuple[int, int, int], ...]] = {
    cast.INES: ((7, 2, 70_140), (5, 9, 69_000)),
    cast.RAJESH: ((0, 5, 75_300), (2, 16, 45_000)),
    cast.TOMAS: ((6, 70, 50_100),),
}


def signal_rows(block: Block) -> Iterator[Row]:
    """Kind of signal, days ago and hour are drawn; children and people without e-mail leave none."""
    people, clients = block.people, clients_of(block.people)
    draws = people.dice.uniform("signal", 2, 4)
    for row in range(len(people)):
        if not people.email[row] or people.company[row]:
            continue
        named = _CAST_SIGNALS.get(row, ()) if cast.in_first_block(people) else ()
        drawn = tuple(
            (int(which * len(SIGNALS)), 1 + int(when * min(120, block.plan.today - 1)), 6 * 3600 + int(hour * 16 * 3600))
            for happens, which, when, hour in draws[row]
            if happens < 0.16 and people.is_adult[row]
        )
        for number, (which, days, seconds) in enumerate(named or drawn):
            kind, channel, detail = SIGNALS[which]
            moment = datetime.combine(block.plan.as_of - timedelta(days=days), time(), UTC) + timedelta(seconds=seconds)
            yield f"EV{clients.number[row][2:]}{number}", people.email[row], moment.isoformat(), channel, kind, detail
