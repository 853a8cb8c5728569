"""When an automation has earned more freedom, and when it has lost it. Arithmetic on outcomes; no database, no clock.

Everything follows from the ordered outcomes: `replay` of the same list gives the same standing, to the last bit.

Earning is looked at after each review, so its bounds hold at all of them together (Robbins 1970; Howard, Ramdas, McAuliffe and
Sekhon 2021). Losing is a cumulative sum of log-likelihood ratios (Page 1954). docs/autonomy.md describes both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

ALPHA = 0.05
LARGEST_ALPHA = 0.3  # below 1/e the evidence only falls where it is that strong, so that a bound is one number
PRECISION = 1e-12  # relative
LONGEST_ESTIMATE = 100_000  # trials; what needs more is not foreseeable
CALIBRATION_BINS = 10


class Measure(StrEnum):
    """What a level is earned and lost by."""

    REVIEWS = "reviews"
    AGREEMENT = "agreement"
    UNDONE = "undone"
    HARM = "harm"
    HARM_FREE = "harm_free"


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened. Raises ValueError unless 0 <= hits <= trials."""

    hits: int = 0
    trials: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.trials:
            raise ValueError(f"{self.hits} of {self.trials}")

    @property
    def rate(self) -> float | None:
        """None without trials."""
        return self.hits / self.trials if self.trials else None

    @property
    def opposite(self) -> "Tally":
        """How often it did not happen."""
        return Tally(self.trials - self.hits, self.trials)

    def after(self, hit: bool | None) -> "Tally":
        return self if hit is None else Tally(self.hits + hit, self.trials + 1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became known about one decision; None where nothing became known.

    A decision answers each question once. "Undone" and "harm" are answered yes when it happens, and no when the time in which it
    could be noticed is over. A yes is never late, so while answers are awaited the rates look worse than they are, not better.
    """

    agreed: bool | None = None
    undone: bool | None = None
    harm: bool | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The outcomes counted since the present level began. `since_harm`: answers about harm after the last harm, else all of them."""

    agreed: Tally = Tally()
    undone: Tally = Tally()
    harm: Tally = Tally()
    since_harm: int = 0

    def after(self, outcome: Outcome) -> "Evidence":
        since_harm = 0 if outcome.harm else self.since_harm + (outcome.harm is False)
        return Evidence(self.agreed.after(outcome.agreed), self.undone.after(outcome.undone), self.harm.after(outcome.harm), since_harm)


# What screens show


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate and its interval. Fit to be shown; decisions on a level rest on `lower_bound` and `upper_bound`."""

    tally: Tally
    value: float | None
    low: float
    high: float


def rate_of(tally: Tally, *, confidence: float = 0.95) -> Rate:
    """The rate with its two-sided Wilson interval (1927). Without trials the value is None and the interval 0 to 1."""
    if tally.rate is None:
        return Rate(tally, None, 0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = z * z / tally.trials
    centre = (tally.rate + share / 2) / (1 + share)
    reach = sqrt(share * (tally.rate * (1 - tally.rate) + share / 4)) / (1 + share)
    # At the ends the interval touches 0 or 1 exactly; rounding must not keep it off or push it beyond.
    low = centre - reach if tally.hits else 0.0
    high = centre + reach if tally.opposite.hits else 1.0
    return Rate(tally, tally.rate, low, high)


@dataclass(frozen=True, slots=True)
class Summary:
    """The evidence as screens show it."""

    agreement: Rate
    undone: Rate
    harm: Rate
    since_harm: int


def summary_of(evidence: Evidence) -> Summary:
    return Summary(rate_of(evidence.agreed), rate_of(evidence.undone), rate_of(evidence.harm), evidence.since_harm)


# Bounds that hold after each trial


def lower_bound(tally: Tally, *, alpha: float = ALPHA) -> float:
    """The chance of a hit is above this, said after every trial and wrong in at most `alpha` of all courses of trials.

    Trials need not be independent: it is enough that at each the chance, given all before, is not below the one bounded.

    Raises:
        ValueError: alpha is not within 0 to 0.3.
    """
    if not 0 < alpha <= LARGEST_ALPHA:
        raise ValueError(f"alpha {alpha}")
    if not tally.hits:
        return 0.0
    hits, trials, target = tally.hits, tally.trials, -log(alpha)
    low, high = 0.0, hits / trials
    rate = hits / (trials + 2 * target)
    # Newton's steps, kept within what is already enclosed.
    while high - low > PRECISION * high:
        excess = log_evidence(hits, trials, above=rate) - target
        low, high = (rate, high) if excess > 0 else (low, rate)
        slope = (1 - exp(-excess - target)) / (1 - rate) - (hits - trials * rate) / (rate * (1 - rate))
        better = rate - excess / slope if slope < 0 else low
        if abs(better - rate) < PRECISION * rate:
            break
        rate = better if low < better < high else (low + high) / 2
    return rate


def upper_bound(tally: Tally, *, alpha: float = ALPHA) -> float:
    """The chance of a hit is below this; see `lower_bound`."""
    return 1 - lower_bound(tally.opposite, alpha=alpha)


def log_evidence(hits: float, trials: float, *, above: float) -> float:
    """The logarithm of the evidence that the chance of a hit is above a rate below hits / trials.

    The evidence is the likelihood averaged evenly over all chances above the rate, relative to the likelihood at the rate. While
    the chance is not above, that is a non-negative supermartingale from 1, so it ever reaches 1 / alpha with a chance of at most
    alpha (Ville 1939). Fractional counts are allowed, for estimates.
    """
    misses = trials - hits
    log_beta = lgamma(hits + 1) + lgamma(misses + 1) - lgamma(trials + 2)
    log_likelihood = hits * log(above) + misses * log1p(-above)
    return log_beta + log(_share_above(above, hits + 1, misses + 1, log_beta)) - log1p(-above) - log_likelihood


def _share_above(x: float, a: float, b: float, log_beta: float) -> float:
    """The share of a Beta(a, b) distribution above x: 1 - I_x(a, b), by its continued fraction (DLMF 8.17.22) on the quicker side."""
    if x > (a + 1) / (a + b + 2):
        return _incomplete_beta(1 - x, b, a, log_beta)
    return 1 - _incomplete_beta(x, a, b, log_beta)


def _incomplete_beta(x: float, a: float, b: float, log_beta: float) -> float:
    front = exp(a * log(x) + b * log1p(-x) - log_beta) / a
    # Lentz's method.
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction, m, change = d, 1, 0.0
    while abs(change - 1) > PRECISION / 10:
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / (1 + even * d), 1 + even / c
        fraction *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / (1 + odd * d), 1 + odd / c
        change = d * c
        fraction *= change
        m += 1
    return front * fraction


# How a level is earned


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be shown before the next level may be proposed. A person then decides; nothing is ever promoted by itself.

    `harm_free`: the number of answers about harm since the last harm.
    """

    reviews: int
    agreement_at_least: float
    undone_at_most: float | None = None
    harm_at_most: float | None = None
    harm_free: int = 0
    alpha: float = ALPHA


TO_SUGGEST = Requirement(reviews=50, agreement_at_least=0.70)
TO_ACT_WITH_APPROVAL = Requirement(reviews=200, agreement_at_least=0.90, undone_at_most=0.05, harm_at_most=0.02)
TO_ACT_ALONE = Requirement(reviews=1_000, agreement_at_least=0.95, undone_at_most=0.02, harm_at_most=0.01, harm_free=1_000)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition of the next level.

    Attributes:
        value: what was observed (a count, or a rate; None without trials).
        bound: for rates, what is shown to be true at least (agreement) or at most (undone, harm); else None.
        needed: what the bound, or the count, must reach.
        more: reviews until it is met if all goes on at the present rate, 0 when it is met, None when that can't be foreseen.
    """

    measure: Measure
    value: float | None
    bound: float | None
    needed: float
    met: bool
    more: int | None


@dataclass(frozen=True, slots=True)
class Readiness:
    criteria: tuple[Criterion, ...]

    @property
    def ready(self) -> bool:
        """The next level may be proposed."""
        return all(criterion.met for criterion in self.criteria)

    @property
    def more(self) -> int | None:
        """Reviews until the next level may be proposed if all goes on at the present rate; None when that can't be foreseen."""
        return _longest(criterion.more for criterion in self.criteria)


def promotion(evidence: Evidence, requirement: Requirement) -> Readiness:
    """How far the evidence reaches towards the next level. May be asked after every review.

    All conditions must be shown, so the chance of ever proposing a level while one of them is untrue is at most alpha.
    """
    reviews, harm = evidence.agreed.trials, evidence.harm.trials
    criteria = [
        _counted(Measure.REVIEWS, reviews, requirement.reviews, reviews_each=1.0),
        _at_least(evidence.agreed, requirement.agreement_at_least, requirement.alpha),
    ]
    if requirement.undone_at_most is not None:
        criteria.append(_at_most(Measure.UNDONE, evidence.undone, requirement.undone_at_most, requirement.alpha, reviews))
    if requirement.harm_at_most is not None:
        criteria.append(_at_most(Measure.HARM, evidence.harm, requirement.harm_at_most, requirement.alpha, reviews))
    if requirement.harm_free:
        each = reviews / harm if harm else None
        criteria.append(_counted(Measure.HARM_FREE, evidence.since_harm, requirement.harm_free, reviews_each=each))
    return Readiness(tuple(criteria))


def _counted(measure: Measure, value: int, needed: int, *, reviews_each: float | None) -> Criterion:
    missing = max(0, needed - value)
    more = 0 if not missing else None if reviews_each is None else ceil(missing * reviews_each)
    return Criterion(measure, value, None, needed, not missing, more)


def _at_least(tally: Tally, needed: float, alpha: float) -> Criterion:
    bound = lower_bound(tally, alpha=alpha)
    met = bound >= needed
    return Criterion(Measure.AGREEMENT, tally.rate, bound, needed, met, 0 if met else _trials_missing(tally, needed, alpha))


def _at_most(measure: Measure, tally: Tally, needed: float, alpha: float, reviews: int) -> Criterion:
    bound = upper_bound(tally, alpha=alpha)
    if bound <= needed:
        return Criterion(measure, tally.rate, bound, needed, True, 0)
    missing = _trials_missing(tally.opposite, 1 - needed, alpha)
    return Criterion(measure, tally.rate, bound, needed, False, None if missing is None else ceil(missing * reviews / tally.trials))


def _trials_missing(tally: Tally, needed: float, alpha: float) -> int | None:
    """Trials until the chance of a hit is shown to be above `needed`, if hits go on at their present rate."""
    rate, target = tally.rate, -log(alpha)
    if rate is None or rate <= needed:
        return None
    # The evidence grows by at most this much a trial (its average lies below the likelihood at the rate itself), so no step is too long.
    growth = rate * log(rate / needed) + ((1 - rate) * log((1 - rate) / (1 - needed)) if rate < 1 else 0.0)
    missing = 0
    while growth * (tally.trials + LONGEST_ESTIMATE) > target and missing <= LONGEST_ESTIMATE:
        trials = tally.trials + missing
        lacking = target - log_evidence(rate * trials, trials, above=needed)
        if lacking <= 0:
            return missing
        missing += ceil(lacking / growth)
    return None


def _longest(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return None if None in known else max(count for count in known if count is not None)


# How a level is lost


@dataclass(frozen=True, slots=True)
class Cusum:
    """Page's test for a rate that moved from `expected` to `degraded`.

    Its state is one number, from 0: the log-likelihood ratio of the most suspicious stretch up to now. While the rate is the
    expected one, an alarm comes after `run_length` trials on the average, or later (Lorden 1971).
    """

    expected: float
    degraded: float
    run_length: int = 10_000

    @property
    def limit(self) -> float:
        """The state that is an alarm."""
        return log(self.run_length)

    def weight(self, hit: bool) -> float:
        """The log-likelihood ratio of one trial: how much more it speaks for the degraded rate than for the expected one."""
        return log(self.degraded / self.expected) if hit else log((1 - self.degraded) / (1 - self.expected))

    def step(self, state: float, hit: bool) -> tuple[float, bool]:
        """The state after one more trial, and whether it is an alarm."""
        state = max(0.0, state + self.weight(hit))
        return state, state >= self.limit


@dataclass(frozen=True, slots=True)
class HarmLimit:
    """How much harm is too much: any, or a second one among `within` answers about harm.

    Its state is the number of answers since the last harm; None before the first.
    """

    within: int | None = None

    def step(self, state: int | None, harm: bool) -> tuple[int | None, bool]:
        """The state after one more answer, and whether it is an alarm."""
        if not harm:
            return (None if state is None else state + 1), False
        return 0, self.within is None or (state is not None and state + 1 < self.within)


@dataclass(frozen=True, slots=True)
class Watch:
    """The tests that hold a level, or take it away by themselves."""

    agreement: Cusum
    undone: Cusum
    harm: HarmLimit


WATCH_SUGGESTIONS = Watch(Cusum(0.70, 0.50), Cusum(0.05, 0.15), HarmLimit(within=1_000))
WATCH_ACTS_WITH_APPROVAL = Watch(Cusum(0.95, 0.85), Cusum(0.01, 0.04), HarmLimit(within=1_000))
WATCH_ACTS_ALONE = Watch(Cusum(0.95, 0.85), Cusum(0.01, 0.04), HarmLimit())


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The states of a watch's tests. A level begins without any."""

    agreement: float = 0.0
    undone: float = 0.0
    since_harm: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an automation stands on its level: what speaks for more freedom, and what against this much."""

    evidence: Evidence = Evidence()
    suspicion: Suspicion = Suspicion()


def step(standing: Standing, outcome: Outcome, watch: Watch) -> tuple[Standing, tuple[Measure, ...]]:
    """The standing after one more outcome, and the measures that now demand the level below (usually none).

    With a new level, or a new version of the model, begin with `Standing()`.
    """
    agreement, undone, since_harm = standing.suspicion.agreement, standing.suspicion.undone, standing.suspicion.since_harm
    alarms = {Measure.AGREEMENT: False, Measure.UNDONE: False, Measure.HARM: False}
    if outcome.agreed is not None:
        agreement, alarms[Measure.AGREEMENT] = watch.agreement.step(agreement, outcome.agreed)
    if outcome.undone is not None:
        undone, alarms[Measure.UNDONE] = watch.undone.step(undone, outcome.undone)
    if outcome.harm is not None:
        since_harm, alarms[Measure.HARM] = watch.harm.step(since_harm, outcome.harm)
    after = Standing(standing.evidence.after(outcome), Suspicion(agreement, undone, since_harm))
    return after, tuple(measure for measure, alarm in alarms.items() if alarm)


@dataclass(frozen=True, slots=True)
class Course:
    """A replay: the standing it ends with, how many outcomes it took, and the measures that ended it (none: all outcomes read)."""

    standing: Standing
    outcomes: int
    alarms: tuple[Measure, ...]


def replay(outcomes: Iterable[Outcome], watch: Watch) -> Course:
    """The course of one level from its first outcome to its first alarm, or to the last outcome."""
    standing, count = Standing(), 0
    for count, outcome in enumerate(outcomes, start=1):
        standing, alarms = step(standing, outcome, watch)
        if alarms:
            return Course(standing, count, alarms)
    return Course(standing, count, ())


# Whether stated confidence can be believed


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Decisions whose confidence lies from `low` to below `high` (the last bin includes 1)."""

    low: float
    high: float
    confidence: float
    agreement: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """Stated confidence against what people said.

    Attributes:
        bins: those with decisions, from the lowest confidence to the highest.
        expected_error: the mean distance of confidence and agreement over the bins, weighted by decisions; 0 is perfect.
        brier: the mean squared distance of confidence and outcome (Brier 1950); 0 is perfect, 0.25 is "always 50 %".
    """

    bins: tuple[CalibrationBin, ...]
    expected_error: float
    brier: float
    decisions: int


def calibration_of(decisions: Iterable[tuple[float, bool]]) -> Calibration | None:
    """Compare each stated confidence (0 to 1) with whether the person agreed; None without decisions.

    Raises:
        ValueError: a confidence is not within 0 to 1.
    """
    groups: dict[int, list[tuple[float, bool]]] = {}
    for confidence, agreed in decisions:
        if not 0 <= confidence <= 1:
            raise ValueError(f"confidence {confidence}")
        groups.setdefault(min(int(confidence * CALIBRATION_BINS), CALIBRATION_BINS - 1), []).append((confidence, agreed))
    if not groups:
        return None
    count = sum(map(len, groups.values()))
    bins, distance, squares = [], 0.0, 0.0
    for number, group in sorted(groups.items()):
        agreement = Tally(sum(agreed for _, agreed in group), len(group))
        mean = sum(confidence for confidence, _ in group) / len(group)
        bins.append(CalibrationBin(number / CALIBRATION_BINS, (number + 1) / CALIBRATION_BINS, mean, rate_of(agreement)))
        distance += abs(sum(confidence - agreed for confidence, agreed in group))
        squares += sum((confidence - agreed) ** 2 for confidence, agreed in group)
    return Calibration(tuple(bins), distance / count, squares / count, count)
