"""What the intelligence layer keeps: models, forecasts, recommendations, answers. Imported only inside this app."""

from .forecasts import BalanceForecast, ForecastPartition, ForecastRun
from .recommendations import Recommendation, RecommendationAnswer
from .registry import ModelAlias, ModelVersion

__all__ = [
    "BalanceForecast",
    "ForecastPartition",
    "ForecastRun",
    "ModelAlias",
    "ModelVersion",
    "Recommendation",
    "RecommendationAnswer",
]
