# ruff: noqa: T201
"""How soon an automation earns and loses its level, in simulated courses of reviews looked at after every review.

    python tests/benchmarks/autonomy_simulation.py

Prints the tables of docs/autonomy.md. Seeded: each run prints the same. The tests call the same functions.
"""

import sys
import time
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sentinel.autonomy_statistics import (
    ALPHA,
    TO_ACT_ALONE,
    TO_ACT_WITH_APPROVAL,
    TO_SUGGEST,
    WATCH_ACTS_ALONE,
    Cusum,
    Evidence,
    Outcome,
    Requirement,
    Standing,
    Tally,
    lower_bound,
    promotion,
    rate_of,
    step,
)

RUNS = 1_000
REVIEWS = 5_000
SEED = 20261103
NEVER = np.inf

# Agreed, undone, harm: booleans, runs × reviews.
Columns = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Truth:
    """The chances an automation really has, per review."""

    agreement: float
    undone: float = 0.004
    harm: float = 0.0


def draws(truth: Truth, *, runs: int = RUNS, reviews: int = REVIEWS, seed: int = SEED) -> Columns:
    dice = np.random.default_rng(seed)
    agreed, undone, harm = (dice.random((runs, reviews), dtype=np.float32) < rate for rate in (truth.agreement, truth.undone, truth.harm))
    return agreed, undone, harm


def hits_needed(shown: Callable[[Tally], bool], reviews: int) -> np.ndarray:
    """For 1, 2, … trials the least hits with which `shown` holds; trials + 1 where none do.

    With one trial more it takes the same number of hits or one more.
    """
    least = np.empty(reviews, dtype=np.int64)
    hits = 0
    for trials in range(1, reviews + 1):
        while hits <= trials and not shown(Tally(hits, trials)):
            hits += 1
        least[trials - 1] = hits
    return least


@cache
def hits_showing(rate: float, alpha: float, reviews: int) -> np.ndarray:
    """The least hits that show a chance of at least `rate`, for 1, 2, … trials."""
    return hits_needed(lambda tally: lower_bound(tally, alpha=alpha) >= rate, reviews)


def first(holds: np.ndarray) -> np.ndarray:
    """The number, from 1, of the first review at which it holds in each run; NEVER where it doesn't."""
    return np.where(holds.any(axis=1), holds.argmax(axis=1) + 1.0, NEVER)


def promoted_at(outcomes: Columns, requirement: Requirement) -> np.ndarray:
    """The review after which each run's next level may first be proposed."""
    agreed, undone, harm = outcomes
    reviews = agreed.shape[1]
    number = np.arange(1, reviews + 1)

    def shown(hits: np.ndarray, at_least: float) -> np.ndarray:
        return hits.cumsum(axis=1) >= hits_showing(at_least, requirement.alpha, reviews)

    ready = (number >= requirement.reviews) & shown(agreed, requirement.agreement_at_least)
    if requirement.undone_at_most is not None:
        ready &= shown(~undone, 1 - requirement.undone_at_most)
    if requirement.harm_at_most is not None:
        ready &= shown(~harm, 1 - requirement.harm_at_most)
    ready &= number - np.maximum.accumulate(np.where(harm, number, 0), axis=1) >= requirement.harm_free
    return first(ready)


def promoted_by_wilson_at(agreed: np.ndarray, requirement: Requirement) -> np.ndarray:
    """The same for agreement alone with the interval of one look, one-sided at alpha: what looking again and again does to it."""
    reviews = agreed.shape[1]
    confidence = 1 - 2 * requirement.alpha
    least = hits_needed(lambda tally: rate_of(tally, confidence=confidence).low >= requirement.agreement_at_least, reviews)
    return first((np.arange(1, reviews + 1) >= requirement.reviews) & (agreed.cumsum(axis=1) >= least))


def bound_ever_wrong(rate: float, *, runs: int = RUNS, reviews: int = REVIEWS, seed: int = SEED) -> float:
    """The share of runs in which the lower bound reaches the true rate at any review."""
    hits = np.random.default_rng(seed).random((runs, reviews)) < rate
    return float((hits.cumsum(axis=1) >= hits_showing(rate, ALPHA, reviews)).any(axis=1).mean())


def alarmed_at(hits: np.ndarray, test: Cusum) -> np.ndarray:
    """The trial at which the test first alarms in each run."""
    state = np.zeros(len(hits))
    at = np.full(len(hits), NEVER)
    for trial, hit in enumerate(hits.T, start=1):
        state = np.maximum(0.0, state + np.where(hit, test.weight(True), test.weight(False)))
        at[(state >= test.limit) & (at == NEVER)] = trial
    return at


