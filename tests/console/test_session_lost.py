"""A session that cannot be saved because the database is away is no session that was ended: 503, and not the asker's fault."""

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from bankos import urls as all_urls
from bankos.platform import sessions
from bankos.platform.models import User
from tests.platform.test_database import cut

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


def note(request: HttpRequest, how: str) -> HttpResponse:
    request.session["noted"] = True
    if how == "lost":
        cut([connection.connection.info.backend_pid])
    elif how == "ended":
        sessions.SessionStore.get_model_class().objects.all().delete()
    return HttpResponse("noted")


urlpatterns = [path("note/<str:how>/", note), *all_urls.urlpatterns]
handler500 = all_urls.handler500


@pytest.fixture
def client() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create(username="ann", name="Ann"), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(("how", "status"), [("kept", 200), ("ended", 400), ("lost", 503)])
def test_only_a_session_that_was_ended_is_told_as_ended(client: Client, how: str, status: int) -> None:
    answer = client.get(f"/note/{how}/")

    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (how == "lost")
