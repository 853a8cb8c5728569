"""Which setting counts for a machine, and what its limits let it do alone."""

from typing import Any

import pytest

from bankos.platform import clock
from bankos.platform.actors import Actor
from sentinel import autonomy
from sentinel.asking import MACHINES
from sentinel.automation.subjects import Automation
from sentinel.autonomy import Level, leave_of
from sentinel.models import AutonomySetting
from sentinel.standing import Look, standings
from tests import machines

from .desk import CREDIT, TRANSFER, agent, ask, customer, insights, staff


@pytest.fixture
def levels(db: None) -> None:
    for subject, action, segment, level in [
        ("", "", "", Level.WATCH),
        ("", CREDIT, "", Level.OFF),
        ("insights.cashflow", "", "", Level.ACT_WITH_APPROVAL),
        ("insights.cashflow", TRANSFER, "", Level.ACT_ALONE),
        ("insights.cashflow", TRANSFER, "young", Level.SUGGEST),
        ("cashflow-model", "", "", Level.SUGGEST),
    ]:
        machines.let(subject=subject, action=action, segment=segment, level=level, reason="test", at=clock.now())


def level_of(actor: Actor, *, action: str, model: str = "", segment: str = "personal") -> Level:
    """The level that a decision at this moment would go by."""
    look = Look(actor.id, actor.kind in MACHINES, action, segment, "", model, "Party", "party-1")
    [standing] = standings([look], store="bank", at=clock.now())
    return leave_of(standing.settings, subjects=[actor.id, model] if model else [actor.id]).level


def test_what_has_no_setting_may_suggest(db: None) -> None:
    assert level_of(insights(), action=TRANSFER) is autonomy.DEFAULT is Level.SUGGEST


def test_the_most_specific_setting_counts(levels: None) -> None:
    assert level_of(insights(), action=TRANSFER) is Level.ACT_ALONE
    assert level_of(insights(), action=TRANSFER, segment="young") is Level.SUGGEST
    assert level_of(insights(), action=CREDIT) is Level.ACT_WITH_APPROVAL
    assert level_of(agent(), action=CREDIT) is Level.OFF
    assert level_of(agent(), action=TRANSFER) is Level.WATCH


def test_of_actor_and_model_the_one_with_less_freedom_counts(levels: None) -> None:
    assert level_of(insights(), action=TRANSFER, model="cashflow-model") is Level.SUGGEST
    assert level_of(agent(), action=TRANSFER, model="cashflow-model") is Level.WATCH


def test_an_automation_knows_the_leave_its_decisions_go_by(levels: None) -> None:
    for action, segment in ((TRANSFER, "personal"), (TRANSFER, "young"), (CREDIT, "personal")):
        automation = Automation("insights.cashflow", action, segment)
        assert automation.leave().level is level_of(insights(), action=action, segment=segment)


@pytest.mark.usefixtures("authority")
def test_people_answer_for_themselves(levels: Any) -> None:
    for actor in (staff(), customer("party-1")):
        assert "autonomy" not in recorded(ask(actor).id)["request"]
    assert recorded(ask(insights()).id)["request"]["autonomy"] == "act_alone"


def recorded(decision_id: Any) -> dict[str, Any]:
    from sentinel import decisions

    from .desk import compliance

    context = decisions.decision_of(decision_id, actor=compliance()).context
    assert context is not None
    return context["context"]


def test_each_change_of_a_level_is_kept(levels: None) -> None:
    machines.let(subject="insights.cashflow", action=TRANSFER, level=Level.OFF, reason="It went wrong", at=clock.now())

    setting = AutonomySetting.objects.get(subject="insights.cashflow", action=TRANSFER, segment="")
    assert [record.level for record in setting.history.order_by("history_id")] == ["act_alone", "off"]
    assert setting.history.latest().reason == "It went wrong"
