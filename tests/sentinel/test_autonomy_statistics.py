import subprocess
import sys
from math import inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import betaincc, betaln
from statsmodels.stats.proportion import proportion_confint

from sentinel.autonomy_statistics import (
    TO_ACT_ALONE,
    TO_ACT_WITH_APPROVAL,
    TO_SUGGEST,
    WATCH_ACTS_ALONE,
    WATCH_ACTS_WITH_APPROVAL,
    WATCH_SUGGESTIONS,
    Evidence,
    HarmLimit,
    Measure,
    Outcome,
    Readiness,
    Standing,
    Suspicion,
    Tally,
    Watch,
    calibration_of,
    log_evidence,
    lower_bound,
    promotion,
    rate_of,
    replay,
    step,
    summary_of,
    upper_bound,
)
from tests.benchmarks.autonomy_simulation import (
    NEVER,
    RUNS,
    Columns,
    Truth,
    alarmed_at,
    bound_ever_wrong,
    delays,
    draws,
    mean_run_length,
    promoted_at,
    promoted_by_wilson_at,
)

GOOD = Outcome(agreed=True, undone=False, harm=False)
REJECTED = Outcome(agreed=False, undone=False, harm=False)
HARMFUL = Outcome(agreed=True, undone=False, harm=True)

tallies = st.integers(1, 20_000).flatmap(lambda trials: st.builds(Tally, st.integers(0, trials), st.just(trials)))
answers = st.sampled_from([True, True, True, True, False, None])
courses = st.lists(st.builds(Outcome, agreed=answers, undone=st.sampled_from([False, False, True, None]), harm=st.just(False)), max_size=80)


def evidence(reviews: int, *, agreed: int, undone: int = 0, harm: int = 0, since_harm: int | None = None) -> Evidence:
    since = reviews if since_harm is None else since_harm
    return Evidence(Tally(agreed, reviews), Tally(undone, reviews), Tally(harm, reviews), since)


def unmet(readiness: Readiness) -> set[Measure]:
    return {criterion.measure for criterion in readiness.criteria if not criterion.met}


# Numbers


@given(tallies.filter(lambda tally: tally.hits > 0), st.floats(0.001, 0.999))
def test_the_evidence_is_what_the_beta_functions_of_scipy_say(tally: Tally, part: float) -> None:
    above, misses = part * tally.hits / tally.trials, tally.opposite.hits

    whole = betaln(tally.hits + 1, misses + 1) + np.log(betaincc(tally.hits + 1, misses + 1, above)) - np.log1p(-above)
    expected = whole - tally.hits * np.log(above) - misses * np.log1p(-above)

    assert log_evidence(tally.hits, tally.trials, above=above) == pytest.approx(expected, rel=1e-9, abs=1e-8)


def test_the_evidence_is_the_mean_likelihood_ratio_over_the_chances_above() -> None:
    hits, misses, above = 97, 3, 0.9

    def ratio(chance: float) -> float:
        return (chance / above) ** hits * ((1 - chance) / (1 - above)) ** misses / (1 - above)

    assert log_evidence(hits, hits + misses, above=above) == pytest.approx(log(integrate.quad(ratio, above, 1)[0]))


@given(tallies, st.floats(0.0001, 0.3))
def test_the_bound_is_where_the_evidence_reaches_one_in_alpha(tally: Tally, alpha: float) -> None:
    bound = lower_bound(tally, alpha=alpha)

    assert 0 <= bound <= tally.hits / tally.trials
    if tally.hits:
        assert log_evidence(tally.hits, tally.trials, above=bound) == pytest.approx(-log(alpha), abs=1e-5)


@given(tallies)
def test_an_upper_bound_is_the_lower_bound_of_the_opposite(tally: Tally) -> None:
    assert upper_bound(tally) == 1 - lower_bound(tally.opposite)
    assert lower_bound(tally) <= tally.hits / tally.trials <= upper_bound(tally)


@given(tallies.filter(lambda tally: tally.hits < tally.trials))
def test_one_hit_more_raises_the_bound(tally: Tally) -> None:
    assert lower_bound(Tally(tally.hits + 1, tally.trials)) > lower_bound(tally)


def test_without_trials_nothing_is_shown() -> None:
    assert (lower_bound(Tally()), upper_bound(Tally())) == (0.0, 1.0)
    assert (rate_of(Tally()).value, rate_of(Tally()).low, rate_of(Tally()).high) == (None, 0.0, 1.0)


@pytest.mark.parametrize("alpha", [0.0, 0.31, 1.0, -0.05])
def test_an_alpha_for_which_the_bound_is_not_proven_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        lower_bound(Tally(9, 10), alpha=alpha)


