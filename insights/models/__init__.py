"""What the intelligence layer keeps: models, forecasts, recommendations, answers. Imported only inside this app."""

from .forecasts import BalanceForecast
from .recommendations import Recommendation, RecommendationAnswer
from .registry import ModelAlias, ModelVersion

__all__ = [
    "BalanceForecast",
    "ModelAlias",
    "ModelVersion",
    "Recommendation",
    "RecommendationAnswer",
]
