import pytest

from bankos.platform import clock
from sentinel import autonomy
from sentinel.autonomy import Level, level_of, set_level
from sentinel.models import AutonomySetting

from .desk import CREDIT, TRANSFER, agent, customer, insights, staff


@pytest.fixture
def levels(db: None) -> None:
    for subject, action, level in [
        ("", "", Level.WATCH),
        ("", CREDIT, Level.OFF),
        ("insights.cashflow", "", Level.ACT_WITH_APPROVAL),
        ("insights.cashflow", TRANSFER, Level.ACT_ALONE),
        ("cashflow-model", "", Level.SUGGEST),
    ]:
        set_level(subject=subject, action=action, level=level, reason="test", at=clock.now())


def test_what_has_no_setting_may_suggest(db: None) -> None:
    assert level_of(insights(), action=TRANSFER) is autonomy.DEFAULT is Level.SUGGEST


def test_the_most_specific_setting_counts(levels: None) -> None:
    assert level_of(insights(), action=TRANSFER) is Level.ACT_ALONE
    assert level_of(insights(), action=CREDIT) is Level.ACT_WITH_APPROVAL
    assert level_of(agent(), action=CREDIT) is Level.OFF
    assert level_of(agent(), action=TRANSFER) is Level.WATCH


def test_of_actor_and_model_the_one_with_less_freedom_counts(levels: None) -> None:
    assert level_of(insights(), action=TRANSFER, model="cashflow-model") is Level.SUGGEST
    assert level_of(agent(), action=TRANSFER, model="cashflow-model") is Level.WATCH


def test_people_answer_for_themselves(levels: None) -> None:
    assert level_of(staff(), action=TRANSFER) is level_of(customer("party-1"), action=TRANSFER) is None


def test_each_change_of_a_level_is_kept(levels: None) -> None:
    set_level(subject="insights.cashflow", action=TRANSFER, level=Level.OFF, reason="It went wrong", at=clock.now())

    setting = AutonomySetting.objects.get(subject="insights.cashflow", action=TRANSFER)
    assert [record.level for record in setting.history.order_by("history_id")] == ["act_alone", "off"]
    assert setting.history.latest().reason == "It went wrong"
