"""What the floors below tell, and what follows from it here."""

from uuid import UUID

from bankos.platform import clock
from bankos.platform.events import Event, subscribe

from . import answers, refresh


# Many at once: a load tells of the same customers again and again, and each is forecast once a batch.
@subscribe("insights.cashflow", "customers.state.changed", batch=2000)
def forecast_anew(events: list[Event]) -> None:
    """Forecast the customers whose data changed, and look again at what is suggested for them."""
    parties = {UUID(event.subject): event.data["bucket"] for event in events}
    refresh.parties(list(parties), wanted=sorted(set(parties.values())), at=clock.now())


@subscribe("insights.recommendations", "journeys.approval.answered")
def note_second_persons_answer(events: list[Event]) -> None:
    """An accepted suggestion that waited for a second person is done, or refused."""
    for event in events:
        approved = event.data["answer"] == "approved" and event.data["effect"] is not None
        answers.approval_answered(decision_id=UUID(event.data["decision"]), approved=approved)
