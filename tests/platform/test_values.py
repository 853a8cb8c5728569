"""Ids, the clock, money, actors."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from bankos.platform import actors, clock, ids
from bankos.platform.actors import ActorKind, Role
from bankos.platform.middleware import RequestContextMiddleware
from bankos.platform.models import User
from bankos.platform.money import CurrencyMismatch, Money
from tests import people


def test_an_id_is_a_uuid_of_version_7_that_tells_its_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = ids.uuid7()
    after = time.time_ns() // 1_000_000 + 1
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after


def test_ids_of_a_process_grow_and_never_repeat() -> None:
    with ThreadPoolExecutor(4) as threads:
        runs = [run.result() for run in [threads.submit(lambda: [ids.uuid7() for _ in range(5000)]) for _ in range(4)]]
    assert all(run == sorted(run) for run in runs)
    assert len({made for run in runs for made in run}) == 20_000


def test_a_stopped_clock_stands_still_for_everyone_and_runs_on_afterwards() -> None:
    moment = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    with clock.stopped_at(moment):
        assert clock.now() == moment
        assert clock.now().tzinfo is UTC
    assert clock.now() > datetime(2026, 6, 1, tzinfo=UTC)


def test_a_moment_without_a_zone_stops_no_clock() -> None:
    with pytest.raises(ValueError, match="aware"), clock.stopped_at(datetime(2026, 3, 1)):  # noqa: DTZ001
        pass


def test_the_bank_s_day_is_the_day_where_the_bank_is(settings) -> None:  # type: ignore[no-untyped-def]
    settings.TIME_ZONE = "Europe/Dublin"
    assert clock.bank_date(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == date(2026, 7, 2)


def test_amounts_of_two_currencies_are_never_added() -> None:
    assert Money(Decimal("1.10"), "EUR") + Money(Decimal("2.20"), "EUR") == Money(Decimal("3.30"), "EUR")
    with pytest.raises(CurrencyMismatch):
        Money(Decimal(1), "EUR") - Money(Decimal(1), "CZK")


def through_middleware(user: User | AnonymousUser) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    RequestContextMiddleware(lambda request: HttpResponse())(request)
    return request


@pytest.mark.django_db
def test_a_request_of_a_signed_in_person_carries_actor_and_moment() -> None:
    user = User.objects.create_user("mary", name="Mary Byrne", branch_code="D1")
    people.give(user, Role.BRANCH_STAFF)
    moment = clock.now()
    with clock.stopped_at(moment):
        request = through_middleware(user)
    actor = actors.Actor(ActorKind.EMPLOYEE, str(user.pk), "Mary Byrne", frozenset({"branch_staff"}), "D1")
    assert (request.actor, request.now) == (actor, moment)  # type: ignore[attr-defined]
    assert actor.user_id == user.pk


def test_a_request_of_nobody_has_no_actor() -> None:
    assert through_middleware(AnonymousUser()).actor is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1318.15", "EUR", "€1,318.15"),
        ("-274", "EUR", "−€274.00"),
        ("-0.01", "EUR", "−€0.01"),
        ("0", "GBP", "£0.00"),
        ("12000", "CZK", "CZK\u00a012,000.00"),
    ],
)
def test_an_amount_reads_with_its_currency(amount: str, currency: str, text: str) -> None:
    assert Money(Decimal(amount), currency).in_words() == text


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=2))
def test_no_amount_loses_a_cent_or_its_sign(amount: Decimal) -> None:
    text = Money(amount, "EUR").in_words()

    assert Decimal(text.replace("€", "").replace(",", "").replace("−", "-")) == amount