def delays(test: Cusum, *, before: float, after: float, runs: int = RUNS, seed: int = SEED) -> np.ndarray:
    """Trials from a change of the rate to the alarm, the change coming after 1,000 trials; runs alarmed before it are left out."""
    dice = np.random.default_rng(seed)
    change, observed = 1_000, 4_000
    rates = np.repeat([before, after], [change, observed])
    at = alarmed_at(dice.random((runs, change + observed)) < rates, test) - change
    return at[at > 0]


def mean_run_length(test: Cusum, rate: float, *, states: int = 1_500) -> float:
    """Trials to an alarm on the average while the rate stays, by a Markov chain (Brook and Evans 1972).

    The state lies on a grid; between two of its points it is shared among both.
    """
    width = test.limit / states
    grid = np.arange(states) * width
    chain = np.zeros((states, states))
    rows = np.arange(states)
    for hit, chance in ((True, rate), (False, 1 - rate)):
        place = np.maximum(0.0, grid + test.weight(hit)) / width
        below = np.floor(place).astype(int)
        share = place - below
        for column, part in ((below, 1 - share), (below + 1, share)):
            # From the limit on there is no further state: the alarm.
            stays = (column < states) & (place < states)
            np.add.at(chain, (rows[stays], column[stays]), chance * part[stays])
    return float(np.linalg.solve(np.eye(states) - chain, np.ones(states))[0])


def spread(values: np.ndarray) -> str:
    median, ninety = np.quantile(values, [0.5, 0.9], method="inverted_cdf")
    return f"median {median:.0f}, 90th percentile {ninety:.0f}, last {values.max():.0f}"


def print_earning() -> None:
    for name, requirement in (
        ("suggest", TO_SUGGEST),
        ("act with approval", TO_ACT_WITH_APPROVAL),
        ("act alone", TO_ACT_ALONE),
    ):
        for agreement in (0.97, requirement.agreement_at_least, 0.85 if requirement.agreement_at_least > 0.85 else 0.60):
            at = promoted_at(draws(Truth(agreement)), requirement)
            reached = at[at < NEVER]
            when = spread(at) if len(reached) > 0.9 * RUNS else ""
            print(f"to {name:18} true agreement {agreement:.0%}: {len(reached)} of {RUNS} {when}")
    agreed, _, _ = draws(Truth(0.90))
    wilson = promoted_by_wilson_at(agreed, TO_ACT_WITH_APPROVAL)
    print(f"to act with approval, true agreement 90%, one-look interval instead: {(wilson < NEVER).sum()} of {RUNS}")
    for rate in (0.50, 0.90, 0.97, 0.996):
        print(f"bound ever wrong, true rate {rate:.1%}: {bound_ever_wrong(rate):.1%}")


def print_losing() -> None:
    watch = WATCH_ACTS_ALONE
    for name, test, before, after in (
        ("agreement", watch.agreement, 0.97, 0.90),
        ("agreement", watch.agreement, 0.97, 0.85),
        ("agreement", watch.agreement, 0.97, 0.80),
        ("agreement", watch.agreement, 0.97, 0.60),
        ("undone", watch.undone, 0.004, 0.04),
        ("undone", watch.undone, 0.004, 0.10),
    ):
        delay = delays(test, before=before, after=after)
        median, most = np.quantile(delay, [0.5, 0.95], method="inverted_cdf")
        missed = (delay == NEVER).sum()
        mean = delay[delay < NEVER].mean()
        found = f"mean {mean:.0f}, median {median:.0f}, 95 % within {most:.0f}; {missed} of {len(delay)} not within 4,000"
        print(f"{name} {before:.1%} -> {after:.1%}: {found}")
    agreed, undone, _ = draws(Truth(0.97))
    false = (alarmed_at(agreed, watch.agreement) < NEVER) | (alarmed_at(undone, watch.undone) < NEVER)
    print(f"no change (97 %, 0.4 %): {false.sum()} of {RUNS} alarmed within {REVIEWS}")
    for name, test, rates in (("agreement", watch.agreement, (0.95, 0.97)), ("undone", watch.undone, (0.01, 0.004))):
        for rate in rates:
            promised = f"promised at {test.expected:.0%}: {test.run_length:,}"
            print(f"mean run length, {name} {rate:.1%}: {mean_run_length(test, rate):,.0f} ({promised})")


def print_speed() -> None:
    evidence = Evidence(Tally(970, 1_000), Tally(4, 1_000), Tally(0, 1_000), 1_000)
    outcome = Outcome(agreed=True, undone=False, harm=False)
    for name, work in (
        ("step", lambda: step(Standing(), outcome, WATCH_ACTS_ALONE)),
        ("promotion", lambda: promotion(evidence, TO_ACT_ALONE)),
    ):
        print(f"{name}: {min(timeit.repeat(work, number=1_000, repeat=5)) * 1_000:.0f} µs")


def main() -> None:
    at = time.perf_counter()
    print_earning()
    print_losing()
    print_speed()
    print(f"{time.perf_counter() - at:.1f} s")


if __name__ == "__main__":
    main()
