"""A host is trusted when OpenSSH trusts it: a real sshd, and `ssh` beside the farm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from farm.errors import HostKeyUnknown
from infra.local_sshd import LocalSshd
from tests.openssh import configure, make_key, public, said, said_by_openssh, sign
from tests.sshd import running_sshd

pytestmark = pytest.mark.live

NO_CERTIFICATE = {
    "its own line": ("[127.0.0.1]:{port} {host}", True),
    "a line of host and address": ("[media.test]:{port},[127.0.0.1]:{port} {host}", True),
    "a pattern in brackets": ("[127.0.0.*]:{port} {host}", True),
    "a question mark": ("[127.0.0.?]:{port} {host}", True),
    "a pattern of all": ("* {host}", True),
    "a pattern of another network": ("[10.0.0.*]:{port} {host}", False),
    "brackets are no set of signs": ("[0-9.]* {host}", False),
    "all but this one": ("*,![127.0.0.1]:{port},!127.0.0.1 {host}", False),
    "all but another one": ("*,![127.0.0.2]:{port} {host}", True),
    "its name without the port": ("127.0.0.1 {host}", True),
    "another key without the port": ("127.0.0.1 {other}", False),
    "two keys": ("[127.0.0.1]:{port} {other}\n[127.0.0.1]:{port} {host}", True),
    "another key": ("[127.0.0.1]:{port} {other}", False),
    "revoked": ("[127.0.0.1]:{port} {host}\n@revoked * {host}", False),
    "revoked elsewhere": ("[127.0.0.1]:{port} {host}\n@revoked *.example {host}", True),
    "another key revoked": ("[127.0.0.1]:{port} {host}\n@revoked * {other}", True),
    "an authority is no host's key": ("@cert-authority * {host}", False),
    "an authority beside its line": ("@cert-authority * {ca}\n* {host}", True),
    "a marker that is unknown": ("@trusted * {host}", False),
    "two markers": ("@cert-authority @revoked * {host}\n* {host}", True),
    "a comment": ("# * {host}", False),
    "words behind the key": ("   *\t{host}   of the test", True),
    "a type that is not the key's": ("* ssh-rsa {host_key}", False),
    "a key that is cut short": ("* {cut}", False),
}
BROKEN = (
    "*",
    "* ssh-ed25519",
    "* ssh-ed25519 %%%",
    "* ssh-ed25519 AAAA",
    "|1|broken ssh-ed25519 AAAA",
    "|2|AAAA|AAAA {host}",
    "@cert-authority",
    "@cert-authority *",
    "@cert-authority * ssh-ed25519 AAAAC3",
    "@revoked",
    "\x00\x01\udcff\udcfe",
    "* {cut}",
)


@pytest.fixture
async def sshd(tmp_path: Path) -> AsyncIterator[LocalSshd]:
    async with running_sshd(tmp_path / "sshd") as sshd:
        make_key(sshd.directory / "other")
        make_key(sshd.directory / "ca")
        yield sshd


def known(sshd: LocalSshd, text: str) -> None:
    """What known_hosts has, with the keys in it."""
    host, other, ca = (public(sshd.directory / name) for name in ("host_key", "other", "ca"))
    words = {"host": host, "other": other, "ca": ca, "host_key": host.split()[1]}
    words |= {"cut": host[:-16], "port": str(sshd.port)}
    file = sshd.ssh.known_hosts
    file.write_bytes((text.format(**words) + "\n").encode(errors="surrogateescape"))


async def trusted(sshd: LocalSshd, home: Path) -> bool:
    try:
        return await said(sshd.ssh, home) == "here"
    except HostKeyUnknown:
        return False


@pytest.mark.parametrize("case", NO_CERTIFICATE)
async def test_a_line_means_what_it_means_to_openssh(
    sshd: LocalSshd, tmp_path: Path, case: str
) -> None:
    text, expected = NO_CERTIFICATE[case]
    known(sshd, text)
    assert await trusted(sshd, tmp_path) is expected
    assert (await said_by_openssh(sshd) == "here") is expected


async def test_lines_that_are_broken_are_passed_over(sshd: LocalSshd, tmp_path: Path) -> None:
    known(sshd, "\n".join((*BROKEN, "[127.0.0.1]:{port} {host}")))
    assert await said(sshd.ssh, tmp_path) == "here"
    assert await said_by_openssh(sshd) == "here"


CERTIFICATES = {
    "of this host": (("-h", "-n", "127.0.0.1"), True),
    "of any host": (("-h",), True),
    "of several": (("-h", "-n", "media.test,127.0.0.1"), True),
    "of another host": (("-h", "-n", "media.test"), False),
    "of a pattern": (("-h", "-n", "127.0.0.*"), False),
    "of a user": (("-n", "127.0.0.1"), False),
    "expired": (("-h", "-V", "20200101:20200102"), False),
    "of the future": (("-h", "-V", "+1d:+2d"), False),
    "valid today": (("-h", "-V", "-1d:+1d"), True),
    "with an option that is unknown": (("-h", "-O", "critical:odd@example.net=1"), False),
    "with an extension": (("-h", "-O", "extension:odd@example.net=1"), True),
}


@pytest.mark.parametrize("case", CERTIFICATES)
async def test_a_certificate_vouches_where_openssh_says_so(
    sshd: LocalSshd, tmp_path: Path, case: str
) -> None:
    options, expected = CERTIFICATES[case]
    certificate = sign(sshd.directory / "host_key", sshd.directory / "ca", *options)
    await configure(sshd, f"HostCertificate {certificate}")
    known(sshd, "@cert-authority [127.0.0.1]:* {ca}")
    assert await trusted(sshd, tmp_path) is expected
    assert (await said_by_openssh(sshd) == "here") is expected


async def test_a_certificate_that_does_not_vouch_leaves_the_key(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    expired = ("-h", "-V", "20200101:20200102")
    certificate = sign(sshd.directory / "host_key", sshd.directory / "ca", *expired)
    await configure(sshd, f"HostCertificate {certificate}")
    known(sshd, "@cert-authority * {ca}")
    with pytest.raises(HostKeyUnknown, match="does not vouch for it: it expired 2020-01-02"):
        await said(sshd.ssh, tmp_path)
    known(sshd, "@cert-authority * {ca}\n* {host}")
    assert await said(sshd.ssh, tmp_path) == "here"
    assert await said_by_openssh(sshd) == "here"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@cert-authority * {other}", False),
        ("@cert-authority *.example.net {ca}", False),
        ("@cert-authority * {ca}\n@revoked * {ca}", False),
        ("@cert-authority * {ca}\n@revoked * {host}", False),
        ("* {ca}", False),
        ("@cert-authority 127.0.0.1 {ca}", True),
        ("@cert-authority * {ca}\n[127.0.0.1]:{port} {other}", True),
    ],
)
async def test_an_authority_is_trusted_for_its_hosts(
    sshd: LocalSshd, tmp_path: Path, text: str, expected: bool
) -> None:
    await configure(
        sshd, f"HostCertificate {sign(sshd.directory / 'host_key', sshd.directory / 'ca', '-h')}"
    )
    known(sshd, text)
    assert await trusted(sshd, tmp_path) is expected
    assert (await said_by_openssh(sshd) == "here") is expected


@pytest.mark.parametrize(
    ("kind", "authority", "options", "expected"),
    [
        ("ecdsa", "ecdsa", (), True),
        ("rsa", "ed25519", (), True),
        ("ed25519", "rsa", ("-t", "rsa-sha2-512"), True),
        ("ed25519", "rsa", ("-t", "ssh-rsa"), False),
    ],
)
async def test_certificates_of_every_kind(
    sshd: LocalSshd,
    tmp_path: Path,
    kind: str,
    authority: str,
    options: tuple[str, ...],
    expected: bool,
) -> None:
    key = make_key(sshd.directory / "second", kind=kind)
    ca = make_key(sshd.directory / "second_ca", kind=authority)
    await configure(sshd, f"HostKey {key}", f"HostCertificate {sign(key, ca, '-h', *options)}")
    known(sshd, f"@cert-authority * {public(ca)}")
    assert await trusted(sshd, tmp_path) is expected
    assert (await said_by_openssh(sshd) == "here") is expected


async def test_of_several_keys_a_host_is_asked_for_the_one_that_is_known(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    rsa = make_key(sshd.directory / "rsa", kind="rsa")
    await configure(sshd, f"HostKey {rsa}")
    known(sshd, f"[127.0.0.1]:{{port}} {public(rsa)}")
    assert await said(sshd.ssh, tmp_path) == "here"
    assert await said_by_openssh(sshd) == "here"


async def test_a_revoked_key_is_said_to_be_revoked(sshd: LocalSshd, tmp_path: Path) -> None:
    known(sshd, "[127.0.0.1]:{port} {host}\n@revoked * {host}")
    with pytest.raises(HostKeyUnknown, match=rf"REVOKED by {sshd.ssh.known_hosts}:2"):
        await said(sshd.ssh, tmp_path)


async def test_a_line_that_cannot_be_read_is_named(sshd: LocalSshd, tmp_path: Path) -> None:
    known(sshd, "[127.0.0.1]:{port} {cut}")
    with pytest.raises(HostKeyUnknown, match=rf"line at {sshd.ssh.known_hosts}:1 cannot be read"):
        await said(sshd.ssh, tmp_path)
    known(sshd, "127.0.0.* {host}")
    with pytest.raises(HostKeyUnknown, match="is not in"):
        await said(replace(sshd.ssh, known_hosts=tmp_path), tmp_path)


async def test_another_key_of_a_pattern_is_to_be_mended_by_hand(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    known(sshd, "[127.0.0.*]:{port} {other}")
    with pytest.raises(HostKeyUnknown, match=r"CHANGED.*correct .*known_hosts:1, whose pattern"):
        await said(sshd.ssh, tmp_path)
