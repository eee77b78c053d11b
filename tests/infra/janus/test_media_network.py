"""Which interface carries the media of a Janus on this machine."""

from __future__ import annotations

import pytest

from farm.errors import BadInput
from infra.janus.media_network import interface_of, media_interface, without_loopback

INTERFACES = [("docker0", "172.17.0.1"), ("eth0", "10.0.0.5"), ("eth0", "203.0.113.7")]


def test_every_address_of_an_interface_that_is_not_loopback_can_be_used() -> None:
    addresses = {
        "lo": ["127.0.0.1", "10.255.255.254"],
        "docker0": ["172.17.0.1"],
        "eth0": ["10.0.0.5", "203.0.113.7"],
        "eth1": [],
    }
    assert without_loopback(addresses) == INTERFACES


def test_a_wanted_address_has_its_interface_and_one_that_is_not_there_is_refused() -> None:
    assert interface_of("203.0.113.7", INTERFACES) == "eth0"
    assert interface_of(None, INTERFACES) == "docker0"
    with pytest.raises(
        BadInput,
        match=r"^--address: 10\.9\.9\.9: expected an IPv4 address .*: it has 172\.17",
    ):
        interface_of("10.9.9.9", INTERFACES)
    with pytest.raises(BadInput, match=r"^--address: 127\.0\.0\.1: "), media_interface("127.0.0.1"):
        pass
