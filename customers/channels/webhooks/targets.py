"""Where messages may go, and how one is handed over. Nothing inside the bank's network is reached by way of a webhook.

An address is looked up here, and the connection goes to exactly the address that was looked at: a name that changes its mind in between
leads nowhere. Redirects are answers, not ways.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

CONNECT_WITHIN = 5  # seconds
ANSWER_WITHIN = 10  # seconds, all in all
ANSWER_KEPT = 200  # characters
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


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


def check(url: str) -> None:
    """Whether messages may be sent there, as far as the address itself says.

    Raises:
        BadTarget
    """
    _parts(url)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Hand a message over. Whatever goes wrong is an outcome."""
    began = time.monotonic()
    status, problem, answer, retry_after = None, "", "", None
    try:
        parts = _parts(url)
        connection = _Pinned(parts, _address(parts))
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


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadTarget("This is not an address.") from error
    if not url.isascii() or not url.isprintable() or " " in url or not parts.hostname:
        raise BadTarget("This is not an address.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadTarget("An address holds no user, password or fragment.")
    if _is_ours(parts):
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
    if not _is_public(literal):
        raise BadTarget("Messages are not sent to addresses inside a network.")
    return parts


def _is_ours(parts: SplitResult) -> bool:
    """Hosts the bank itself named as receivers inside its network, as host or host:port."""
    return not {parts.hostname, f"{parts.hostname}:{parts.port}"}.isdisjoint(settings.WEBHOOK_INTERNAL_HOSTS)


def _address(parts: SplitResult) -> tuple[str, int]:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    if not _is_ours(parts) and not all(_is_public(ipaddress.ip_address(address)) for address in addresses):
        raise BadTarget("Messages are not sent to addresses inside a network.")
    return addresses[0], port


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inside is None and address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return _is_public(inside)
    return address.is_global and not address.is_multicast


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
