"""Where messages of the bank may go, and how one is handed over. Nothing inside a network is reached by way of an address somebody typed.

An address is looked up here, and the connection goes to exactly the address that was looked at: a name that changes its mind in between
leads nowhere. Redirects are answers, not ways. Which addresses are public is said here and not by Python's `ipaddress`, whose answer
changed with its patch level.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

CONNECT_WITHIN = 5  # seconds
ANSWER_WITHIN = 10  # seconds, all in all
ANSWER_KEPT = 200  # characters

# IANA's registry of special-purpose addresses (RFC 6890, 8190), whole: also what it calls globally reachable is no receiver of messages.
_SPECIAL_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared between a provider and its customers; metadata of some clouds
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; metadata of some clouds
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunnelling
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "168.63.129.16/32",  # in no registry: the host's services of a cloud, reached from its machines only
    )
)
# The one part of IPv6 that is given out to networks. Outside of it lie loopback, compatible, mapped and translated IPv4, discard,
# segment routing, unique-local, link-local, site-local and multicast addresses, and what has no meaning yet.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID, …
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# How a network without IPv4 reaches one (RFC 6052): as public as the IPv4 address inside.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class BadTarget(ValueError):
    """Messages are not sent to such an address; the message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is None when nothing was answered; `problem` then says why, in words without an address."""

    status: int | None
    milliseconds: int
    problem: str = ""
    answer: str = ""
    retry_after: int | None = None

    @property
    def received(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def check(url: str, *, internal_hosts: Collection[str] = ()) -> None:
    """Whether messages may be sent there, as far as the address itself says.

    Args:
        internal_hosts: hosts inside the bank's network that it named as receivers itself, as host or host:port.
    Raises:
        BadTarget
    """
    _parts(url, internal_hosts)


def post(url: str, body: bytes, headers: Mapping[str, str], *, internal_hosts: Collection[str] = ()) -> Outcome:
    """Hand a message over. Whatever goes wrong is an outcome."""
    began = time.monotonic()
    status, problem, answer, retry_after = None, "", "", None
    try:
        parts = _parts(url, internal_hosts)
        connection = _Pinned(parts, _address(parts, internal_hosts))
        guard = threading.Timer(ANSWER_WITHIN, connection.give_up)
        guard.start()
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body=body, headers={**headers, "Host": parts.netloc, "Connection": "close"})
            response = connection.getresponse()
            status = response.status
            answer = "".join(c for c in response.read(1_000).decode("utf-8", "replace") if c.isprintable())[:ANSWER_KEPT]
            told = response.headers.get("Retry-After", "")
            retry_after = int(told) if told.isascii() and told.isdigit() and len(told) < 6 else None
        finally:
            guard.cancel()
            connection.close()
    except BadTarget as error:
        problem = str(error)
    except TimeoutError:
        problem = "did not answer in time"
    except ssl.SSLError:
        problem = "its certificate or encryption is not accepted"
    except (OSError, http.client.HTTPException, ValueError) as error:
        problem = f"cannot be reached ({type(error).__name__})" if status is None else "broke off its answer"
    taken = int((time.monotonic() - began) * 1000)
    if status is None and taken >= ANSWER_WITHIN * 1000:
        problem = "did not answer in time"
    return Outcome(status, taken, problem, answer, retry_after)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address belongs to the open internet, and to one receiver on it."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    address = ipaddress.IPv6Address(int(address))  # without the zone a link's address may bear
    if address in _TRANSLATED:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_UNICAST and not any(address in network for network in _SPECIAL_V6)


def _parts(url: str, internal_hosts: Collection[str]) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadTarget("This is not an address.") from error
    if not url.isascii() or not url.isprintable() or " " in url or not parts.hostname:
        raise BadTarget("This is not an address.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadTarget("An address holds no user, password or fragment.")
    if _is_ours(parts, internal_hosts):
        if parts.scheme not in ("http", "https"):
            raise BadTarget("Messages are sent over https.")
        return parts
    if parts.scheme != "https":
        raise BadTarget("Messages are sent over https.")
    if port == 0:
        raise BadTarget("This is not an address.")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    if not is_public(literal):
        raise BadTarget("Messages are not sent to addresses inside a network.")
    return parts


def _is_ours(parts: SplitResult, internal_hosts: Collection[str]) -> bool:
    return not {parts.hostname, f"{parts.hostname}:{parts.port}"}.isdisjoint(internal_hosts)


def _address(parts: SplitResult, internal_hosts: Collection[str]) -> tuple[str, int]:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    # One inner address among public ones is enough: whose answer counts is the name's owner's choice.
    if not _is_ours(parts, internal_hosts) and not all(is_public(ipaddress.ip_address(address)) for address in addresses):
        raise BadTarget("Messages are not sent to addresses inside a network.")
    return addresses[0], port


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was looked at, under the name it was looked up by."""

    def __init__(self, parts: SplitResult, address: tuple[str, int]) -> None:
        super().__init__(parts.hostname or "", address[1], timeout=CONNECT_WITHIN)
        self._address = address
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None

    def connect(self) -> None:
        self.sock = socket.create_connection(self._address, timeout=CONNECT_WITHIN)
        self.sock.settimeout(ANSWER_WITHIN)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)

    def give_up(self) -> None:
        """Called from outside when an answer drips in too slowly."""
        try:
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
