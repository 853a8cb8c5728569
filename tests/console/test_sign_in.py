"""Every door that takes a secret counts: by account however it is spelled, by address, altogether; and nobody can lock a colleague out."""

import base64
import hmac
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth import authenticate
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from bankos.platform import attempts, clock
from bankos.platform.models import AttemptCount, User

PASSWORD = "the heron waits at low tide"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AT = "203.0.113.7"

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomas() -> User:
    return User.objects.create_user("tomas", password=PASSWORD, name="Tomás Byrne")


@pytest.fixture
def jonas() -> User:
    return User.objects.create_user("jonas", password=PASSWORD, name="Jonas Lind")


@pytest.fixture
def stopped() -> Iterator[None]:
    with clock.stopped_at(clock.now()):
        yield


def sign_in(client: Client, name: str = "tomas", password: str = PASSWORD, address: str = AT, **headers: str) -> HttpResponse:
    return client.post("/accounts/login/", {"login": name, "password": password}, REMOTE_ADDR=address, **headers)


def with_app(user: User) -> User:
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": get_adapter().encrypt(SECRET)})
    RecoveryCodes.activate(user)
    return user


def code(at: float | None = None) -> str:
    digest = hmac.new(base64.b32decode(SECRET), struct.pack(">Q", int(at or time.time()) // 30), "sha1").digest()
    place = digest[-1] & 0x0F
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def wrong_code() -> str:
    return "000000" if code() != "000000" else "111111"


def in_session(client: Client) -> bool:
    return "_auth_user_id" in client.session


# ---- by account ----


def test_after_eight_wrong_passwords_the_right_one_is_answered_like_a_wrong_one(tomas: User) -> None:
    client = Client()
    assert [sign_in(client, password="wrong").status_code for _ in range(8)] == [200] * 8
    wrong, right = sign_in(client, password="wrong"), sign_in(client)
    assert (wrong.status_code, right.status_code) == (429, 429)
    assert wrong.content == right.content
    assert 0 < int(right.headers["Retry-After"]) <= 30
    assert not in_session(client)


@pytest.mark.parametrize("spelling", ["Tomas", "TOMAS", " tomas ", "tomas\u200b", "ｔｏｍａｓ", "tomaſ", "ᵗomas", "toMas"])
def test_no_spelling_of_a_name_has_tries_of_its_own(tomas: User, spelling: str) -> None:
    """Whichever of them would be let in, or leads to the same person, shares one count."""
    for _ in range(8):
        sign_in(Client(), password="wrong")
    answer = sign_in(Client(), name=spelling)
    assert answer.status_code == 429 or authenticate(username=spelling.strip(), password=PASSWORD) is None


@pytest.mark.parametrize("spellings", [["Tomas", "TOMAS", "tomas", "tOmas", " tomas", "tomaS", "TomaS", "toMAs"]])
def test_tries_under_many_spellings_add_up(tomas: User, spellings: list[str]) -> None:
    for spelling in spellings:
        assert sign_in(Client(), name=spelling, password="wrong").status_code == 200
    assert sign_in(Client()).status_code == 429


def test_waits_double_and_pass_by_themselves(tomas: User) -> None:
    began = clock.now()
    waits = []
    with clock.stopped_at(began):
        for _ in range(8):
            sign_in(Client(), password="wrong")
    moment = began
    for _ in range(7):
        with clock.stopped_at(moment):
            waits.append(int(sign_in(Client()).headers["Retry-After"]))
        moment += timedelta(seconds=waits[-1])
        with clock.stopped_at(moment):
            assert sign_in(Client(), password="wrong").status_code == 200
    assert waits == [30, 60, 120, 240, 480, 900, 900]
    with clock.stopped_at(moment + timedelta(minutes=15)):
        assert sign_in(Client()).status_code == 302
    with clock.stopped_at(moment + timedelta(days=2)):
        assert [sign_in(Client(), password="wrong").status_code for _ in range(8)] == [200] * 8


def test_a_night_of_trying_gives_fewer_than_a_hundred_tries_from_one_address(tomas: User) -> None:
    """NIST SP 800-63B, 5.2.2: at most 100 failures in a row."""
    began, tried, second = clock.now(), 0, 0.0
    while second < 12 * 3600:
        with clock.stopped_at(began + timedelta(seconds=second)):
            try:
                attempts.begin("tomas", address=AT, device=None, at=clock.now())
                tried += 1
            except attempts.TooMany as wait:
                second += wait.seconds
    assert tried < 100


def test_right_passwords_cost_nothing_and_give_no_new_tries_before_the_second_step(tomas: User) -> None:
    with_app(tomas)
    for _ in range(30):
        assert sign_in(Client()).status_code == 302
    refused = 0
    for _ in range(12):  # the right password between the guesses changes nothing
        client = Client()
        sign_in(client)
        refused += client.post("/accounts/2fa/authenticate/", {"code": wrong_code()}, REMOTE_ADDR=AT).status_code in (429, 302)
    assert refused >= 4


# ---- by address and altogether ----


def test_one_password_over_forty_names_is_stopped() -> None:
    answers = [sign_in(Client(), name=f"person{n}", password="Winter is coming 1").status_code for n in range(40)]
    assert answers.count(200) == attempts.LIMITS["address"].free


@pytest.mark.parametrize("address", ["2001:db8:1:2::{:x}", "2001:db8:1:2:{:x}:1:2:3", "::ffff:203.0.113.7"])
def test_addresses_of_one_household_are_one(address: str) -> None:
    answers = [sign_in(Client(), name=f"person{n}", address=address.format(n + 1)).status_code for n in range(30)]
    assert answers.count(200) == attempts.LIMITS["address"].free


def test_many_addresses_and_names_together_are_slowed(stopped: None) -> None:
    answers = [sign_in(Client(), name=f"person{n}", address=f"198.51.{n // 200}.{n % 200}").status_code for n in range(130)]
    assert answers.count(200) == attempts.LIMITS["everywhere"].free


def test_one_account_from_many_addresses_is_slowed(tomas: User, stopped: None) -> None:
    answers = [sign_in(Client(), password="wrong", address=f"198.51.100.{n}").status_code for n in range(60)]
    assert answers.count(200) == attempts.LIMITS["account"].free


def test_signing_in_oneself_gives_no_new_tries_at_others(tomas: User, jonas: User, stopped: None) -> None:
    mine, wrong = Client(), 0
    for n in range(80):
        if n % 3 == 0:
            sign_in(Client(), name="jonas")
        wrong += sign_in(Client(), name=f"person{n}", password="wrong").status_code == 200
    assert wrong <= attempts.LIMITS["address"].free
    assert sign_in(mine).status_code == 429


# ---- nobody is locked out by others ----


def test_a_colleague_at_the_usual_device_signs_in_whatever_others_do(tomas: User, stopped: None) -> None:
    usual = Client()
    sign_in(usual)
    usual.post("/accounts/logout/")
    for n in range(150):
        sign_in(Client(), password="wrong", address=f"198.51.100.{n % 50}")
        sign_in(Client(), password="wrong")  # and from the very same address
    assert sign_in(Client()).status_code == 429
    assert sign_in(usual).status_code == 302
    assert in_session(usual)


def test_whoever_tries_is_held_up_and_not_the_account(tomas: User) -> None:
    for _ in range(30):
        sign_in(Client(), password="wrong")
    assert sign_in(Client(), address="198.51.100.9").status_code == 302


def test_a_crowd_holds_a_new_device_up_for_seconds_only(tomas: User) -> None:
    began = clock.now()
    with clock.stopped_at(began):
        for n in range(200):
            sign_in(Client(), password="wrong", address=f"198.51.100.{n}")
        wait = int(sign_in(Client()).headers["Retry-After"])
    assert wait <= 30
    with clock.stopped_at(began + timedelta(seconds=wait)):
        assert sign_in(Client()).status_code == 302


def test_the_usual_device_has_limits_too(tomas: User, stopped: None) -> None:
    usual = Client()
    sign_in(usual)
    usual.post("/accounts/logout/")
    answers = [sign_in(usual, password="wrong", address=f"198.51.100.{n}").status_code for n in range(40)]
    assert answers.count(200) == attempts.LIMITS["device"].free


def test_a_device_known_to_one_account_is_unknown_to_others(tomas: User, jonas: User, stopped: None) -> None:
    mine = Client()
    sign_in(mine, name="jonas")
    mine.post("/accounts/logout/")
    answers = [sign_in(mine, password="wrong").status_code for _ in range(20)]
    assert answers.count(200) == 8
    assert sign_in(mine).status_code == 429
    assert sign_in(mine, name="jonas").status_code == 302


@pytest.mark.parametrize(
    "change", [lambda v: v[:-1] + ("A" if v[-1] != "A" else "B"), lambda v: "x" + v, lambda v: v.split(":")[0], lambda v: ""]
)
def test_a_made_up_device_is_unknown(tomas: User, change: Callable[[str], str], stopped: None) -> None:
    usual = Client()
    sign_in(usual)
    forged = Client()
    for _ in range(8):
        sign_in(Client(), password="wrong")
    forged.cookies["known-device"] = change(usual.cookies["known-device"].value)
    assert sign_in(forged).status_code == 429
    forged.cookies["known-device"] = usual.cookies["known-device"].value
    assert sign_in(forged).status_code == 302


def test_without_the_second_step_no_device_becomes_known(tomas: User) -> None:
    with_app(tomas)
    client = Client()
    sign_in(client)
    assert "known-device" not in client.cookies
    client.post("/accounts/2fa/authenticate/", {"code": code()}, REMOTE_ADDR=AT)
    assert in_session(client)
    assert client.cookies["known-device"]["httponly"]


def test_several_people_share_a_counter(tomas: User, jonas: User, stopped: None) -> None:
    shared = Client()
    for name in ("tomas", "jonas"):
        sign_in(shared, name=name)
        shared.post("/accounts/logout/")
    for _ in range(9):
        sign_in(Client(), password="wrong")
        sign_in(Client(), name="jonas", password="wrong")
    assert sign_in(shared, name="jonas").status_code == 302
    shared.post("/accounts/logout/")
    assert sign_in(shared).status_code == 302


# ---- every door ----


def at_second_step(user: User) -> Client:
    client = Client()
    assert sign_in(client, name=user.username).headers["Location"].startswith("/accounts/2fa/authenticate/")
    return client


def test_three_hundred_wrong_codes_are_limited_and_then_the_right_one_too(tomas: User, stopped: None) -> None:
    client = at_second_step(with_app(tomas))
    answers = [client.post("/accounts/2fa/authenticate/", {"code": wrong_code()}, REMOTE_ADDR=AT).status_code for _ in range(300)]
    assert answers.count(200) == 8
    assert client.post("/accounts/2fa/authenticate/", {"code": code()}, REMOTE_ADDR=AT).status_code == 429
    assert not in_session(client)


def test_recovery_codes_are_counted_with_codes_and_passwords(tomas: User, stopped: None) -> None:
    with_app(tomas)
    for _ in range(4):
        sign_in(Client(), password="wrong")
    client = at_second_step(tomas)
    answers = [client.post("/accounts/2fa/authenticate/", {"code": f"{n:08d}"}, REMOTE_ADDR=AT).status_code for n in range(10)]
    assert answers.count(200) == 4
    good = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()[0]
    assert client.post("/accounts/2fa/authenticate/", {"code": good}, REMOTE_ADDR=AT).status_code == 429


def test_a_code_is_good_once_in_every_process(tomas: User, stopped: None) -> None:
    from django.core.cache import cache

    with_app(tomas)
    one, other = at_second_step(tomas), at_second_step(tomas)
    good = code()
    assert one.post("/accounts/2fa/authenticate/", {"code": good}, REMOTE_ADDR=AT).status_code == 302
    cache.clear()  # as another process, which has a memory of its own
    assert other.post("/accounts/2fa/authenticate/", {"code": f" {good[:3]} {good[3:]}"}, REMOTE_ADDR=AT).status_code == 200
    assert in_session(one)
    assert not in_session(other)


def inside(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


DOORS: dict[str, tuple[str, dict[str, str]]] = {
    "sign-in": ("/accounts/login/", {"login": "tomas", "password": "wrong"}),
    "password once more": ("/accounts/reauthenticate/", {"password": "wrong"}),
    "code once more": ("/accounts/2fa/reauthenticate/", {"code": "000000"}),
    "change password": (
        "/accounts/password/change/",
        {"oldpassword": "wrong", "password1": "a new one, long", "password2": "a new one, long"},
    ),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("other", DOORS)
def test_what_one_door_counts_every_other_knows(tomas: User, door: str, other: str, stopped: None) -> None:
    def knock(name: str) -> int:
        path, form = DOORS[name]
        client = Client() if name == "sign-in" else inside(tomas)
        Authenticator.objects.all().delete()
        if "code" in form:
            with_app(tomas)
        return client.post(path, form, REMOTE_ADDR=AT).status_code

    assert [knock(door) for _ in range(8)] == [200] * 8
    assert knock(other) == 429


# ---- counting ----


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_no_more_than_tries_one_by_one() -> None:
    at = clock.now()

    def knock(_: int) -> bool:
        try:
            attempts.begin("tomas", address=AT, device=None, at=at)
        except attempts.TooMany:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(max_workers=12) as threads:
        assert sum(threads.map(knock, range(60))) == attempts.LIMITS["pair"].free


@pytest.mark.django_db(transaction=True)
def test_many_names_at_once_from_one_address_wait_for_nobody_for_ever() -> None:
    at = clock.now()

    def knock(n: int) -> bool:
        try:
            attempts.begin(f"person{n % 7}", address=f"198.51.100.{n % 3}", device=None, at=at).succeeded()
        except attempts.TooMany:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(max_workers=12) as threads:
        assert sum(threads.map(knock, range(120))) > 100
    assert all(count.failures < 1e-6 for count in AttemptCount.objects.all())


def test_a_try_that_is_refused_counts_nowhere(tomas: User, stopped: None) -> None:
    for _ in range(100):
        sign_in(Client(), password="wrong")
    assert max(AttemptCount.objects.values_list("failures", flat=True)) == 8


def test_counts_hold_no_names_and_go_away(tomas: User) -> None:
    began = clock.now()
    for day in range(6):
        with clock.stopped_at(began + timedelta(days=3 * day)):
            for n in range(15):
                sign_in(Client(), name=f"my secret typed here {day} {n}", address=f"198.51.100.{n}")
            assert AttemptCount.objects.count() <= 3 * 15 + 1 + attempts.CLEARED_AT_ONCE
    assert not [row for row in AttemptCount.objects.values_list("key", "account") if "secret" in str(row)]


def test_an_account_is_unlocked_as_a_whole(tomas: User, stopped: None) -> None:
    for n in range(30):
        sign_in(Client(), password="wrong", address=f"198.51.100.{n % 3}")
    assert attempts.waits_until("tomas", at=clock.now()) is not None
    attempts.clear("Tomas")
    assert attempts.waits_until("tomas", at=clock.now()) is None
    assert sign_in(Client(), address="198.51.100.1").status_code == 302


def test_a_clock_that_is_behind_gives_no_tries(tomas: User) -> None:
    at = clock.now()
    for n in range(8):
        attempts.begin("tomas", address=AT, device=None, at=at - timedelta(seconds=n))
    for late in (0, -5, -3_600):
        with pytest.raises(attempts.TooMany):
            attempts.begin("tomas", address=AT, device=None, at=at + timedelta(seconds=late))


# ---- secrets of programs ----


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/customers/?q=x",
        "/api/v1/events/",
        "/api/v1/webhooks/",
        "/api/v1/stores/todo/clients/",
        "/authzen/bank/access/v1/evaluation",
    ],
)
def test_secrets_nobody_has_are_counted_by_address(path: str, stopped: None) -> None:
    def ask(n: int, address: str = AT) -> Any:
        headers = {"HTTP_AUTHORIZATION": f"Bearer bc_{n}", "REMOTE_ADDR": address}
        return Client().post(path, "{}", content_type="application/json", **headers) if "authzen" in path else Client().get(path, **headers)

    answers = [ask(n).status_code for n in range(60)]
    assert answers.count(401) == attempts.LIMITS["secrets"].free
    refused = ask(99)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert ask(100, "198.51.100.77").status_code == 401
