"""How far off projections turn out to be, learnt across all accounts (statsmodels quantile regression).

The answer is the 30-day minimum, as its distance from the minimum of the usual projection, in monthly debits: the
quantiles 0.1, 0.5 and 0.9 of it, and the median of the same distance at the horizon's end. Past days of the same
accounts are the examples; accounts kept apart from the fit say how good it is.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .features import NAMES, features_of, scale_of
from .panel import Panel
from .project import HORIZON, project

LOW, MEDIAN, HIGH = 0.1, 0.5, 0.9
RARE = (0.005, 0.995)  # what lies outside is pulled in
MIN_HISTORY = 60
MOST_EXAMPLES = 24_000  # beyond it the coefficients no longer move, only the time to fit does
FEWEST_EXAMPLES = 200
ORIGINS = 4


class TooLittleHistory(Exception):
    """There are not enough past account-months to learn from."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """One number per feature and quantile; `widen` is added outwards to low and high so that 8 of 10 hold.

    `least` and `most` bound each feature, `answers` the corrections, to what was seen: a straight line learnt from
    ordinary accounts says nothing about one that was never like them.
    """

    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]
    end: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]
    answers: tuple[float, float]
    widen: float

    def as_params(self) -> dict[str, Any]:
        """Plain values for a JSON column; `from_params` reads them back without loss."""

        def by_name(column: NDArray[np.float64]) -> dict[str, float]:
            return dict(zip(NAMES, map(float, column), strict=True))

        return {
            "features": list(NAMES),
            "horizon": HORIZON,
            "low": by_name(self.low),
            "median": by_name(self.median),
            "high": by_name(self.high),
            "end": by_name(self.end),
            "least": by_name(self.least),
            "most": by_name(self.most),
            "answers": list(self.answers),
            "widen": self.widen,
        }

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Self:
        def column(key: str) -> NDArray[np.float64]:
            return np.array([params[key][name] for name in NAMES])

        least, most = params["answers"]
        return cls(
            low=column("low"),
            median=column("median"),
            high=column("high"),
            end=column("end"),
            least=column("least"),
            most=column("most"),
            answers=(float(least), float(most)),
            widen=float(params["widen"]),
        )


@dataclass(frozen=True, slots=True)
class Corrections:
    """What to add to the projection's minimum (low ≤ median ≤ high) and to its last day, in money."""

    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]
    end: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Examples:
    """Past account-months: what was known, what came. Money in monthly debits."""

    account: NDArray[np.int64]
    features: NDArray[np.float64]
    minimum: NDArray[np.float64]
    end: NDArray[np.float64]
    stays: NDArray[np.float64]  # the minimum, as distance from "the balance stays as it is"
    rises: NDArray[np.float64]  # the end, likewise
    spared: NDArray[np.float64]  # see Projection.spared
    scale: NDArray[np.float64]  # an ordinary month's money, see features.scale_of

    def __len__(self) -> int:
        return len(self.account)

    def only(self, rows: NDArray) -> Self:
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def examples_of(panel: Panel, *, origins: int = ORIGINS, min_history: int = MIN_HISTORY, known_until: NDArray | None = None) -> Examples:
    """Rewind the panel month by month and note, for each account, what was known and what came.

    Args:
        known_until: last day each account is observed, if not the panel's origin; later outcomes are not used.
    """
    until = np.full(len(panel), panel.origin) if known_until is None else known_until
    ahead, parts = panel.balances(), []
    for back in range(1, origins + 1):
        days = back * HORIZON
        if panel.history - days < min_history:
            break
        then = panel.rewound(days)
        seen = (then.origin - then.first_day + 1 >= min_history) & (then.origin + HORIZON <= until)
        projection, scale = project(then), scale_of(then)
        came = ahead[:, then.history : then.history + HORIZON]
        lowest, usual = came.min(axis=1), projection.usual.min(axis=1)
        part = Examples(
            account=np.arange(len(panel)),
            features=features_of(then, projection, scale),
            minimum=(lowest - usual) / scale,
            end=(came[:, -1] - projection.usual[:, -1]) / scale,
            stays=(lowest - then.balance) / scale,
            rises=(came[:, -1] - then.balance) / scale,
            spared=projection.spared / scale,
            scale=scale,
        )
        parts.append(part.only(seen))
    if not parts:
        raise TooLittleHistory("no account has a past month with its history before it")
    return Examples.joined(parts)


def fit(examples: Examples) -> tuple[Coefficients, dict[str, float]]:
    """Learn on all examples; measure on accounts the measured fit never saw.

    Returns:
        the coefficients, and the metrics of `measure`.

    Raises:
        TooLittleHistory: fewer than 200 examples.
    """
    if len(examples) < FEWEST_EXAMPLES:
        raise TooLittleHistory(f"{len(examples)} account-months, {FEWEST_EXAMPLES} are needed")
    fold = mixed(examples.account) % 10
    learnt = _learn(examples.only(fold < 5))
    widen = _widening(learnt, examples.only((fold >= 5) & (fold < 7)))
    metrics = measure(replace(learnt, widen=widen), examples.only(fold >= 7))
    return replace(_learn(examples), widen=widen), metrics


