"""The work list, approvals and the effect ledger over HTTP, under `/api/v1/`. Each endpoint translates and makes one call."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from bankos.platform.problems import Problem, problem_responses
from bankos.platform.requests import StaffApiRequest, valid
from sentinel.actions import NotPossible
from sentinel.approvals import AlreadyAnswered, ApprovalExpired, MakerIsChecker, NotEligible, State

from . import approvals, effects, work
from .work import NotVisible, View

Result = TypeVar("Result")


class WorkRowSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["suggestion", "approval"])
    title = serializers.CharField()
    party_id = serializers.UUIDField()
    party_name = serializers.CharField()
    why = serializers.CharField()
    due_at = serializers.DateTimeField()
    owner_name = serializers.CharField(help_text="Empty if nobody has taken it.")
    mine = serializers.BooleanField()
    subject_id = serializers.UUIDField(help_text="The suggestion, or the request for approval.")
    overdue = serializers.BooleanField()


class CountsSerializer(serializers.Serializer):
    team = serializers.IntegerField()
    mine = serializers.IntegerField()
    suggestions = serializers.IntegerField()
    approvals = serializers.IntegerField()


class WorkListSerializer(serializers.Serializer):
    counts = CountsSerializer()
    items = WorkRowSerializer(many=True)


class WorkQuerySerializer(serializers.Serializer):
    view = serializers.ChoiceField(choices=[view.value for view in View], default=View.TEAM.value)
    limit = serializers.IntegerField(min_value=1, max_value=work.LARGEST_LIST, default=100)


class AwaitedSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    decision_id = serializers.UUIDField()
    action = serializers.CharField()
    action_title = serializers.CharField()
    title = serializers.CharField()
    party_id = serializers.UUIDField()
    party_name = serializers.CharField()
    parameters = serializers.DictField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=[state.value for state in State])


class NoteSerializer(serializers.Serializer):
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


class ApprovedSerializer(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=["permit", "needs_approval", "deny"])
    decision_id = serializers.UUIDField()
    effect_id = serializers.UUIDField(allow_null=True)


class EffectSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    decision_id = serializers.UUIDField()
    action = serializers.CharField()
    action_title = serializers.CharField()
    party_id = serializers.UUIDField()
    parameters = serializers.DictField()
    system = serializers.CharField()
    executed_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    reference = serializers.CharField()


class EffectQuerySerializer(serializers.Serializer):
    party = serializers.UUIDField(required=False, default=None, help_text="Only this customer's.")
    after = serializers.UUIDField(required=False, default=None, help_text="The last effect of the page before.")
    limit = serializers.IntegerField(min_value=1, max_value=effects.LARGEST_PAGE, default=50)


NOT_FOUND = problem_responses({404: "There is none for this person."})
NOT_TAKEN = NOT_FOUND | problem_responses({409: "Somebody else has taken it."})
NOT_ANSWERED = NOT_FOUND | problem_responses(
    {
        403: "It is your own request, or another role has to agree.",
        409: "It is answered or expired, or the act is not possible as things stand.",
    }
)


class WorkList(APIView):
    @extend_schema(operation_id="work_list", parameters=[WorkQuerySerializer], responses=WorkListSerializer)
    def get(self, request: StaffApiRequest) -> Response:
        """What is open for you, the most urgent first, with the numbers of each view."""
        asked = valid(WorkQuerySerializer, request.query_params)
        items = work.open_items(actor=request.actor, view=asked["view"], at=request.now, limit=asked["limit"])
        counts = work.counts(actor=request.actor, at=request.now)
        return Response(WorkListSerializer({"counts": counts, "items": items}).data)


class ClaimWork(APIView):
    @extend_schema(operation_id="work_claim", request=None, responses={200: WorkRowSerializer, **NOT_TAKEN})
    def post(self, request: StaffApiRequest, item_id: UUID) -> Response:
        """Make an item your own."""
        row = _answer(lambda: work.claim(item_id, actor=request.actor, at=request.now))
        return Response(WorkRowSerializer(row).data)


class NextWork(APIView):
    @extend_schema(
        operation_id="work_next",
        request=None,
        responses={200: WorkRowSerializer, 204: OpenApiResponse(description="Nothing waits.")},
    )
    def post(self, request: StaffApiRequest) -> Response:
        """Take the most urgent item that nobody has taken."""
        row = work.take_next(actor=request.actor, at=request.now)
        return Response(status=204) if row is None else Response(WorkRowSerializer(row).data)


class ApprovalList(APIView):
    @extend_schema(operation_id="approvals_list", responses=AwaitedSerializer(many=True))
    def get(self, request: StaffApiRequest) -> Response:
        """The acts of others you may agree to now, the oldest first."""
        return Response(AwaitedSerializer(approvals.waiting(actor=request.actor, at=request.now), many=True).data)


class Approve(APIView):
    @extend_schema(
        operation_id="approvals_approve",
        request=NoteSerializer,
        responses={200: ApprovedSerializer, **NOT_ANSWERED},
    )
    def post(self, request: StaffApiRequest, request_id: UUID) -> Response:
        """Agree: the act is done at once, as the person who asked for it."""
        given = valid(NoteSerializer, request.data)
        done = _answer(lambda: approvals.approve(request_id, actor=request.actor, at=request.now, note=given["note"]))
        return Response({"outcome": done.decision.outcome, "decision_id": str(done.decision.id), "effect_id": done.result})


class Refuse(APIView):
    @extend_schema(operation_id="approvals_refuse", request=NoteSerializer, responses={204: None, **NOT_ANSWERED})
    def post(self, request: StaffApiRequest, request_id: UUID) -> Response:
        """Disagree: the act does not happen."""
        given = valid(NoteSerializer, request.data)
        _answer(lambda: approvals.refuse(request_id, actor=request.actor, at=request.now, note=given["note"]))
        return Response(status=204)


class EffectList(APIView):
    @extend_schema(operation_id="effects_list", parameters=[EffectQuerySerializer], responses=EffectSerializer(many=True))
    def get(self, request: StaffApiRequest) -> Response:
        """What was done for customers you may see, the newest first."""
        asked = valid(EffectQuerySerializer, request.query_params)
        found = effects.listing(actor=request.actor, party_id=asked["party"], after=asked["after"], limit=asked["limit"])
        return Response(EffectSerializer(found, many=True).data)


class EffectDetail(APIView):
    @extend_schema(operation_id="effects_detail", responses={200: EffectSerializer, **NOT_FOUND})
    def get(self, request: StaffApiRequest, effect_id: UUID) -> Response:
        """One executed act and whether its instruction has arrived."""
        return Response(EffectSerializer(_answer(lambda: effects.effect_of(effect_id, actor=request.actor))).data)


def _answer(call: Callable[[], Result]) -> Result:
    try:
        return call()
    except NotVisible as error:
        raise Http404 from error
    except work.AlreadyClaimed as error:
        raise Problem(status=409, title="Already taken", detail=str(error), code="already_claimed") from error
    except NotPossible as error:
        raise Problem(status=409, title="Not possible", detail=str(error), code="not_possible") from error
    except MakerIsChecker as error:
        detail = "Nobody approves what they asked for themselves."
        raise Problem(status=403, title="Your own request", detail=detail, code="maker_is_checker") from error
    except NotEligible as error:
        raise Problem(status=403, title="Not yours to approve", detail="Another role has to agree.", code="not_eligible") from error
    except AlreadyAnswered as error:
        raise Problem(status=409, title="Already answered", detail="Somebody has answered already.", code="already_answered") from error
    except ApprovalExpired as error:
        raise Problem(status=409, title="Expired", detail="Nobody answered in time, which is a no.", code="expired") from error


api_urlpatterns = [
    path("work/", WorkList.as_view(), name="api-work"),
    path("work/next/", NextWork.as_view(), name="api-work-next"),
    path("work/<uuid:item_id>/claim/", ClaimWork.as_view(), name="api-work-claim"),
    path("approvals/", ApprovalList.as_view(), name="api-approvals"),
    path("approvals/<uuid:request_id>/approve/", Approve.as_view(), name="api-approval-approve"),
    path("approvals/<uuid:request_id>/refuse/", Refuse.as_view(), name="api-approval-refuse"),
    path("effects/", EffectList.as_view(), name="api-effects"),
    path("effects/<uuid:effect_id>/", EffectDetail.as_view(), name="api-effect"),
]