@pytest.mark.parametrize(("hits", "trials"), [(2, 1), (-1, 5), (0, -1)])
def test_more_hits_than_trials_are_refused(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match=f"{hits} of {trials}"):
        Tally(hits, trials)


@given(tallies)
def test_the_interval_shown_is_wilsons(tally: Tally) -> None:
    rate = rate_of(tally)

    low, high = proportion_confint(tally.hits, tally.trials, alpha=0.05, method="wilson")
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=1e-12)
    assert 0 <= rate.low <= tally.hits / tally.trials <= rate.high <= 1


def test_the_summary_shows_each_rate_of_the_evidence() -> None:
    summary = summary_of(evidence(200, agreed=190, undone=4, harm=1, since_harm=120))

    assert (summary.agreement.value, summary.undone.value, summary.harm.value) == (0.95, 0.02, 0.005)
    assert summary.since_harm == 120


def test_a_web_process_loads_no_numerical_library_for_it() -> None:
    code = "import sys, sentinel.autonomy_statistics; print({'numpy', 'scipy', 'django'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


# Earning


def test_a_few_perfect_reviews_are_not_enough() -> None:
    assert unmet(promotion(evidence(199, agreed=199), TO_ACT_WITH_APPROVAL)) == {Measure.REVIEWS, Measure.HARM}
    assert promotion(evidence(49, agreed=49), TO_SUGGEST).more == 1


def test_with_good_evidence_the_next_level_may_be_proposed() -> None:
    readiness = promotion(evidence(1_000, agreed=970, undone=4), TO_ACT_ALONE)

    assert readiness.ready
    assert readiness.more == 0
    agreement = readiness.criteria[1]
    assert (agreement.measure, agreement.value, agreement.needed, agreement.met) == (Measure.AGREEMENT, 0.97, 0.95, True)
    assert agreement.bound is not None
    assert 0.95 <= agreement.bound < 0.97


def test_each_condition_alone_holds_the_next_level_back() -> None:
    assert unmet(promotion(evidence(1_000, agreed=940), TO_ACT_ALONE)) == {Measure.AGREEMENT}
    assert unmet(promotion(evidence(1_000, agreed=980, undone=20), TO_ACT_ALONE)) == {Measure.UNDONE}
    assert unmet(promotion(evidence(2_000, agreed=1_960, harm=18, since_harm=1_200), TO_ACT_ALONE)) == {Measure.HARM}
    assert unmet(promotion(evidence(5_000, agreed=4_900, harm=1, since_harm=999), TO_ACT_ALONE)) == {Measure.HARM_FREE}


def test_what_is_missing_is_told_in_reviews() -> None:
    # All is shown but the 1,000 reviews without harm.
    readiness = promotion(evidence(3_000, agreed=2_940, harm=1, since_harm=588), TO_ACT_ALONE)

    assert readiness.more == 412


def test_what_is_answered_later_takes_more_reviews() -> None:
    # Of two reviews only one has been observed long enough.
    waiting = Evidence(Tally(970, 1_000), Tally(2, 500), Tally(0, 500), 500)

    harm_free = promotion(waiting, TO_ACT_ALONE).criteria[-1]

    assert (harm_free.measure, harm_free.value, harm_free.more) == (Measure.HARM_FREE, 500, 1_000)


def test_a_rate_too_low_for_the_next_level_foresees_nothing() -> None:
    readiness = promotion(evidence(300, agreed=269), TO_ACT_WITH_APPROVAL)

    assert not readiness.ready
    assert readiness.more is None
    assert promotion(Evidence(), TO_ACT_ALONE).more is None


@given(st.integers(20, 150), st.integers(0, 4))
def test_at_the_present_rate_the_level_is_reached_after_as_many_reviews_as_told_and_not_before(reviews: int, rejected: int) -> None:
    told = promotion(evidence(reviews, agreed=reviews - rejected), TO_ACT_WITH_APPROVAL).criteria[1].more
    rate = (reviews - rejected) / reviews

    def shown(more: int) -> bool:
        return log_evidence(rate * (reviews + more), reviews + more, above=0.90) >= log(20)

    if told is None:
        assert rate <= 0.90 or not shown(100_000)
    elif told == 0:
        assert shown(0)
    else:
        assert shown(told)
        assert not shown(told - 1)


# Losing


def test_rejections_one_after_the_other_take_the_level_away() -> None:
    course = replay([GOOD] * 500 + [REJECTED] * 50, WATCH_ACTS_WITH_APPROVAL)

    assert course.alarms == (Measure.AGREEMENT,)
    assert course.outcomes == 500 + 9


