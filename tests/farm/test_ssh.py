"""Commands on another machine: a real sshd on loopback, with keys made for the test."""

from __future__ import annotations

import asyncio
import getpass
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from farm.errors import BadInput, HostKeyUnknown, LoginRefused, ServerError, ServerUnreachable
from farm.model.server_settings import Ssh
from farm.ssh import SshShell
from infra.local_sshd import LocalSshd
from tests.sshd import running_sshd

pytestmark = pytest.mark.live


@pytest.fixture
async def sshd(tmp_path: Path) -> AsyncIterator[LocalSshd]:
    async with running_sshd(tmp_path / "sshd") as sshd:
        yield sshd


async def said(ssh: Ssh, home: Path, command: str = "echo here") -> str:
    shell = SshShell(ssh, home=home)
    try:
        await shell.open()
        return (await shell.run(command, 10, "test")).stdout.strip()
    finally:
        await shell.close()


async def test_a_command_answers_with_its_status_and_both_streams(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    shell = SshShell(sshd.ssh, home=tmp_path)
    await shell.open()
    answer = await shell.run("echo out; echo err >&2; exit 7", 10, "test")
    assert (answer.status, answer.stdout, answer.stderr) == (7, "out\n", "err\n")
    assert shell.here
    much = await shell.run("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2", 30, "test")
    assert (len(much.stdout), len(much.stderr)) == (3000000, 3000000)
    await shell.close()
    with pytest.raises(ServerUnreachable):
        await shell.run("true", 10, "test")


async def test_a_command_that_takes_too_long_names_the_setting(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    shell = SshShell(sshd.ssh, home=tmp_path)
    await shell.open()
    with pytest.raises(ServerError, match=r"`sleep 60` did not end within 0.3 s \(reset.ready\)"):
        await shell.run("sleep 60", 0.3, "reset.ready")
    with pytest.raises(
        ServerError, match=r"^a command did not end within 0.3 s \(a look\) on \S+$"
    ):
        await shell.run("echo one\nsleep 60", 0.3, "a look")
    assert (await shell.run("echo still there", 10, "test")).stdout == "still there\n"
    await shell.close()


async def test_a_channel_is_talked_to_and_ends_with_its_command(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    shell = SshShell(sshd.ssh, home=tmp_path)
    await shell.open()
    channel = await shell.channel('while read -r word; do echo "<$word>"; done; echo bye >&2')
    await channel.write(b"a\n")
    assert (await channel.read()).data == b"<a>\n"
    await channel.end_input()
    farewell = await channel.read()
    assert (farewell.data, farewell.error) == (b"bye\n", True)
    with pytest.raises(ServerUnreachable):
        await channel.read()
    await channel.close()
    await shell.close()


async def test_an_unknown_host_is_refused_with_the_command_that_then_works(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "known_hosts"
    ssh = replace(sshd.ssh, known_hosts=known_hosts)
    with pytest.raises(HostKeyUnknown) as refusal:
        await said(ssh, tmp_path)
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(sshd.directory / "host_key.pub")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[1]
    assert shown in str(refusal.value)
    command = str(refusal.value).partition("add it: ")[2]
    assert command.startswith(f"ssh-keyscan -p {sshd.port} 127.0.0.1 >> ")
    await asyncio.to_thread(subprocess.run, command, shell=True, check=True, capture_output=True)
    assert await said(ssh, tmp_path) == "here"


async def test_a_hashed_known_host_is_known(sshd: LocalSshd, tmp_path: Path) -> None:
    known_hosts = sshd.ssh.known_hosts
    subprocess.run(["ssh-keygen", "-H", "-f", str(known_hosts)], check=True, capture_output=True)
    assert "127.0.0.1" not in known_hosts.read_text()
    assert await said(sshd.ssh, tmp_path) == "here"


async def test_a_changed_host_key_is_said_to_have_changed(sshd: LocalSshd, tmp_path: Path) -> None:
    other = (sshd.directory / "user_key.pub").read_text()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {other}")
    with pytest.raises(HostKeyUnknown, match=r"CHANGED.*ssh-keygen -R"):
        await said(replace(sshd.ssh, known_hosts=tmp_path / "known_hosts"), tmp_path)


def key(folder: Path, kind: str, passphrase: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"id_{kind}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path)], check=True)
    return path


def authorize(sshd: LocalSshd, private: Path) -> None:
    with (sshd.directory / "authorized_keys").open("a") as file:
        file.write(Path(f"{private}.pub").read_text())


async def test_a_wrong_key_is_refused_and_named(sshd: LocalSshd, tmp_path: Path) -> None:
    wrong = key(tmp_path, "ed25519")
    with pytest.raises(LoginRefused) as refusal:
        await said(replace(sshd.ssh, key=wrong), tmp_path)
    assert str(wrong) in str(refusal.value)
    assert "Passwords are never asked" in str(refusal.value)


async def test_an_encrypted_key_is_said_to_be_encrypted(sshd: LocalSshd, tmp_path: Path) -> None:
    locked = key(tmp_path, "ed25519", "secret")
    authorize(sshd, locked)
    with pytest.raises(LoginRefused, match=f"encrypted, and not in the agent: ssh-add {locked}"):
        await said(replace(sshd.ssh, key=locked), tmp_path)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_keys_of_every_kind_are_found_in_the_home(
    sshd: LocalSshd, tmp_path: Path, kind: str
) -> None:
    authorize(sshd, key(tmp_path / ".ssh", kind))
    assert await said(replace(sshd.ssh, key=None), tmp_path) == "here"


async def test_the_public_half_of_a_key_names_it_too(sshd: LocalSshd, tmp_path: Path) -> None:
    assert sshd.ssh.key is not None
    ssh = replace(sshd.ssh, key=sshd.ssh.key.with_suffix(".pub"))
    assert await said(ssh, tmp_path) == "here"


async def test_the_agent_s_keys_are_offered(
    sshd: LocalSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(tmp_path / "agent")], stdout=subprocess.DEVNULL
    )
    try:
        while not (tmp_path / "agent").exists():
            await asyncio.sleep(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        subprocess.run(["ssh-add", str(sshd.ssh.key)], check=True, capture_output=True)
        assert await said(replace(sshd.ssh, key=None), tmp_path) == "here"
    finally:
        agent.terminate()
        agent.wait()


async def test_an_alias_of_the_user_s_configuration_is_followed(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(
        f"Host media\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {sshd.ssh.key}\n"
    )
    assert await said(replace(sshd.ssh, to="media", key=None), tmp_path) == "here"


async def test_a_jump_host_is_gone_through(sshd: LocalSshd, tmp_path: Path) -> None:
    async with running_sshd(tmp_path / "jump", forwarding=True) as jump:
        authorize(jump, sshd.directory / "user_key")
        known = tmp_path / "known_hosts"
        known.write_text(sshd.ssh.known_hosts.read_text() + jump.ssh.known_hosts.read_text())
        (tmp_path / ".ssh").mkdir()
        (tmp_path / ".ssh" / "config").write_text(
            f"Host 127.0.0.1\n  IdentityFile {sshd.ssh.key}\n"
        )
        ssh = replace(sshd.ssh, jump=jump.ssh.to, known_hosts=known)
        assert await said(ssh, tmp_path, "echo $SSH_CONNECTION") != ""
        assert "127.0.0.1 port" in jump.child.log.read_text()

        known.write_text(jump.ssh.known_hosts.read_text())
        with pytest.raises(HostKeyUnknown, match=rf"ssh -p {jump.port} \S+@127.0.0.1 ssh-keyscan"):
            await said(ssh, tmp_path)


async def test_what_answers_with_something_else_is_not_ssh(tmp_path: Path) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(ServerUnreachable, match="does not speak SSH"):
            await said(Ssh(to=f"someone@127.0.0.1:{port}"), tmp_path)
    with pytest.raises(ServerUnreachable, match=f"127.0.0.1 port {port} cannot be reached"):
        await said(Ssh(to=f"someone@127.0.0.1:{port}"), tmp_path)


@pytest.mark.parametrize(
    ("ssh", "complaint"),
    [
        (Ssh(to="a b"), "server.ssh.to: 'a b' is not user@host"),
        (Ssh(to="a@b:70000"), "server.ssh.to: 'a@b:70000' is not"),
        (Ssh(to="a@b", jump="x:y:z"), "server.ssh.jump: 'x:y:z' is not"),
        (Ssh(to="a@b", key=Path("/nowhere")), "server.ssh.key: /nowhere is not a file"),
    ],
)
async def test_bad_settings_are_named(tmp_path: Path, ssh: Ssh, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        await said(ssh, tmp_path)


async def test_jumping_in_a_circle_is_noticed(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host a\n ProxyJump b\nHost b\n ProxyJump a\n")
    with pytest.raises(BadInput, match="jumps in a circle"):
        await said(Ssh(to="a"), tmp_path)
