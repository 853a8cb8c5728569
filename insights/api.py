"""The suggestions over HTTP: `/api/v1/recommendations/`. Each endpoint translates and makes one call."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from bankos.platform.problems import Problem, problem_responses
from bankos.platform.requests import StaffApiRequest, valid
from sentinel.actions import NotPossible

from . import recommendations
from .recommendations import Answer, CardLite, DeclineReason, Detail


class ReasonSerializer(serializers.Serializer):
    text = serializers.CharField()
    detail = serializers.CharField()
    speaks_for = serializers.BooleanField(source="for_")


class PointSerializer(serializers.Serializer):
    """One day of a line."""

    day = serializers.DateField()
    amount = serializers.DecimalField(max_digits=18, decimal_places=2)

    def to_representation(self, instance: Any) -> dict[str, str]:
        day, amount = instance
        return {"day": day.isoformat(), "amount": f"{amount:.2f}"}


class IncomeSerializer(serializers.Serializer):
    day = serializers.DateField()
    label = serializers.CharField()  # type: ignore[assignment] # a field of the answer, not of the serializer

    def to_representation(self, instance: Any) -> dict[str, str]:
        day, label = instance
        return {"day": day.isoformat(), "label": label}


class ChartSerializer(serializers.Serializer):
    """End-of-day balances; `base` if nothing changes, `alternative` with the step taken."""

    today = serializers.DateField()
    currency = serializers.CharField()
    past = PointSerializer(many=True)
    base = PointSerializer(many=True)
    low = PointSerializer(many=True)
    high = PointSerializer(many=True)
    alternative = PointSerializer(many=True, allow_null=True)
    lowest_base = PointSerializer()
    lowest_alternative = PointSerializer(allow_null=True)
    incomes = IncomeSerializer(many=True)


class RecommendationLineSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    short_id = serializers.CharField()
    party_id = serializers.UUIDField()
    party_name = serializers.CharField()
    title = serializers.CharField()
    why = serializers.CharField()
    made_at = serializers.DateTimeField()
    valid_until = serializers.DateField()
    lowest = serializers.DecimalField(max_digits=18, decimal_places=2, source="lowest.amount")
    currency = serializers.CharField(source="lowest.currency")
    lowest_date = serializers.DateField()


class CardSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    short_id = serializers.CharField()
    party_id = serializers.UUIDField()
    party_name = serializers.CharField()
    title = serializers.CharField()
    made_at = serializers.DateTimeField()
    valid_until = serializers.DateField()
    state = serializers.CharField()
    reasons = ReasonSerializer(many=True)
    helped = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="[n, 10], or null while too few cases are known"
    )
    chart = ChartSerializer()
    say = serializers.CharField()
    action = serializers.CharField()
    parameters = serializers.DictField()
    decision_id = serializers.UUIDField()


class OptionSerializer(serializers.Serializer):
    title = serializers.CharField()
    detail = serializers.CharField()
    available = serializers.BooleanField()
    rule_ids = serializers.ListField(child=serializers.CharField())
    decision_id = serializers.UUIDField()


class PolicyCheckSerializer(serializers.Serializer):
    id = serializers.CharField()
    sentence = serializers.CharField()
    ok = serializers.BooleanField()


class GivenAnswerSerializer(serializers.Serializer):
    answer = serializers.CharField()
    outcome = serializers.CharField()
    reason = serializers.CharField()
    note = serializers.CharField()
    until = serializers.DateField(allow_null=True)
    actor_name = serializers.CharField()
    answered_at = serializers.DateTimeField()
    decision_id = serializers.UUIDField()


class DetailSerializer(serializers.Serializer):
    card = CardSerializer()
    options = OptionSerializer(many=True)
    policy_checks = PolicyCheckSerializer(many=True)
    limits = serializers.ListField(child=serializers.CharField())
    would_not_be_suggested_if = serializers.CharField()
    model_name = serializers.CharField()
    model_version = serializers.CharField()
    data_until = serializers.DateField(allow_null=True)
    account_label = serializers.CharField()
    given = GivenAnswerSerializer(allow_null=True)


class DecidingRuleSerializer(serializers.Serializer):
    id = serializers.CharField()
    sentence = serializers.CharField()


class AnswerSerializer(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=["done", "needs_approval", "refused"])
    decision_id = serializers.UUIDField()
    sentence = serializers.CharField()
    rules = DecidingRuleSerializer(many=True)


class AcceptSerializer(serializers.Serializer):
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


class LaterSerializer(serializers.Serializer):
    until = serializers.DateField()


class DeclineSerializer(serializers.Serializer):
    reason = serializers.ChoiceField(choices=DeclineReason.choices)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


NOT_FOUND = problem_responses({404: "No such suggestion for this person."})
NOT_ANSWERED = NOT_FOUND | problem_responses(
    {
        409: "It was answered already, has expired, or the step is not possible any more.",
        422: "The answer is not complete.",
    }
)


class RecommendationList(APIView):
    @extend_schema(operation_id="recommendations_list", responses=RecommendationLineSerializer(many=True))
    def get(self, request: StaffApiRequest) -> Response:
        """The open suggestions for the customers you may see, the most urgent first."""
        lines: list[CardLite] = recommendations.listing(actor=request.actor, at=request.now)
        return Response(RecommendationLineSerializer(lines, many=True).data)


class RecommendationDetail(APIView):
    @extend_schema(operation_id="recommendations_detail", responses={200: DetailSerializer, **NOT_FOUND})
    def get(self, request: StaffApiRequest, recommendation_id: UUID) -> Response:
        """One suggestion with its reasons, its chart and everything that was considered."""
        try:
            found: Detail = recommendations.detail(recommendation_id, actor=request.actor, at=request.now)
        except recommendations.NotVisible as error:
            raise Http404 from error
        return Response(DetailSerializer(found).data)


class AcceptRecommendation(APIView):
    @extend_schema(
        operation_id="recommendations_accept",
        request=AcceptSerializer,
        responses={200: AnswerSerializer, **NOT_ANSWERED},
    )
    def post(self, request: StaffApiRequest, recommendation_id: UUID) -> Response:
        """Take the suggested step, as your own act."""
        given = valid(AcceptSerializer, request.data)
        return _answered(lambda: recommendations.accept(recommendation_id, actor=request.actor, at=request.now, note=given["note"]))


class PostponeRecommendation(APIView):
    @extend_schema(operation_id="recommendations_later", request=LaterSerializer, responses={200: AnswerSerializer, **NOT_ANSWERED})
    def post(self, request: StaffApiRequest, recommendation_id: UUID) -> Response:
        """Not now, again from `until` on."""
        given = valid(LaterSerializer, request.data)
        return _answered(lambda: recommendations.postpone(recommendation_id, actor=request.actor, until=given["until"], at=request.now))


class DeclineRecommendation(APIView):
    @extend_schema(
        operation_id="recommendations_decline",
        request=DeclineSerializer,
        responses={200: AnswerSerializer, **NOT_ANSWERED},
    )
    def post(self, request: StaffApiRequest, recommendation_id: UUID) -> Response:
        """Not this, and why."""
        given = valid(DeclineSerializer, request.data)
        return _answered(
            lambda: recommendations.decline(
                recommendation_id, actor=request.actor, reason=given["reason"], note=given["note"], at=request.now
            )
        )


def _answered(answer: Callable[[], Answer]) -> Response:
    try:
        return Response(AnswerSerializer(answer()).data)
    except recommendations.NotVisible as error:
        raise Http404 from error
    except recommendations.AlreadyAnswered as error:
        raise Problem(status=409, title="Already answered", detail=str(error), code="already_answered") from error
    except recommendations.Expired as error:
        raise Problem(status=409, title="Expired", detail=str(error), code="expired") from error
    except NotPossible as error:
        raise Problem(status=409, title="Not possible any more", detail=str(error), code="not_possible") from error
    except recommendations.NoteRequired as error:
        raise Problem(status=422, title="A note is needed", detail=str(error), code="note_required") from error
    except recommendations.NotThatLate as error:
        raise Problem(status=422, title="Not that late", detail=str(error), code="not_that_late") from error


api_urlpatterns = [
    path("recommendations/", RecommendationList.as_view(), name="api-recommendations"),
    path("recommendations/<uuid:recommendation_id>/", RecommendationDetail.as_view(), name="api-recommendation"),
    path("recommendations/<uuid:recommendation_id>/accept/", AcceptRecommendation.as_view(), name="api-recommendation-accept"),
    path("recommendations/<uuid:recommendation_id>/later/", PostponeRecommendation.as_view(), name="api-recommendation-later"),
    path("recommendations/<uuid:recommendation_id>/decline/", DeclineRecommendation.as_view(), name="api-recommendation-decline"),
]
