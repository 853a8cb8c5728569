import pytest
from django.http import Http404
from django.urls import path
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from bankos.platform.problems import Problem


class Row(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=9, decimal_places=2)


class Order(serializers.Serializer):
    rows = Row(many=True)
    currency = serializers.CharField(max_length=3)


class Orders(APIView):
    permission_classes = [AllowAny]
    authentication_classes = []

    def get(self, request: Request) -> Response:
        raise Http404("party 0861234567 of branch B")

    def put(self, request: Request) -> Response:
        raise Problem(status=409, title="Already answered", detail="Somebody answered this suggestion before you.", code="already_answered")

    def post(self, request: Request) -> Response:
        Order(data=request.data).is_valid(raise_exception=True)
        return Response()


urlpatterns = [path("orders", Orders.as_view())]
pytestmark = pytest.mark.urls(__name__)


def test_an_anticipated_refusal_carries_its_code() -> None:
    answer = APIClient().put("/orders")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Already answered",
        "status": 409,
        "detail": "Somebody answered this suggestion before you.",
        "code": "already_answered",
    }


def test_what_is_not_found_does_not_say_why() -> None:
    answer = APIClient().get("/orders")
    assert (answer.status_code, answer.json()["title"], answer.json()["code"]) == (404, "Not Found", "not_found")
    assert "0861234567" not in answer.content.decode()


def test_an_invalid_request_names_each_field_by_its_pointer() -> None:
    answer = APIClient().post("/orders", {"rows": [{"amount": "1.00"}, {"amount": "x"}], "currency": "EURO"}, format="json")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "invalid")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        ("/rows/1/amount", "invalid"),
        ("/currency", "max_length"),
    ]


def test_a_method_that_is_not_allowed_is_a_problem_too() -> None:
    answer = APIClient().delete("/orders")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Content-Type"] == "application/problem+json"
