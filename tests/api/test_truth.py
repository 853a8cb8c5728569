"""What the description says of the customers' interface is so: asked with what it allows, it answers as described."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from tests.bank import Bank
from tests.customers.channels.conftest import Deploy, administrator, deploy, officer  # noqa: F401 - fixtures
from tests.customers.conftest import policies  # noqa: F401 - a fixture

OPERATIONS = frozenset(
    {
        "customers_search",
        "customers_state",
        "customers_timeline",
        "customers_consents",
        "customers_change_consent",
        "customers_record_signal",
        "events_send",
        "webhooks_list",
        "webhooks_create",
        "webhooks_detail",
        "webhooks_remove",
        "webhooks_new_secret",
        "webhooks_test",
        "webhooks_deliveries",
        "webhooks_replay",
    }
)
TRUTHS = [
    checks.not_a_server_error, checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance,
]  # fmt: skip
ASKED = settings(
    max_examples=5, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The test's transaction: as Django's own test client has it, a request doesn't close the connection behind itself."""
    for moment in (signals.request_started, signals.request_finished):
        moment.disconnect(close_old_connections)
    yield
    for moment in (signals.request_started, signals.request_finished):
        moment.connect(close_old_connections)


@pytest.mark.filterwarnings("ignore")
def test_every_answer_is_as_described(bank: Bank, deploy: Deploy) -> None:  # noqa: F811
    bank.customer("Ines Byrne")
    bank.deliver()
    program = deploy(per_minute=1_000_000)
    described = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    described.app = get_wsgi_application()
    asked = set()
    for found in described.include(operation_id=sorted(OPERATIONS)).get_all_operations():
        operation = found.ok()
        answers = answers_of(operation, program.secret)
        assert answers
        assert 401 not in answers
        asked.add(operation.definition.raw["operationId"])
    assert asked == OPERATIONS


def answers_of(operation: Any, secret: str) -> list[int]:
    """The statuses of some requests the description allows, each answer held against it."""
    statuses = []

    @ASKED
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"})
        case.validate_response(answer, checks=TRUTHS)
        statuses.append(answer.status_code)

    ask()
    return statuses
