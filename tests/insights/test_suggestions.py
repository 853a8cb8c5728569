"""What becomes a suggestion, what the policy withholds, and what staff see of it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bankos.platform import events
from customers.visibility import NotVisible
from insights import nightly, recommendations
from insights.models import Recommendation
from insights.words import ordinal
from journeys import work
from sentinel import decisions

from .test_nightly import OFFICER
from .town import ENOUGH_UNTIL_THEN, LEAVES, NIGHT, PAID, TODAY, evening

pytestmark = pytest.mark.django_db
MORNING = NIGHT + timedelta(seconds=20)


@pytest.fixture
def night(town, champion):
    def run(at=NIGHT):
        town.move_in(at=at)
        nightly.run_now(at=at)

    return run


def test_customer_of_the_story_is_told_to_move_the_loan_payment(town, night, staff):
    home = town.household(savings=1318, overdraft=100)
    night()

    card = recommendations.open_for(home.party_id, actor=staff("branch_staff"), at=MORNING)

    assert card.title == f"Move the loan payment from the {ordinal(LEAVES.day)} to the {ordinal(PAID.day + 2)}"
    assert card.short_id.startswith("SG-")
    assert card.valid_until == LEAVES
    assert card.helped is None
    assert 2 <= sum(reason.for_ for reason in card.reasons) <= 4
    assert sum(not reason.for_ for reason in card.reasons) == 1
    assert any(reason.text.startswith(f"Salary of €2,410 arrives on the {ordinal(PAID.day)}, every month since") for reason in card.reasons)
    assert f"leaves on the {ordinal(LEAVES.day)}, 4 days before you are paid" in card.say


def test_chart_shows_the_figures_the_text_speaks_of(town, night, staff):
    home = town.household()
    night()

    card = recommendations.open_for(home.party_id, actor=staff("branch_staff"), at=MORNING)
    chart = card.chart

    assert chart.today == TODAY
    assert chart.past[-1] == (TODAY - timedelta(days=1), Decimal(ENOUGH_UNTIL_THEN))
    assert chart.base[0][0] == TODAY
    assert len(chart.base) == len(chart.low) == len(chart.high) == len(chart.alternative) == 30
    day, lowest = chart.lowest_base
    assert lowest == min(amount for _, amount in chart.base) < 0
    assert card.reasons[0].text == f"Expected lowest −€{abs(lowest):.0f} on {day.day} {day:%B}"
    assert chart.lowest_alternative[1] >= 0
    assert chart.incomes == [(PAID, "Salary €2,410")]


def test_without_consent_nothing_is_suggested_and_the_refusal_is_kept(town, night, staff):
    homes = [town.household(consent=False), town.household(consent=None)]
    night()

    for home in homes:
        assert recommendations.open_for(home.party_id, actor=staff("branch_staff"), at=MORNING) is None
        withheld = Recommendation.objects.get(party_id=home.party_id)
        assert withheld.state == "withheld"
        refusal = decisions.decision_of(withheld.decision_id, actor=OFFICER)
        assert refusal.outcome == "deny"
        assert [rule.id for rule in refusal.rules] == ["nothing-without-consent"]
        assert refusal.purposes == ("payment_insight",)
        with pytest.raises(NotVisible):
            recommendations.detail(withheld.pk, actor=staff("branch_staff"), at=MORNING)
    assert recommendations.listing(actor=staff("branch_staff"), at=MORNING) == []
    assert work.open_items(actor=staff("branch_staff"), view="team", at=MORNING) == []


def test_refusal_is_not_repeated_every_night(town, night):
    town.household(consent=False)
    night()

    night(NIGHT + timedelta(seconds=30))

    assert Recommendation.objects.count() == 1


def test_withdrawn_consent_takes_the_suggestion_away_as_soon_as_it_is_known(town, night, staff):
    home = town.household()
    night()
    person = staff("branch_staff")
    assert recommendations.open_for(home.party_id, actor=person, at=MORNING) is not None
    town.says(home.client, False, at=NIGHT + timedelta(seconds=5))
    town.move_in(at=MORNING)

    events.drain("insights.cashflow")

    assert recommendations.open_for(home.party_id, actor=person, at=MORNING + timedelta(seconds=2)) is None
    assert work.open_items(actor=person, view="suggestions", at=MORNING) == []


def test_credit_is_refused_in_arrears_and_shown_as_an_option_not_offered(town, night, staff):
    home = town.household(days_past_due=12, savings=1318)
    night()
    person = staff("branch_staff")

    card = recommendations.open_for(home.party_id, actor=person, at=MORNING)
    options = {option.title: option for option in recommendations.detail(card.id, actor=person, at=MORNING).options}

    assert card.action != "credit.offer"
    credit = next(option for title, option in options.items() if "overdraft" in title)
    assert not credit.available
    assert "no-credit-in-arrears" in credit.rule_ids
    assert decisions.decision_of(credit.decision_id, actor=OFFICER).outcome == "deny"


def test_when_only_credit_would_help_and_it_is_forbidden_nothing_is_suggested(town, night, staff):
    home = town.household(days_past_due=12, savings=0, balance=-300)
    night()

    assert recommendations.open_for(home.party_id, actor=staff("branch_staff"), at=MORNING) is None
    assert Recommendation.objects.get(party_id=home.party_id).state == "withheld"


def test_detail_says_what_was_considered_and_what_it_cannot_see(town, night, staff):
    home = town.household()
    night()
    person = staff("branch_staff")
    card = recommendations.open_for(home.party_id, actor=person, at=MORNING)

    detail = recommendations.detail(card.id, actor=person, at=MORNING)

    assert detail.card == card
    assert [option.available for option in detail.options] == [True] * len(detail.options)
    assert any("from savings" in option.title for option in detail.options)
    assert "Accounts at other banks are not seen." in detail.limits
    assert detail.would_not_be_suggested_if.startswith("Would not be suggested if ")
    assert {check.id for check in detail.policy_checks} == {"system-suggests"}
    assert detail.data_until == TODAY - timedelta(days=1)
    assert detail.account_label.endswith(home.account[-4:])
    assert detail.given is None


def test_staff_of_another_branch_find_no_suggestion(town, night, staff):
    home = town.household()
    night()
    card = recommendations.open_for(home.party_id, actor=staff("branch_staff"), at=MORNING)
    stranger = staff("branch_staff", branch="COR1")

    with pytest.raises(NotVisible):
        recommendations.open_for(home.party_id, actor=stranger, at=MORNING)
    with pytest.raises(NotVisible):
        recommendations.detail(card.id, actor=stranger, at=MORNING)
    assert recommendations.listing(actor=stranger, at=MORNING) == []


def test_each_open_suggestion_lies_once_on_the_work_list(town, night, staff):
    town.household()
    town.household(savings=0)
    night()

    items = work.open_items(actor=staff("branch_staff"), view="suggestions", at=MORNING)

    assert {item.subject_id for item in items} == set(Recommendation.objects.values_list("id", flat=True))
    assert all(item.why for item in items)


def test_suggestion_nobody_answered_expires_on_the_day_after_the_dip(town, night, staff):
    home = town.household()
    night()
    card = recommendations.open_for(home.party_id, actor=staff("branch_staff"), at=MORNING)

    late = evening(card.valid_until + timedelta(days=1))
    assert recommendations.open_for(home.party_id, actor=staff("branch_staff"), at=late) is None
    nightly.run_now(at=late)

    assert Recommendation.objects.get(pk=card.id).state == "expired"
    assert card.id not in {item.subject_id for item in work.open_items(actor=staff("branch_staff"), view="team", at=late)}


def test_listing_takes_the_same_number_of_queries_for_one_and_for_many(town, night, staff, django_assert_max_num_queries):
    for _ in range(6):
        town.household()
    night()
    person = staff("branch_staff")

    with django_assert_max_num_queries(4):
        assert len(recommendations.listing(actor=person, at=MORNING)) == 6
