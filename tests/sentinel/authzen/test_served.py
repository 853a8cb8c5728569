"""A real server between a caller and its store: sockets, headers and bytes as other systems see them."""

import http.client
import json
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from sentinel.models import Decision

from .certification import ALICE, ONE, READ
from .service import deploy


@pytest.fixture
def port() -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config("bankos.asgi:application", host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(timeout=20)


@pytest.mark.django_db(transaction=True)
def test_a_store_answers_through_a_real_server(port: int) -> None:
    app = deploy()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    body = json.dumps({"subject": ALICE, "action": READ, "resource": ONE})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {app.secret}", "X-Request-ID": "bfe9eb29"}

    connection.request("POST", "/authzen/records/access/v1/evaluation", body, headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.request("POST", "/authzen/records/access/v1/evaluation", body, headers | {"Authorization": "Bearer bk_guess"})
    refused = connection.getresponse()
    reason = refused.read()
    connection.request("GET", "/.well-known/authzen-configuration/authzen/records")
    metadata = json.loads(connection.getresponse().read())

    assert (answer.status, answer.headers["Content-Type"], answer.headers["X-Request-ID"]) == (200, "application/json", "bfe9eb29")
    assert said["decision"] is True
    assert Decision.objects.filter(pk=said["context"]["decision"]).exists()
    assert (refused.status, refused.headers["X-Request-ID"], reason) == (401, "bfe9eb29", b"No client has this secret, or it was revoked.")
    assert "Bearer" in refused.headers["WWW-Authenticate"]
    assert metadata["access_evaluation_endpoint"] == "https://bank.example/authzen/records/access/v1/evaluation"
