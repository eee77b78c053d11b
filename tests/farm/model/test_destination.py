"""`user@host:port` as people write it."""

from __future__ import annotations

import pytest

from farm.errors import BadInput
from farm.model.destination import Destination, in_url, parse_destination


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("kms", Destination("kms")),
        ("ubuntu@203.0.113.10", Destination("203.0.113.10", "ubuntu")),
        ("ubuntu@203.0.113.10:2222", Destination("203.0.113.10", "ubuntu", 2222)),
        ("ssh://me@kms.example.net:22", Destination("kms.example.net", "me", 22)),
        ("me@corp.example@kms", Destination("kms", "me@corp.example")),
        ("me@[127.0.0.1]:2222", Destination("127.0.0.1", "me", 2222)),
        ("ubuntu@[2001:db8::20]", Destination("2001:db8::20", "ubuntu")),
        ("ubuntu@[2001:db8::20]:2222", Destination("2001:db8::20", "ubuntu", 2222)),
        ("ubuntu@2001:db8::20", Destination("2001:db8::20", "ubuntu")),
        ("::1", Destination("::1")),
        ("::ffff:203.0.113.10", Destination("::ffff:203.0.113.10")),
        ("me@fe80::1%eth0", Destination("fe80::1%eth0", "me")),
        ("me@[fe80::1%br-lan.7]:22", Destination("fe80::1%br-lan.7", "me", 22)),
        ("2001:db8::20:22", Destination("2001:db8::20:22")),  # all of it is an address
    ],
)
def test_addresses_as_people_write_them(text: str, destination: Destination) -> None:
    assert parse_destination(text, "server.ssh.to") == destination


@pytest.mark.parametrize(
    "text",
    ["", "a b", "me@", "kms:0", "kms:65536", "kms:ssh", "[kms", "[::1", "::1]:22", "1::2::3"],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"^server\.ssh\.to: '.*' is not user@host or user@host:po"):
        parse_destination(text, "server.ssh.to")


def test_an_url_has_ipv6_addresses_in_brackets() -> None:
    assert in_url("2001:db8::20") == "[2001:db8::20]"
    assert in_url("kms.example.net") == "kms.example.net"
