"""What customers are told of suggestions, beyond the tables that name them: how each was answered."""

from django.db.models import Q

from customers.rights.contributions import Record, Subject, rows, tell

from .models import Recommendation, RecommendationAnswer


@tell("suggestion_answers", "Answers to suggestions", RecommendationAnswer)
def _answers(subject: Subject, after: str, limit: int) -> list[tuple[str, Record]]:
    own = Recommendation.objects.filter(party_id__in=subject.members).values("pk")
    hidden = frozenset({"actor_id", "actor_name"})  # colleagues are told by what they did
    return rows(RecommendationAnswer, Q(recommendation__in=own), subject, after, limit, without=hidden)
