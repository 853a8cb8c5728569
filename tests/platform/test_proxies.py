"""A client's address is its connection's, unless a proxy the bank named says otherwise. Nobody else is believed."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from bankos.platform import proxies

EDGE, INNER, CLIENT, LIAR = "10.0.0.5", "10.0.9.9", "203.0.113.7", "198.51.100.1"


def seen(settings: Any, peer: str, trusted: list[str], **headers: str) -> HttpRequest:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
    proxies.ClientAddressMiddleware(lambda request: HttpResponse())(request)
    return request


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", EDGE, CLIENT])
@pytest.mark.parametrize("header", sorted(proxies.FORWARDING))
def test_by_default_no_forwarding_header_is_read(settings: Any, peer: str, header: str) -> None:
    request = seen(settings, peer, [], **{header: LIAR})
    assert proxies.address_of(request) == peer
    assert header not in request.META


@pytest.mark.parametrize("forwarded", [LIAR, f"{LIAR}, {EDGE}", f"{EDGE}, {EDGE}", "127.0.0.1", "unknown", "", ","])
def test_who_is_no_proxy_says_nothing_of_itself(settings: Any, forwarded: str) -> None:
    request = seen(settings, CLIENT, ["10.0.0.0/8"], HTTP_X_FORWARDED_FOR=forwarded, HTTP_X_FORWARDED_PROTO="https")
    assert proxies.address_of(request) == CLIENT
    assert "HTTP_X_FORWARDED_PROTO" not in request.META


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (CLIENT, CLIENT),
        (f"{LIAR}, {CLIENT}", CLIENT),  # what the client wrote stands to the left of what the proxy adds
        (f"{LIAR},{LIAR},  {CLIENT}", CLIENT),
        (f"{CLIENT}, {INNER}", CLIENT),  # two proxies
        (f"{LIAR}, {CLIENT}, {INNER}, {EDGE}", CLIENT),
        (f"{CLIENT}:51234", CLIENT),
        (f"[2001:db8::7]:443, {INNER}", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        (f"::ffff:{CLIENT}", CLIENT),
        (f"{INNER}", INNER),  # somebody inside, through the proxy
        ("unknown", EDGE),
        (f"{CLIENT}, garbage", EDGE),
        (f"{CLIENT}, ", EDGE),
        (f"{CLIENT}, 0x7f.1, {INNER}", INNER),
        ("", EDGE),
        (", ".join([LIAR] * 5_000 + [CLIENT]), CLIENT),
        (", ".join([CLIENT] + [INNER] * 5_000), INNER),
    ],
)
def test_behind_proxies_the_rightmost_address_that_is_none_of_theirs_counts(settings: Any, forwarded: str, client: str) -> None:
    assert proxies.address_of(seen(settings, EDGE, ["10.0.0.0/8"], HTTP_X_FORWARDED_FOR=forwarded)) == client


def test_only_a_proxy_says_that_a_request_was_encrypted(settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert seen(settings, EDGE, [f"{EDGE}/32"], HTTP_X_FORWARDED_PROTO="https").is_secure()
    assert not seen(settings, "10.0.0.6", [f"{EDGE}/32"], HTTP_X_FORWARDED_PROTO="https").is_secure()
    assert not seen(settings, EDGE, [f"{EDGE}/32"], HTTP_X_FORWARDED_PROTO="https, http").is_secure()
    assert not seen(settings, EDGE, [f"{EDGE}/32"], HTTP_X_FORWARDED_PROTO="HTTPS\t").is_secure()


def test_what_the_server_itself_read_from_headers_is_not_believed(settings: Any) -> None:
    """Uvicorn believes whoever asks from 127.0.0.1, by default, and puts what they claim where the connection's address belongs."""
    assert proxies.address_of(seen(settings, LIAR, [], REMOTE_PORT="0", HTTP_X_FORWARDED_FOR=LIAR)) == "127.0.0.1"
    behind = seen(settings, LIAR, ["127.0.0.1"], REMOTE_PORT="0", HTTP_X_FORWARDED_FOR=f"{LIAR}, {CLIENT}")
    assert proxies.address_of(behind) == CLIENT


def test_a_proxy_on_a_socket_of_this_machine_is_named_as_such(settings: Any) -> None:
    assert proxies.address_of(seen(settings, "", ["unix"], HTTP_X_FORWARDED_FOR=CLIENT)) == CLIENT
    assert proxies.address_of(seen(settings, "", [], HTTP_X_FORWARDED_FOR=CLIENT)) is None


@pytest.mark.parametrize("wrong", ["example.org", "10.0.0.0/33", "*", "10.0.0"])
def test_what_is_no_network_is_refused_in_words(settings: Any, wrong: str) -> None:
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        seen(settings, EDGE, [wrong])
