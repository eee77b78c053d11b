"""Keys of every format, certificates, agents, and what a server still asks for: a real sshd."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socket import AF_UNIX
from socket import socket as socket_of

import pytest

from farm.errors import LoginRefused
from infra.local_sshd import LocalSshd
from tests.openssh import authorize, configure, make_key, public, run, said, sign
from tests.sshd import running_sshd

pytestmark = pytest.mark.live

PASSPHRASE = "a secret"


@pytest.fixture
async def sshd(tmp_path: Path) -> AsyncIterator[LocalSshd]:
    async with running_sshd(tmp_path / "sshd") as sshd:
        yield sshd


@contextmanager
def agent(folder: Path, *, variable: pytest.MonkeyPatch | None = None) -> Iterator[Path]:
    """An agent without keys, at a socket."""
    path = folder / "agent"
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not answers(path):
            assert process.poll() is None
        if variable is not None:
            variable.setenv("SSH_AUTH_SOCK", str(path))
        yield path
    finally:
        process.terminate()
        process.wait()


def answers(agent: Path) -> bool:
    """Whether an agent listens at the socket: it is there a moment before that."""
    with socket_of(AF_UNIX) as client:
        return client.connect_ex(str(agent)) == 0


def add(socket: Path, private: Path) -> None:
    """To the agent; a key with a passphrase is read without one, from a copy."""
    run("env", f"SSH_AUTH_SOCK={socket}", "ssh-add", "-q", private)


def openssl_key(path: Path, *options: str) -> Path:
    """A PKCS#8 key, with its public half in `path.pub`."""
    run("openssl", "genpkey", *options, "-out", path)
    path.chmod(0o600)
    return path


FORMATS = {
    "RSA, PEM": ("rsa", "PEM"),
    "RSA, PKCS#8": ("rsa", "PKCS8"),
    "RSA, OpenSSH": ("rsa", "RFC4716"),
    "ECDSA, PEM": ("ecdsa", "PEM"),
    "ECDSA, PKCS#8": ("ecdsa", "PKCS8"),
    "ECDSA, OpenSSH": ("ecdsa", "RFC4716"),
    "Ed25519, OpenSSH": ("ed25519", "RFC4716"),
}


@pytest.mark.parametrize("case", FORMATS)
async def test_a_key_of_any_format_logs_in(sshd: LocalSshd, tmp_path: Path, case: str) -> None:
    kind, form = FORMATS[case]
    key = make_key(tmp_path / "key", "-m", form, kind=kind)
    authorize(sshd, public(key))
    Path(f"{key}.pub").unlink()
    assert await said(replace(sshd.ssh, key=key), tmp_path) == "here"


async def test_an_ed25519_key_of_pkcs_8_logs_in(sshd: LocalSshd, tmp_path: Path) -> None:
    key = openssl_key(tmp_path / "key", "-algorithm", "ed25519")
    authorize(sshd, public_of_pkcs8(key))
    assert key.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert await said(replace(sshd.ssh, key=key), tmp_path) == "here"