def test_acts_undone_again_and_again_take_the_level_away() -> None:
    course = replay([GOOD] * 500 + [Outcome(undone=True)] * 50, WATCH_ACTS_WITH_APPROVAL)

    assert course.alarms == (Measure.UNDONE,)
    assert course.outcomes == 500 + 7


def test_one_rejection_in_thirty_is_no_reason() -> None:
    assert replay(([GOOD] * 29 + [REJECTED]) * 200, WATCH_ACTS_ALONE).alarms == ()


def test_whoever_acts_alone_loses_the_level_with_the_first_harm() -> None:
    assert replay([GOOD] * 3_000 + [HARMFUL], WATCH_ACTS_ALONE).alarms == (Measure.HARM,)


@pytest.mark.parametrize("watch", [WATCH_ACTS_WITH_APPROVAL, WATCH_SUGGESTIONS])
def test_with_approval_a_second_harm_within_a_thousand_reviews_takes_the_level_away(watch: Watch) -> None:
    assert replay([HARMFUL] + [GOOD] * 998 + [HARMFUL], watch).alarms == (Measure.HARM,)
    assert replay([HARMFUL] + [GOOD] * 999 + [HARMFUL], watch).alarms == ()
    assert replay([HARMFUL, HARMFUL], watch).outcomes == 2


def test_the_distance_of_harms_begins_anew_with_each() -> None:
    limit, state, alarms = HarmLimit(within=3), None, []
    for harm in (True, False, False, True, False, True):
        state, alarm = limit.step(state, harm)
        alarms.append(alarm)

    assert alarms == [False, False, False, False, False, True]


def test_what_is_not_known_changes_nothing() -> None:
    standing = Standing(evidence(10, agreed=9), Suspicion(1.5, 0.5, 3))

    assert step(standing, Outcome(), WATCH_ACTS_ALONE) == (standing, ())


@given(courses)
def test_a_replay_gives_the_same_standing_to_the_last_bit(outcomes: list[Outcome]) -> None:
    standing, alarms, number = Standing(), (), 0
    while not alarms and number < len(outcomes):
        standing, alarms = step(standing, outcomes[number], WATCH_ACTS_ALONE)
        number += 1

    course = replay(outcomes, WATCH_ACTS_ALONE)

    assert (course.standing, course.outcomes, course.alarms) == (standing, number, alarms)
    seen = [outcome.agreed for outcome in outcomes[:number] if outcome.agreed is not None]
    assert course.standing.evidence.agreed == Tally(sum(seen), len(seen))
    assert course.standing.suspicion.agreement >= 0


# Simulated courses, looked at after every review


@pytest.fixture(scope="module")
def good() -> Columns:
    return draws(Truth(agreement=0.97))


def test_a_good_automation_reaches_the_next_levels(good: Columns) -> None:
    with_approval, alone = promoted_at(good, TO_ACT_WITH_APPROVAL), promoted_at(good, TO_ACT_ALONE)

    assert (with_approval < NEVER).all()
    assert np.quantile(with_approval, 0.5) <= 230
    assert np.quantile(with_approval, 0.9) <= 300
    assert (alone < NEVER).mean() >= 0.99
    assert np.quantile(alone, 0.9, method="inverted_cdf") <= 2_000


@pytest.mark.parametrize("agreement", [0.85, 0.90])
def test_who_is_not_good_enough_is_hardly_ever_proposed_however_often_one_looks(agreement: float) -> None:
    proposed = (promoted_at(draws(Truth(agreement)), TO_ACT_WITH_APPROVAL) < NEVER).mean()

    assert proposed <= 0.05


def test_an_interval_of_one_look_would_propose_far_too_often() -> None:
    agreed, _, _ = draws(Truth(agreement=0.90))

    assert (promoted_by_wilson_at(agreed, TO_ACT_WITH_APPROVAL) < NEVER).mean() > 0.2


@pytest.mark.parametrize("rate", [0.30, 0.90, 0.97, 0.996])
def test_the_bound_is_ever_wrong_in_at_most_one_of_twenty_courses(rate: float) -> None:
    assert bound_ever_wrong(rate) <= 0.05


def test_a_harmful_automation_is_hardly_ever_proposed_to_act_alone() -> None:
    assert (promoted_at(draws(Truth(agreement=0.99, harm=0.01), reviews=3_000), TO_ACT_ALONE) == NEVER).mean() >= 0.95


def test_a_drop_to_80_percent_is_found_within_140_reviews_in_95_of_100_courses() -> None:
    delay = delays(WATCH_ACTS_ALONE.agreement, before=0.97, after=0.80)

    assert len(delay) > 0.99 * RUNS
    assert np.quantile(delay, 0.95, method="inverted_cdf") <= 140
    assert delay.mean() <= 80


