"""Where a request comes from: the peer's address, or what a proxy the bank named says of it. Nobody else's word is taken.

`TRUSTED_PROXIES` lists the networks of these proxies (CIDR; `unix` for a proxy on a socket of this machine). Without any, forwarding
headers are dropped unread. Uvicorn's own reading of them, which believes whoever asks from 127.0.0.1, is to be off (`--no-proxy-headers`);
where it is on, what it made of them is not believed either.
"""

import ipaddress
from collections.abc import Callable
from functools import lru_cache

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

log = structlog.get_logger("bankos.proxies")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNIX = "unix"
MOST_HOPS = 20
# What says where a request came from, how, and what it was called there. Others of their kind are read by nothing of ours.
FORWARDING = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
)


class ClientAddressMiddleware:
    """Sets `REMOTE_ADDR` to the client's address, and leaves `X-Forwarded-Proto` only if a trusted proxy sent it. First of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        peer = _peer(request)
        trusted = _is_trusted(peer)
        forwarded_for = meta.get("HTTP_X_FORWARDED_FOR", "")
        proto = meta.get("HTTP_X_FORWARDED_PROTO", "")
        for header in FORWARDING:
            meta.pop(header, None)
        client = _client(peer, forwarded_for) if trusted else peer
        meta["REMOTE_ADDR"] = str(client) if client is not None else ""
        if trusted and proto in ("http", "https"):
            meta["HTTP_X_FORWARDED_PROTO"] = proto
        return self.get_response(request)


def address_of(request: HttpRequest | Request) -> str | None:
    """The client's address, if there is one."""
    return request.META.get("REMOTE_ADDR") or None


@lru_cache(maxsize=8)
def networks(given: tuple[str, ...]) -> tuple[Network, ...]:
    """What TRUSTED_PROXIES names, `unix` left out. Raises ImproperlyConfigured."""
    try:
        return tuple(ipaddress.ip_network(one.strip(), strict=False) for one in given if one.strip() not in ("", UNIX))
    except ValueError as error:
        raise ImproperlyConfigured(
            f"TRUSTED_PROXIES: {error}. Write networks as 10.0.0.0/8 or 2001:db8::/32, separated by commas."
        ) from None


def _is_trusted(address: Address | None) -> bool:
    if address is None:
        return UNIX in settings.TRUSTED_PROXIES
    return any(address in network for network in networks(tuple(settings.TRUSTED_PROXIES)) if network.version == address.version)


def _peer(request: HttpRequest) -> Address | None:
    """Who opened the connection; None on a socket of this machine."""
    given = request.META.get("REMOTE_ADDR", "")
    # No connection comes from port 0: uvicorn has put there what a header claims, as it believes this machine (its default).
    if str(request.META.get("REMOTE_PORT", "")) == "0":
        log.warning("proxies.server_reads_headers", advice="start uvicorn with --no-proxy-headers and name proxies in TRUSTED_PROXIES")
        return ipaddress.IPv4Address("127.0.0.1")
    return _read(given)


def _client(peer: Address | None, forwarded_for: str) -> Address | None:
    """From the nearest proxy outwards: the first address that is no proxy of ours. What cannot be read ends the search, unbelieved."""
    nearest = peer
    for named in reversed(forwarded_for.split(",")[-MOST_HOPS:] if forwarded_for else []):
        address = _read(named)
        if address is None:
            return nearest
        nearest = address
        if not _is_trusted(address):
            return address
    return nearest


def _read(text: str) -> Address | None:
    """An address as proxies write it: alone or with a port, IPv6 with a port in brackets."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return found.ipv4_mapped or ipaddress.IPv6Address(int(found))
    return found
