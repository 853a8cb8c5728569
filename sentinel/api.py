"""Decisions over HTTP: `/api/v1/decisions/`, and the keys their tokens are verified with. Each endpoint translates and makes one call."""

from uuid import UUID

from django.http import Http404, HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from bankos.platform import keys
from bankos.platform.problems import problem_responses
from bankos.platform.requests import StaffApiRequest, valid

from . import decision_story, decisions
from .cedar import Outcome
from .explanations import Status
from .tokens import LONGEST_TOKEN

NOT_FOUND = problem_responses({404: "No such decision for this person."})


class RuleSerializer(serializers.Serializer):
    id = serializers.CharField()
    effect = serializers.ChoiceField(choices=["permit", "forbid"])
    sentence = serializers.CharField()
    customer_sentence = serializers.CharField()
    owner = serializers.CharField()
    basis = serializers.CharField()


class ModelSerializer(serializers.Serializer):
    name = serializers.CharField()
    version = serializers.CharField()
    sha256 = serializers.CharField()


class LineSerializer(serializers.Serializer):
    """A decision in a list."""

    id = serializers.UUIDField()
    short_id = serializers.CharField()
    store = serializers.CharField(help_text="Whose policies decided: `bank`, or another policy store.")
    outcome = serializers.ChoiceField(choices=list(Outcome))
    action = serializers.CharField()
    action_title = serializers.CharField()
    actor_kind = serializers.CharField(help_text="employee, customer, agent or system; of another store the type of the subject.")
    actor_id = serializers.CharField()
    actor_name = serializers.CharField()
    resource_type = serializers.CharField()
    resource_id = serializers.CharField()
    rules = RuleSerializer(many=True)
    policy_version = serializers.IntegerField(allow_null=True)
    issued_at = serializers.DateTimeField()
    consumed_at = serializers.DateTimeField(allow_null=True)


class DecisionSerializer(LineSerializer):
    """A decision with all it rests on."""

    actor_roles = serializers.ListField(child=serializers.CharField())
    parameters = serializers.DictField()
    obligations = serializers.ListField(child=serializers.CharField())
    policy_sha256 = serializers.CharField(allow_null=True)
    model = ModelSerializer(allow_null=True)
    purposes = serializers.ListField(child=serializers.CharField())
    consents = serializers.ListField(child=serializers.UUIDField())
    autonomy_level = serializers.CharField(allow_null=True)
    approval = serializers.UUIDField(allow_null=True)
    expires_at = serializers.DateTimeField()
    facts = serializers.DictField(
        source="context", allow_null=True, help_text="The request as the policies saw it; null where it was erased or is withheld."
    )
    withheld = serializers.BooleanField(help_text="You may not see what it is about, so its facts are not shown to you.")
    claims = serializers.DictField()
    token = serializers.CharField()


class PageSerializer(serializers.Serializer):
    decisions = LineSerializer(many=True)
    next_after = serializers.UUIDField(allow_null=True, help_text="Ask with `after` set to this for the next page.")


class CheckSerializer(serializers.Serializer):
    name = serializers.CharField()
    ok = serializers.BooleanField()
    sentence = serializers.CharField()
    detail = serializers.CharField()


class VerificationSerializer(serializers.Serializer):
    ok = serializers.BooleanField()
    decision_id = serializers.UUIDField(allow_null=True)
    checks = CheckSerializer(many=True)


class RuleCheckedSerializer(serializers.Serializer):
    id = serializers.CharField(source="rule.id")
    effect = serializers.ChoiceField(choices=["permit", "forbid"], source="rule.effect")
    sentence = serializers.CharField(source="rule.sentence")
    status = serializers.ChoiceField(choices=list(Status))
    passed = serializers.BooleanField(help_text="It stood in nobody’s way.")
    decided = serializers.BooleanField(help_text="The answer rests on it.")


class ChangeSerializer(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=list(Outcome), help_text="What it would have led to.")
    sentence = serializers.CharField()


class DataUsedSerializer(serializers.Serializer):
    path = serializers.CharField(help_text="As policies write it.")
    label = serializers.CharField()  # type: ignore[assignment] # DRF's Field has one of its own
    said = serializers.CharField(help_text="Its value, in words.")


class TodaySerializer(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=list(Outcome))
    rules = serializers.ListField(child=serializers.CharField())


class ExplanationSerializer(serializers.Serializer):
    erased_at = serializers.DateTimeField(allow_null=True)
    withheld = serializers.BooleanField(help_text="You may not see what the decision is about.")
    summary = serializers.CharField()
    rules = RuleCheckedSerializer(many=True)
    changes = ChangeSerializer(many=True)
    data = DataUsedSerializer(many=True)  # type: ignore[assignment] # as above
    today = TodaySerializer(allow_null=True, help_text="With the rules in force today.")
    same_today = serializers.BooleanField(allow_null=True)