def test_acts_undone_ten_times_as_often_are_found_within_700_in_95_of_100_courses() -> None:
    delay = delays(WATCH_ACTS_ALONE.undone, before=0.004, after=0.04)

    assert np.quantile(delay, 0.95, method="inverted_cdf") <= 700


def test_a_good_automation_keeps_its_level(good: Columns) -> None:
    agreed, undone, _ = good
    lost = (alarmed_at(agreed, WATCH_ACTS_ALONE.agreement) < NEVER) | (alarmed_at(undone, WATCH_ACTS_ALONE.undone) < NEVER)

    assert lost.mean() <= 0.005


@pytest.mark.parametrize("watch", [WATCH_SUGGESTIONS, WATCH_ACTS_WITH_APPROVAL, WATCH_ACTS_ALONE])
def test_false_alarms_are_as_rare_as_promised(watch: Watch) -> None:
    for test in (watch.agreement, watch.undone):
        assert mean_run_length(test, test.expected, states=800) >= test.run_length


def test_the_run_length_reckoned_is_the_one_simulated() -> None:
    test = WATCH_SUGGESTIONS.agreement
    rate = 0.55
    hits = np.random.default_rng(5).random((2_000, 3_000)) < rate

    at = alarmed_at(hits, test)

    assert (at < inf).all()
    assert at.mean() == pytest.approx(mean_run_length(test, rate, states=800), rel=0.05)


def test_the_simulation_says_what_the_functions_say_review_by_review() -> None:
    outcomes = draws(Truth(agreement=0.93, undone=0.02, harm=0.003), runs=6, reviews=700)
    requirement = TO_ACT_WITH_APPROVAL
    promoted = promoted_at(outcomes, requirement)
    agreement_lost = alarmed_at(outcomes[0], WATCH_ACTS_WITH_APPROVAL.agreement)

    for run, columns in enumerate(zip(*outcomes, strict=True)):
        standing, ready_at, lost_at = Standing(), inf, inf
        for number, (agreed, undone, harm) in enumerate(zip(*columns, strict=True), start=1):
            standing, alarms = step(standing, Outcome(bool(agreed), bool(undone), bool(harm)), WATCH_ACTS_WITH_APPROVAL)
            if promotion(standing.evidence, requirement).ready:
                ready_at = min(ready_at, number)
            if Measure.AGREEMENT in alarms:
                lost_at = min(lost_at, number)
        assert (promoted[run], agreement_lost[run]) == (ready_at, lost_at)


# Calibration


def test_calibration_compares_what_was_stated_with_what_people_said() -> None:
    calibration = calibration_of([(0.95, True), (0.95, True), (0.95, False), (0.95, True), (0.55, False), (0.55, True)])

    assert calibration is not None
    low, high = calibration.bins
    assert (low.low, low.high, low.agreement.tally, high.low, high.high, high.agreement.tally) == (
        0.5,
        0.6,
        Tally(1, 2),
        0.9,
        1.0,
        Tally(3, 4),
    )
    assert (high.confidence, high.agreement) == (pytest.approx(0.95), rate_of(Tally(3, 4)))
    assert calibration.expected_error == pytest.approx((4 * 0.20 + 2 * 0.05) / 6)
    assert calibration.brier == pytest.approx((3 * 0.05**2 + 0.95**2 + 0.55**2 + 0.45**2) / 6)
    assert calibration.decisions == 6


def test_confidence_that_comes_true_has_hardly_any_error() -> None:
    dice = np.random.default_rng(3)
    stated = dice.random(20_000)
    honest = calibration_of(zip(stated.tolist(), (dice.random(20_000) < stated).tolist(), strict=True))
    boastful = calibration_of(zip(stated.tolist(), (dice.random(20_000) < stated**2).tolist(), strict=True))

    assert honest is not None
    assert boastful is not None
    assert honest.expected_error < 0.02
    assert honest.brier == pytest.approx(1 / 6, abs=0.01)
    assert boastful.expected_error > 0.1


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_every_decision_is_in_one_bin_and_the_errors_are_within_their_limits(decisions: list[tuple[float, bool]]) -> None:
    calibration = calibration_of(decisions)

    assert calibration is not None
    assert sum(part.agreement.tally.trials for part in calibration.bins) == calibration.decisions == len(decisions)
    assert calibration.brier == pytest.approx(np.mean([(confidence - agreed) ** 2 for confidence, agreed in decisions]))
    assert 0 <= calibration.expected_error <= 1
    # The mean of squares is never below the square of the mean.
    assert calibration.brier >= calibration.expected_error**2 - 1e-12


def test_there_is_no_calibration_without_decisions() -> None:
    assert calibration_of([]) is None


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_a_confidence_that_is_no_chance_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        calibration_of([(confidence, True)])