def public_of_pkcs8(key: Path) -> str:
    """ssh-keygen knows no Ed25519 in PKCS#8."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    loaded = load_pem_private_key(key.read_bytes(), None)
    return loaded.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.mark.parametrize("form", ["PEM", "PKCS8", "RFC4716"])
@pytest.mark.parametrize("half", [True, False])
async def test_a_key_with_a_passphrase_is_the_agent_s(
    sshd: LocalSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, half: bool
) -> None:
    key = make_key(tmp_path / "key", "-m", form, kind="rsa")
    authorize(sshd, public(key))
    with agent(tmp_path, variable=monkeypatch) as socket:
        add(socket, key)
        run("ssh-keygen", "-q", "-p", "-m", form, "-P", "", "-N", PASSPHRASE, "-f", key)
        if not half:
            Path(f"{key}.pub").unlink()
        assert await said(replace(sshd.ssh, key=key), tmp_path) == "here"


async def test_a_key_file_that_nobody_can_read_is_the_agent_s(
    sshd: LocalSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(tmp_path / "key")
    authorize(sshd, public(key))
    with agent(tmp_path, variable=monkeypatch) as socket:
        add(socket, key)
        key.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        assert await said(replace(sshd.ssh, key=key), tmp_path) == "here"
        key.unlink()
        assert await said(replace(sshd.ssh, key=Path(f"{key}.pub")), tmp_path) == "here"
        assert await said(replace(sshd.ssh, key=key), tmp_path) == "here"
    with pytest.raises(LoginRefused, match=rf"key {key}.pub \(only its public half is here"):
        await said(replace(sshd.ssh, key=Path(f"{key}.pub")), tmp_path)


async def trust_certificates(sshd: LocalSshd) -> Path:
    authority = make_key(sshd.directory / "user_ca")
    await configure(sshd, f"TrustedUserCAKeys {authority}.pub")
    return authority


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_a_certificate_beside_the_key_logs_in(
    sshd: LocalSshd, tmp_path: Path, kind: str
) -> None:
    authority = await trust_certificates(sshd)
    key = make_key(tmp_path / "key", kind=kind)
    with pytest.raises(LoginRefused):
        await said(replace(sshd.ssh, key=key), tmp_path)
    sign(key, authority, "-n", user(sshd))
    assert await said(replace(sshd.ssh, key=key), tmp_path) == "here"


def user(sshd: LocalSshd) -> str:
    return sshd.ssh.to.partition("@")[0]


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
async def test_a_certificate_that_is_named_logs_in(
    sshd: LocalSshd, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = await trust_certificates(sshd)
    key = make_key(tmp_path / "key", kind=kind)
    elsewhere = sign(key, authority, "-n", user(sshd)).rename(tmp_path / "certificate")
    (tmp_path / ".ssh").mkdir()
    config = tmp_path / ".ssh" / "config"
    config.write_text(f"IdentityFile {key}\nCertificateFile {elsewhere}\n")
    assert await said(replace(sshd.ssh, key=None), tmp_path) == "here"
    with agent(tmp_path, variable=monkeypatch) as socket:
        add(socket, key)
        key.unlink()
        config.write_text(f"IdentitiesOnly yes\nCertificateFile {elsewhere}\n")
        assert await said(replace(sshd.ssh, key=None), tmp_path) == "here"


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
async def test_a_certificate_in_the_agent_logs_in(
    sshd: LocalSshd, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = await trust_certificates(sshd)
    key = make_key(tmp_path / "key", kind=kind)
    certificate = sign(key, authority, "-n", user(sshd))
    with agent(tmp_path, variable=monkeypatch) as socket:
        add(socket, key)
        certificate.unlink()
        key.unlink()
        assert await said(replace(sshd.ssh, key=None), tmp_path) == "here"


async def test_a_certificate_that_expired_is_said_to_have_expired(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    authority = await trust_certificates(sshd)
    key = make_key(tmp_path / "key")
    sign(key, authority, "-n", user(sshd), "-V", "20200101:20200102")
    with pytest.raises(LoginRefused, match=r"key-cert.pub \(it expired 2020-01-02 .* UTC\)"):
        await said(replace(sshd.ssh, key=key), tmp_path)


@pytest.mark.parametrize(
    ("methods", "also", "wanted"),
    [
        ("publickey,password", "PasswordAuthentication yes", "password"),
        (
            "publickey,keyboard-interactive",
            "KbdInteractiveAuthentication yes",
            "keyboard-interactive",
        ),
        (
            "publickey,password publickey,keyboard-interactive",
            "PasswordAuthentication yes\nKbdInteractiveAuthentication yes",
            "password, keyboard-interactive",
        ),
    ],
)
async def test_what_the_server_still_asks_for_is_said(
    sshd: LocalSshd, tmp_path: Path, methods: str, also: str, wanted: str
) -> None:
    await configure(sshd, f"AuthenticationMethods {methods}", also, "UsePAM yes")
    with pytest.raises(LoginRefused) as refusal:
        await said(sshd.ssh, tmp_path)
    assert f"the key was accepted; the server still asks for: {wanted} (" in str(refusal.value)
    assert f"accepted: key {sshd.ssh.key}" in str(refusal.value)


async def test_a_server_that_wants_two_keys_is_given_two(sshd: LocalSshd, tmp_path: Path) -> None:
    await configure(sshd, "AuthenticationMethods publickey,publickey")
    with pytest.raises(LoginRefused, match="the server still asks for: publickey"):
        await said(sshd.ssh, tmp_path)
    second = make_key(tmp_path / "key")
    authorize(sshd, public(second))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(
        f"IdentityFile {sshd.ssh.key}\nIdentityFile {second}\n"
    )
    assert await said(replace(sshd.ssh, key=None), tmp_path) == "here"


async def test_a_server_that_takes_no_keys_is_said_to(sshd: LocalSshd, tmp_path: Path) -> None:
    await configure(
        sshd, "PubkeyAuthentication no", "PasswordAuthentication yes", "AuthenticationMethods any"
    )
    with pytest.raises(LoginRefused, match="accepts no key: it wants password"):
        await said(sshd.ssh, tmp_path)


async def test_a_server_that_takes_no_more_tries_is_said_to(
    sshd: LocalSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await configure(sshd, "MaxAuthTries 3")
    with agent(tmp_path, variable=monkeypatch) as socket:
        for number in range(4):
            add(socket, make_key(tmp_path / f"other{number}"))
        assert sshd.ssh.key is not None
        add(socket, sshd.ssh.key)
        with pytest.raises(LoginRefused, match=r"no more than 3 keys a connection \(MaxAuthTries"):
            await said(replace(sshd.ssh, key=None), tmp_path)
        assert await said(sshd.ssh, tmp_path) == "here"


async def test_a_server_that_takes_no_rsa_keys_is_offered_the_others(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    await configure(sshd, "PubkeyAcceptedAlgorithms ssh-ed25519")
    make_key(tmp_path / ".ssh" / "id_rsa", kind="rsa")
    authorize(sshd, public(make_key(tmp_path / ".ssh" / "id_ed25519")))
    assert await said(replace(sshd.ssh, key=None), tmp_path) == "here"


async def test_the_agent_that_is_named_is_asked(sshd: LocalSshd, tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(f"IdentityAgent {tmp_path}/agent\n")
    with agent(tmp_path) as socket:
        assert sshd.ssh.key is not None
        add(socket, sshd.ssh.key)
        assert await said(replace(sshd.ssh, key=None), tmp_path) == "here"


async def test_an_agent_that_is_gone_or_talks_nonsense_holds_no_key(
    sshd: LocalSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "gone"))
    assert await said(sshd.ssh, tmp_path) == "here"
    with pytest.raises(LoginRefused, match=f"agent at {tmp_path}/gone does not answer: .*No such"):
        await said(replace(sshd.ssh, key=None), tmp_path)

    for number, answer in enumerate(
        (b"", b"\0\0\0\0", b"\0\0\0\x01\x05", b"\0\0\0\x05\x0c\0\0\0\x09")
    ):

        async def talk(
            _: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes = answer
        ) -> None:
            writer.write(answer)
            writer.close()

        async with await asyncio.start_unix_server(talk, tmp_path / f"odd{number}"):
            monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / f"odd{number}"))
            assert await said(sshd.ssh, tmp_path) == "here"


async def test_a_key_that_the_agent_does_not_sign_with_leaves_the_others_their_turn(
    sshd: LocalSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = make_key(tmp_path / "named")
    authorize(sshd, public(named), public(make_key(tmp_path / ".ssh" / "id_ed25519")))
    with agent(tmp_path, variable=monkeypatch) as socket:
        # An agent that asks first, with nobody there to say yes, signs nothing.
        run("env", f"SSH_AUTH_SOCK={socket}", "ssh-add", "-q", "-c", named)
        named.unlink()
        with pytest.raises(LoginRefused, match="the agent did not sign"):
            await said(replace(sshd.ssh, key=Path(f"{named}.pub")), tmp_path)
        assert await said(replace(sshd.ssh, key=None), tmp_path) == "here"


async def test_a_key_that_is_named_and_not_there_is_said_to_be_missing(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(f"IdentityFile {tmp_path}/gone\n")
    with pytest.raises(LoginRefused, match=rf"tried: key {tmp_path}/gone \(No such file"):
        await said(replace(sshd.ssh, key=None), tmp_path)
