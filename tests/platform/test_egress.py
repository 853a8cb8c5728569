"""Messages leave for the open internet alone: IANA's registries of special addresses, in every spelling that hides one."""

import csv
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankos.platform import egress

with (Path(__file__).parent / "special_purpose_addresses.csv").open(encoding="utf-8", newline="") as file:
    REGISTRY = [ip_network(row["Address Block"]) for row in csv.DictReader(file)]
V4 = [network for network in REGISTRY if isinstance(network, IPv4Network)]
V6 = [network for network in REGISTRY if isinstance(network, IPv6Network)]
INSIDE = "Messages are not sent to addresses inside a network."


def some_of(network: IPv4Network | IPv6Network) -> Iterator[IPv4Address | IPv6Address]:
    first, last = int(network.network_address), int(network.broadcast_address)
    for number in {first, min(first + 1, last), (first + last) // 2, max(last - 1, first), last}:
        yield ip_address(number) if network.version == 4 else IPv6Address(number)


def url_of(address: IPv4Address | IPv6Address) -> str:
    return f"https://{address}/" if address.version == 4 else f"https://[{address}]/"


@pytest.mark.parametrize("network", REGISTRY, ids=str)
def test_no_special_address_is_a_receiver(network: IPv4Network | IPv6Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither written out nor as what a name leads to; no connection is tried."""
    monkeypatch.setattr(socket, "create_connection", lambda *args, **more: pytest.fail(f"connects to {args[0]}"))
    for address in some_of(network):
        with pytest.raises(egress.BadTarget, match=INSIDE):
            egress.check(url_of(address))
        answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (str(address), 443))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, answer=answer, **more: answer)
        outcome = egress.post("https://a-name.example/", b"{}", {})
        assert (outcome.status, outcome.problem) == (None, INSIDE)


@pytest.mark.parametrize("network", V4, ids=str)
@pytest.mark.parametrize("prefix", ["64:ff9b::", "::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b:1::", "64:ff9b:1:7:8::"])
def test_no_ipv4_address_hides_in_an_ipv6_one(network: IPv4Network, prefix: str) -> None:
    for address in some_of(network):
        assert not egress.is_public(IPv6Address(int(IPv6Address(prefix)) | int(address)))


@given(st.sampled_from(V4).flatmap(lambda network: st.integers(int(network.network_address), int(network.broadcast_address))))
def test_tunnels_to_special_addresses_are_closed(number: int) -> None:
    assert not egress.is_public(IPv6Address((0x2002 << 112) | (number << 80)))  # 6to4
    assert not egress.is_public(IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)))  # Teredo's client
    assert not egress.is_public(IPv6Address((0x20010000 << 96) | (number << 64) | 0xF7F7F7F7))  # Teredo's server


@given(st.integers(0, 2**128 - 1))
def test_what_is_not_given_out_to_networks_is_not_public(number: int) -> None:
    address = IPv6Address(number)
    if egress.is_public(address):
        assert address in IPv6Network("2000::/3") or address in IPv6Network("64:ff9b::/96")
        assert not any(address in network for network in V6)


@given(st.integers(0, 2**32 - 1))
def test_every_other_ipv4_address_is_public(number: int) -> None:
    address = IPv4Address(number)
    special = any(address in network for network in V4) or address == IPv4Address("168.63.129.16")
    assert egress.is_public(address) is not special
    assert egress.is_public(IPv6Address(f"64:ff9b::{address}")) is not special  # an IPv6 network's way to it


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "192.0.1.1", "172.32.0.1", "100.128.0.1", "198.17.255.255", "223.255.255.255", "2606:4700:4700::1111",
                "2a00:1450:4001:80b::200e", "2001:4860:4860::8888", "2001:200::1", "2003::1", "2620:4f:8001::1", "3ffe::1",
                "64:ff9b::808:808"],
)  # fmt: skip
def test_what_lies_just_beside_is_reached(address: str) -> None:
    egress.check(url_of(ip_address(address)))


@pytest.mark.parametrize(
    "metadata", ["169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"]
)
def test_no_cloud_tells_its_machines_secrets(metadata: str) -> None:
    assert not egress.is_public(ip_address(metadata))


def test_the_answer_does_not_hang_on_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IPv4Address, "is_global", True)
    monkeypatch.setattr(IPv6Address, "is_global", True)
    for network in REGISTRY:
        assert not any(egress.is_public(address) for address in some_of(network)), network


@pytest.mark.parametrize("host", ["0x7f.1", "0177.0.0.1", "127.1", "2130706433", "[fe80::1%25lo]", "[::1%25lo]", "localhost.", "LOCALHOST"])
def test_odd_spellings_of_this_machine_lead_nowhere(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *args, **more: pytest.fail(f"connects to {args[0]}"))
    outcome = egress.post(f"https://{host}/", b"{}", {})
    assert outcome.status is None


def test_one_inner_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: both)
    monkeypatch.setattr(socket, "create_connection", lambda *args, **more: pytest.fail("connects"))
    assert egress.post("https://both.example/", b"{}", {}).problem == INSIDE


def test_a_name_is_looked_up_once_and_the_connection_goes_there(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, connected = [], []

    def getaddrinfo(host: str, port: int, **more: Any) -> list[Any]:
        looked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14" if len(looked) == 1 else "127.0.0.1", port))]

    def create_connection(address: tuple[str, int], **more: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", create_connection)
    assert egress.post("https://rebinding.example/", b"{}", {}).problem == "cannot be reached (ConnectionRefusedError)"
    assert (looked, connected) == (["rebinding.example"], [("93.184.215.14", 443)])