def mixed(account: NDArray[np.int64]) -> NDArray[np.int64]:
    """Account rows scattered evenly over 0 … 2³²-1 by Knuth's multiplicative hash, the same in each run."""
    return (account * 2_654_435_761 % 2**32) >> 8


def predict(
    coefficients: Coefficients, features: NDArray[np.float64], spared: NDArray[np.float64], scale: NDArray[np.float64]
) -> Corrections:
    """What to add to the projections, in money.

    Args:
        features, spared: in ordinary months' money; `scale` is what one is.
    """
    seen = np.clip(features, coefficients.least, coefficients.most)
    low, median, high, end = (
        np.clip(seen @ line, *coefficients.answers) for line in (coefficients.low, coefficients.median, coefficients.high, coefficients.end)
    )
    # Without money nobody knows of, an account cannot do better than by spending nothing.
    median = np.minimum(median, spared)
    # Neither crossing quantiles nor a negative widening may turn the band inside out.
    low = np.minimum(low - coefficients.widen, median)
    high = np.maximum(high + coefficients.widen, median)
    return Corrections(low * scale, median * scale, high * scale, end * scale)


def measure(coefficients: Coefficients, examples: Examples) -> dict[str, float]:
    """How the model does on `examples`.

    `pinball` is in ordinary months' money. The errors are mean absolute errors in money, relative to "the balance
    stays as it is" (1.0 = no better): of the minimum's median, of the bare projection's minimum, of the last day.
    """
    answer = predict(coefficients, examples.features, examples.spared, np.ones(len(examples)))
    truth = examples.minimum
    pinballs = [pinball(truth, side, share) for side, share in ((answer.low, LOW), (answer.median, MEDIAN), (answer.high, HIGH))]

    def error(miss: NDArray[np.float64], naive: NDArray[np.float64]) -> float:
        return float((np.abs(miss) * examples.scale).sum() / max((np.abs(naive) * examples.scale).sum(), 0.01))

    return {
        "examples": float(len(truth)),
        "pinball": float(np.mean(pinballs)),
        "coverage_80": float(((truth >= answer.low) & (truth <= answer.high)).mean()),
        "below_low": float((truth < answer.low).mean()),
        "min_error": error(truth - answer.median, examples.stays),
        "usual_min_error": error(truth, examples.stays),
        "end_error": error(examples.end - answer.end, examples.rises),
    }


def pinball(truth: NDArray[np.float64], answer: NDArray[np.float64], share: float) -> float:
    """The quantile loss: what a quantile forecast of `share` is judged by (lower is better)."""
    miss = truth - answer
    return float(np.maximum(share * miss, (share - 1) * miss).mean())


def _learn(examples: Examples) -> Coefficients:
    step = max(1, -(-len(examples) // MOST_EXAMPLES))
    chosen = examples.only(np.arange(len(examples)) % step == 0) if step > 1 else examples
    least, most = np.round(np.quantile(chosen.features, RARE, axis=0), 12)
    features = np.clip(chosen.features, least, most)
    answers = np.concatenate([chosen.minimum, chosen.end])
    return Coefficients(
        low=_quantile(features, chosen.minimum, LOW),
        median=_quantile(features, chosen.minimum, MEDIAN),
        high=_quantile(features, chosen.minimum, HIGH),
        end=_quantile(features, chosen.end, MEDIAN),
        least=least,
        most=most,
        answers=(float(np.quantile(answers, RARE[0])), float(np.quantile(answers, RARE[1]))),
        widen=0.0,
    )


def _quantile(features: NDArray[np.float64], answer: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    from statsmodels.regression.quantile_regression import QuantReg
    from statsmodels.tools.sm_exceptions import IterationLimitWarning

    # A column that never varies here (nobody without income, say) would make the solution arbitrary: it gets 0.
    varied = (np.ptp(features, axis=0) > 0) | (np.arange(features.shape[1]) == 0)
    # Where the fit is exact, statsmodels divides by zero on its way to standard errors, which nobody asks for.
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", IterationLimitWarning)
        # A finer tolerance costs three times the time and gains 0.02 % of the loss.
        solved = QuantReg(answer, features[:, varied]).fit(q=share, max_iter=100, p_tol=1e-3)
    column = np.zeros(features.shape[1])
    column[varied] = np.round(solved.params, 12)
    return column


def _widening(learnt: Coefficients, examples: Examples) -> float:
    """Conformalised quantile regression (Romano, Patterson and Candès, 2019): the shift that makes 8 of 10 hold."""
    if not len(examples):
        return 0.0
    answer = predict(learnt, examples.features, examples.spared, np.ones(len(examples)))
    outside = np.sort(np.maximum(answer.low - examples.minimum, examples.minimum - answer.high))
    place = min(int(np.ceil((HIGH - LOW) * (len(outside) + 1))) - 1, len(outside) - 1)
    return float(outside[place])
