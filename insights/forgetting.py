"""What goes of an erased customer: what was worked out, and what staff wrote to an answer. That there were suggestions stays."""

from customers.rights.reach import Category, Erasing, also, goes, stays

from .models import BalanceForecast, ModelAlias, ModelVersion, Recommendation, RecommendationAnswer


def _answers(erasing: Erasing):  # type: ignore[no-untyped-def]
    return RecommendationAnswer.objects.filter(recommendation__party_id__in=erasing.members)


goes(
    Category.DECISIONS,
    Recommendation,
    "title",
    "say",
    "would_not_be_suggested_if",
    "reasons",
    "options",
    "limits",
    "incomes",
    "policy_checks",
)
goes(Category.DECISIONS, RecommendationAnswer, "note", rows=_answers)


@also(Category.DECISIONS)
def _forecasts(erasing: Erasing) -> int:
    return BalanceForecast.objects.filter(party_id__in=erasing.members).delete()[0]


stays(Recommendation, "grounds", "action", "parameters", "currency", why="Ids, codes, days and amounts, and a hash over amounts.")
stays(RecommendationAnswer, "outcome", "reason", why="One of a few codes.")
stays(RecommendationAnswer, "actor_kind", "actor_id", "actor_name", why="A colleague's.")
stays(BalanceForecast, why="The row goes as a whole.")
for model in (ModelVersion, ModelAlias):
    stays(model, why="What was learnt from everybody, and who put it in charge.")
