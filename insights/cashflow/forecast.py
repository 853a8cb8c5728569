"""From what is known of accounts to their forecasts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import features_of, scale_of
from .model import MIN_HISTORY, Coefficients, predict
from .panel import Panel
from .project import Projection, project
from .shape import Band, band_of


@dataclass(frozen=True, slots=True)
class Forecasts:
    """One row per account of the panel; rows with too little or no recent history are not `ready`."""

    band: Band
    ready: NDArray[np.bool_]
    projection: Projection

    @property
    def low(self) -> NDArray[np.float64]:
        return self.band.low.min(axis=1)

    @property
    def median(self) -> NDArray[np.float64]:
        return self.band.median.min(axis=1)

    @property
    def high(self) -> NDArray[np.float64]:
        return self.band.high.min(axis=1)

    @property
    def end(self) -> NDArray[np.float64]:
        return self.band.median[:, -1]


def forecast(panel: Panel, coefficients: Coefficients) -> Forecasts:
    """Forecast every account of the panel for the 30 days after its origin.

    The correction of the minimum is learnt against the usual projection and added to the expected one: what is
    newly agreed shifts every line by exactly its amount from the day it is due.
    """
    projection, scale = project(panel), scale_of(panel)
    by = predict(coefficients, features_of(panel, projection, scale), projection.spared / scale, scale)
    known = panel.origin - panel.first_day + 1 >= MIN_HISTORY
    moving = (panel.net[:, -MIN_HISTORY:] != 0).any(axis=1)
    return Forecasts(band_of(projection.expected, by), known & moving, projection)
