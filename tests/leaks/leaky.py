"""Addresses that give customers away, each in its own manner: the leak test has to notice every one."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path

from bankos.platform import actors
from customers.models import Party
from customers.search import find
from tests.leaks.planted import NAME


def page(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """Shows whoever is asked for."""
    return HttpResponse(Party.objects.values_list("name", flat=True).get(pk=party_id))


def hint(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """Refuses with another status where there is somebody."""
    return HttpResponse(status=403 if Party.objects.filter(pk=party_id).exists() else 404)


def count(request: HttpRequest) -> HttpResponse:
    """Names nobody, but tells how many were found."""
    text = request.GET.get("q", "")
    return HttpResponse(f"{len(find(text, actor=actors.system('leak'))) if len(text) > 1 else 0} found")


def answer(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """Careful when it is read, careless when something is sent."""
    return HttpResponse(f"Done for {NAME}" if request.method == "POST" else "", status=200 if request.method == "POST" else 404)


def redirected(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """The name stands in the place to go."""
    found = Party.objects.filter(pk=party_id).first()
    return HttpResponse(status=302, headers={"Location": f"/somewhere/?who={found.name.replace(' ', '+') if found else ''}"})


urlpatterns = [
    path("page/<uuid:party_id>/", page),
    path("hint/<uuid:party_id>/", hint),
    path("count/", count),
    path("answer/<uuid:party_id>/", answer),
    path("redirected/<uuid:party_id>/", redirected),
]