class SearchSerializer(serializers.Serializer):
    text = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=LONGEST_TOKEN,
        help_text="A token, a short or full id, a place in the log, who asked, a rule, part of an action.",
    )
    outcome = serializers.ChoiceField(choices=list(Outcome), required=False, default=None)
    action = serializers.CharField(required=False, default=None, max_length=80)
    party = serializers.UUIDField(required=False, default=None, help_text="Only those about this customer.")
    rule = serializers.CharField(required=False, default="", max_length=80, help_text="Id of a rule that decided.")
    version = serializers.IntegerField(required=False, default=None, min_value=1, max_value=2**31 - 1, help_text="Of the policies.")
    store = serializers.CharField(required=False, default="", max_length=40, help_text="Whose policies decided.")
    machines = serializers.BooleanField(required=False, default=None, allow_null=True, help_text="Only those of machines, or only others.")
    used = serializers.BooleanField(required=False, default=None, allow_null=True, help_text="Only permits that were used, or were not.")
    since = serializers.DateTimeField(required=False, default=None)
    until = serializers.DateTimeField(required=False, default=None, help_text="Not included itself.")
    after = serializers.UUIDField(required=False, default=None)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=decisions.LARGEST_PAGE)


class TokenSerializer(serializers.Serializer):
    token = serializers.CharField(max_length=LONGEST_TOKEN, trim_whitespace=False)


class DecisionList(APIView):
    @extend_schema(operation_id="decisions_list", parameters=[SearchSerializer], responses=PageSerializer)
    def get(self, request: StaffApiRequest) -> Response:
        """The decisions you may see, the newest first: all for compliance officers, otherwise your own."""
        filters = valid(SearchSerializer, request.query_params)
        party = filters.pop("party")
        filters["resource"] = ("Party", str(party)) if party else None
        return Response(PageSerializer(decisions.search(actor=request.actor, **filters)).data)


class DecisionDetail(APIView):
    @extend_schema(operation_id="decisions_detail", responses={200: DecisionSerializer, **NOT_FOUND})
    def get(self, request: StaffApiRequest, decision_id: UUID) -> Response:
        """One decision: who asked for what, which rules decided, and the signed token."""
        try:
            found = decisions.decision_of(decision_id, actor=request.actor)
        except decisions.NotVisible as error:
            raise Http404 from error
        return Response(DecisionSerializer(found).data)


class ExplainDecision(APIView):
    @extend_schema(operation_id="decisions_explanation", responses={200: ExplanationSerializer, **NOT_FOUND})
    def get(self, request: StaffApiRequest, decision_id: UUID) -> Response:
        """Why it came out so: every rule that could have applied, the data read, and the smallest changes to another answer.

        Empty where there is nothing to explain it from: the facts were erased, or no policy was asked.
        """
        try:
            found = decision_story.story_of(decision_id, actor=request.actor)
        except decisions.NotVisible as error:
            raise Http404 from error
        return Response(ExplanationSerializer(found).data)


class VerifyDecision(APIView):
    @extend_schema(operation_id="decisions_verify", responses={200: VerificationSerializer, **NOT_FOUND})
    def get(self, request: StaffApiRequest, decision_id: UUID) -> Response:
        """Whether the decision still holds together: signature, record, facts, policy text, the same answer again, its use."""
        try:
            found = decisions.verify(decision_id, actor=request.actor)
        except decisions.NotVisible as error:
            raise Http404 from error
        return Response(VerificationSerializer(found).data)


class VerifyToken(APIView):
    @extend_schema(operation_id="decisions_verify_token", request=TokenSerializer, responses=VerificationSerializer)
    def post(self, request: StaffApiRequest) -> Response:
        """The same for a token you hold. A single changed character fails."""
        given = valid(TokenSerializer, request.data)
        return Response(VerificationSerializer(decisions.verify_token(given["token"])).data)


@require_safe
@cache_control(public=True, max_age=300)
def jwks(request: HttpRequest) -> JsonResponse:
    """`/.well-known/jwks.json`: every public key that ever signed a decision (RFC 7517). For anybody."""
    return JsonResponse(keys.jwks(), content_type="application/jwk-set+json")


api_urlpatterns = [
    path("decisions/", DecisionList.as_view(), name="api-decisions"),
    path("decisions/verify/", VerifyToken.as_view(), name="api-decision-verify-token"),
    path("decisions/<uuid:decision_id>/", DecisionDetail.as_view(), name="api-decision"),
    path("decisions/<uuid:decision_id>/explanation/", ExplainDecision.as_view(), name="api-decision-explanation"),
    path("decisions/<uuid:decision_id>/verify/", VerifyDecision.as_view(), name="api-decision-verify"),
]
