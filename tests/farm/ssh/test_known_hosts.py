"""Lines of known_hosts, without a host: names, markers, what is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import BadInput
from farm.model.destination import Destination, parse_destination
from farm.ssh.host_keys import preferred
from farm.ssh.known_hosts import KnownHosts, Marker

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
HASHED = "|1|JfKTdBh7rNbXkVAQCRp4OQoPfmI=|USECr3SWf1JUPsms5AqfD5QfxkM="
"""sshd(8) has it as an example of a name that nobody knows."""


def known(folder: Path, *lines: str) -> KnownHosts:
    file = folder / "known_hosts"
    file.write_bytes("\n".join(lines).encode())
    return KnownHosts([folder / "absent", file])


@pytest.mark.parametrize(
    ("names", "name", "expected"),
    [
        ("media.test", "media.test", True),
        ("media.test", "MEDIA.test", True),
        ("Media.TEST", "media.test", True),
        ("*.test", "media.test", True),
        ("*.test", "media.test.example", False),
        ("media.tes?", "media.test", True),
        ("media.tes?", "media.tes", False),
        ("[10.0.0.*]:2222", "[10.0.0.7]:2222", True),
        ("[10.0.0.*]:2222", "10.0.0.7", False),
        ("10.0.0.*", "[10.0.0.7]:2222", False),
        ("*,!media.test", "media.test", False),
        ("!media.test,*", "media.test", False),
        ("!other.test", "media.test", False),
        ("media.test,[2001:db8::1]:22", "[2001:db8::1]:22", True),
        ("media+test", "media+test", True),
        ("mediaatest", "media.test", False),
        (HASHED, "media.test", False),
        ("|1|%%%|%%%", "media.test", False),
    ],
)
def test_names_of_a_line(tmp_path: Path, names: str, name: str, expected: bool) -> None:
    assert bool(known(tmp_path, f"{names} {KEY} comment").of(name)) is expected


def test_a_line_of_a_host_has_its_marker_and_its_place(tmp_path: Path) -> None:
    hosts = known(
        tmp_path, "# keys", "", f"* {KEY}", f"@revoked media {KEY}", f"\t@cert-authority * {KEY}"
    )
    keys = hosts.of("media")
    assert [(key.marker, key.line) for key in keys] == [
        (Marker.HOST, 3),
        (Marker.REVOKED, 4),
        (Marker.AUTHORITY, 5),
    ]
    assert [key.exactly for key in keys] == [False, True, False]
    assert keys[0].fingerprint == "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"


def test_lines_whose_key_is_broken_are_passed_over_and_named(tmp_path: Path) -> None:
    hosts = known(tmp_path, f"media {KEY[:-8]}", "media", "@what media x y", f"media {KEY}")
    assert [key.line for key in hosts.of("media")] == [4]
    assert hosts.broken("media") == [f"{tmp_path}/known_hosts:1", f"{tmp_path}/known_hosts:2"]
    assert not hosts.broken("other")


def test_a_file_that_cannot_be_read_is_no_known_host_and_is_said(tmp_path: Path) -> None:
    hosts = KnownHosts([tmp_path])
    assert not hosts.of("media")
    assert hosts.unreadable == [f"{tmp_path} cannot be read: Is a directory"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("media", Destination("media")),
        ("me@media:2222", Destination("media", "me", 2222)),
        ("me@[2001:db8::1]:2222", Destination("2001:db8::1", "me", 2222)),
        ("[fe80::1%eth0]", Destination("fe80::1%eth0")),
        ("ssh://me@media:22", Destination("media", "me", 22)),
        ("me@example.org@media", Destination("media", "me@example.org")),
    ],
)
def test_destinations(text: str, expected: Destination) -> None:
    assert parse_destination(text, "server.ssh.to") == expected


@pytest.mark.parametrize(
    "text", ["", "@media", "a b", "media:0", "media:70000", "2001:db8::1:x", "a/b"]
)
def test_what_is_no_destination(text: str) -> None:
    with pytest.raises(BadInput, match=r"server.ssh.to: .* is not user@host"):
        parse_destination(text, "server.ssh.to")


def test_algorithms_of_known_keys_come_first(tmp_path: Path) -> None:
    (tmp_path / "rsa").write_text("media ssh-rsa AAAAB3NzaC1yc2EAAAABAQ==\n")
    names = ("ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256")
    by_rsa = KnownHosts([tmp_path / "rsa"])
    assert preferred(names, by_rsa, ("media",)) == (*names[2:], *names[:2])
    assert preferred(names, by_rsa, ("[media]:2222", "media")) == (*names[2:], *names[:2])
    assert preferred(names, by_rsa, ("other",)) == names
    revoked = known(tmp_path, f"@revoked * {KEY}", f"other {KEY}")
    assert preferred(names[::-1], revoked, ("media", "other"))[:2] == names[1::-1]
    authority = known(tmp_path, f"@cert-authority * {KEY}")
    assert preferred(names[::-1], authority, ("media",))[0] == names[0]
