"""An answer that is lost: what was sent is done, or not, and nobody is told the one for the other."""

import threading
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.urls import path

from bankos import urls as all_urls
from bankos.platform import clock, outcomes
from bankos.platform.models import Heartbeat, RequestOutcome, User
from bankos.platform.tasks import sweep_outcomes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.console.test_outcome")]


def lost() -> OperationalError:
    error = OperationalError("gone")
    error.__cause__ = psycopg.errors.AdminShutdown("terminating connection")
    return error


def act(request: HttpRequest, when: str) -> HttpResponse:
    if when == "before":
        raise lost()
    with transaction.atomic():
        Heartbeat.objects.create(process=f"act {uuid4()}"[:40], seen_at=clock.now())
        if when == "within":
            raise lost()
    if when == "after":
        raise lost()
    return HttpResponse("done")


def twice(request: HttpRequest) -> HttpResponse:
    for _ in range(2):
        Heartbeat.objects.create(process=f"act {uuid4()}"[:40], seen_at=clock.now())
    return HttpResponse("done")


def form(request: HttpRequest) -> HttpResponse:
    page = engines["django"].from_string('<form method="post">{% csrf_token %}</form>')
    return HttpResponse(page.render({}, request))


def look(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        Heartbeat.objects.count()
    raise lost()


urlpatterns = [
    path("act/<str:when>/", act),
    path("api/v1/act/<str:when>/", act),
    path("look/", look),
    path("twice/", twice),
    path("form/", form),
    *all_urls.urlpatterns,
]
handler500 = all_urls.handler500


@pytest.fixture
def user() -> User:
    return User.objects.create(username="niamh", name="Niamh")


@pytest.fixture
def client(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def acts() -> int:
    return Heartbeat.objects.count()


def asked(client: Client, key: UUID) -> bool:
    answer = client.post(f"/outcome/{key}/", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return bool(answer.json()["recorded"])


def test_what_was_committed_before_the_answer_was_lost_is_told_as_recorded(client: Client) -> None:
    key = uuid4()
    answer = client.post("/act/after/", headers={"Request-Key": str(key)})
    assert (answer.status_code, answer.headers["Bankos-Done"]) == (200, "yes"), "success, though the page could not be drawn"
    assert "is recorded" in answer.content.decode()
    assert acts() == 1
    assert asked(client, key)
    assert asked(client, key), "and it stays so"


@pytest.mark.parametrize("when", ["before", "within"])
def test_what_was_not_committed_is_not_and_never_will_be(client: Client, user: User, when: str) -> None:
    key = uuid4()
    answer = client.post(f"/act/{when}/", headers={"Request-Key": str(key)})
    assert answer.status_code == 503
    assert f"/outcome/{key}/" in answer.content.decode()
    assert not asked(client, key)
    assert acts() == 0
    # It comes a second time, late: given up is given up.
    late = client.post("/act/well/", headers={"Request-Key": str(key)})
    assert (late.status_code, late.headers["Bankos-Done"]) == (500, "no")
    assert acts() == 0


def test_who_asks_while_the_transaction_is_still_open_gets_the_answer_that_holds(client: Client, user: User) -> None:
    key, opened, go_on, found = uuid4(), threading.Event(), threading.Event(), []

    def slow() -> None:
        try:
            with outcomes.watching(outcomes.Watch(key, user.pk)), transaction.atomic():
                Heartbeat.objects.create(process="slow", seen_at=clock.now())
                opened.set()
                go_on.wait(20)
        except outcomes.GivenUp as error:
            found.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    opened.wait(20)
    assert not asked(client, key)
    go_on.set()
    thread.join()
    assert len(found) == 1
    assert acts() == 0, "nothing was done, as it was told"


def test_a_form_sends_its_key_as_a_field_and_a_plain_answer_is_remembered_too(client: Client) -> None:
    key = uuid4()
    assert client.post("/act/well/", {"request-key": str(key)}).status_code == 200
    assert asked(client, key)


class Fields(HTMLParser):
    """The hidden fields of a page's first form that is posted."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self._inside, self._over = False, False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and given.get("method") == "post" and not self._over:
            self._inside = True
        if tag == "input" and self._inside and given.get("type") == "hidden":
            self.sent[str(given["name"])] = str(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._inside:
            self._inside, self._over = False, True


def test_a_form_without_script_carries_a_key_of_its_own(client: Client) -> None:
    sent = [Fields(client.get("/form/").content.decode()).sent for _ in range(2)]
    assert sent[0].keys() == {"csrfmiddlewaretoken", "request-key"}
    assert UUID(sent[0]["request-key"]) != UUID(sent[1]["request-key"])


def test_a_second_press_without_script_does_nothing_and_tells_what_became_of_the_first(client: Client) -> None:
    sent = Fields(client.get("/form/").content.decode()).sent
    assert client.post("/act/well/", sent).content == b"done"
    again = client.post("/act/well/", sent)
    assert (again.status_code, again.headers["Bankos-Done"]) == (200, "yes")
    assert "when it was sent before" in again.content.decode()
    assert acts() == 1
    assert client.post("/api/v1/act/well/", headers={"Request-Key": sent["request-key"]}).json()["code"] == "recorded"
    assert acts() == 1


def test_what_failed_before_it_was_recorded_can_be_sent_again_from_the_same_form(client: Client) -> None:
    sent = Fields(client.get("/form/").content.decode()).sent
    assert client.post("/act/within/", sent).status_code == 503
    assert client.post("/act/well/", sent).content == b"done"
    assert acts() == 1


def test_a_request_of_several_transactions_is_no_repetition_of_itself(client: Client) -> None:
    sent = Fields(client.get("/form/").content.decode()).sent
    assert client.post("/twice/", sent).content == b"done"
    assert acts() == 2


def test_two_presses_at_once_are_one(client: Client, user: User) -> None:
    key, both, refused = uuid4(), threading.Barrier(2, timeout=60), []

    def press() -> None:
        try:
            with outcomes.watching(outcomes.Watch(key, user.pk)), transaction.atomic():
                Heartbeat.objects.create(process=f"act {uuid4()}"[:40], seen_at=clock.now())
                both.wait(20)
        except outcomes.Repeated as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert acts() == 1


def test_another_person_learns_nothing_from_a_key(client: Client) -> None:
    key = uuid4()
    client.post("/act/well/", headers={"Request-Key": str(key)})
    other = Client()
    other.force_login(User.objects.create(username="other"), backend="django.contrib.auth.backends.ModelBackend")
    assert not asked(other, key)
    assert asked(client, key), "and cannot change it"
    assert Client().post(f"/outcome/{key}/").status_code == 302


def test_reading_alone_records_nothing(client: Client) -> None:
    key = uuid4()
    answer = client.post("/look/", headers={"Request-Key": str(key)})
    assert answer.status_code == 503
    assert not asked(client, key)


@pytest.mark.parametrize("sent", ["", "no key", "x" * 5000, "00000000-0000-0000-0000-00000000000g"])
def test_a_key_that_is_none_is_as_good_as_no_key(client: Client, sent: str) -> None:
    assert client.post("/act/well/", headers={"Request-Key": sent}).status_code == 200
    assert not RequestOutcome.objects.exists()


def test_a_program_is_told_that_it_was_recorded(client: Client) -> None:
    answer = client.post("/api/v1/act/after/")
    assert (answer.status_code, answer.json()["code"]) == (503, "recorded")
    assert client.post("/api/v1/act/before/").json()["code"] == "unavailable"


def test_pages_ask_and_say_it_in_words(client: Client) -> None:
    done, undone = uuid4(), uuid4()
    client.post("/act/well/", headers={"Request-Key": str(done)})
    assert "Find out" in client.get(f"/outcome/{done}/").content.decode()
    assert "recorded" in client.post(f"/outcome/{done}/").content.decode()
    assert "Nothing was done" in client.post(f"/outcome/{undone}/").content.decode()


def test_old_keys_are_forgotten(client: Client, user: User) -> None:
    RequestOutcome.objects.create(key=uuid4(), user_id=user.pk, recorded=True, at=clock.now() - outcomes.KEPT * 2)
    RequestOutcome.objects.create(key=uuid4(), user_id=user.pk, recorded=True, at=clock.now())
    sweep_outcomes()
    assert RequestOutcome.objects.count() == 1


def test_no_script_claims_what_it_cannot_know() -> None:
    script = (Path(settings.BASE_DIR) / "static/js/page.js").read_text()
    assert "Nothing was sent" not in script
    assert "Nothing was changed" not in script
