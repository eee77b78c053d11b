"""Ways to a server: through a command, through hops, of one family of addresses. A real sshd."""

from __future__ import annotations

import asyncio
import getpass
import re
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from farm.errors import BadInput, HostKeyUnknown, ServerUnreachable
from farm.model.server_settings import Ssh
from farm.ssh import SshShell
from farm.ssh.proxy_command import CommandSocket
from infra.local_sshd import LocalSshd
from tests.openssh import authorize, configure, make_key, public, run, said, sign
from tests.sshd import running_sshd

pytestmark = pytest.mark.live

RELAY = """
import os, socket, sys, threading
there = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while data := os.read(0, 65536):
        there.sendall(data)
    there.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := there.recv(65536):
    os.write(1, data)
"""


@pytest.fixture
async def sshd(tmp_path: Path) -> AsyncIterator[LocalSshd]:
    async with running_sshd(tmp_path / "sshd") as sshd:
        yield sshd


def configured(home: Path, text: str) -> Path:
    (home / ".ssh").mkdir(exist_ok=True)
    (home / ".ssh" / "config").write_text(text)
    return home


def media(sshd: LocalSshd, more: str) -> str:
    """`media` as an alias of the server."""
    return (
        f"Host media\n HostName 127.0.0.1\n Port {sshd.port}\n User {getpass.getuser()}\n"
        f" IdentityFile {sshd.ssh.key}\n {more}\n"
    )


async def test_a_command_is_gone_through_and_ends_with_the_connection(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    (tmp_path / "relay.py").write_text(RELAY)
    command = f"{sys.executable} {tmp_path}/relay.py %h %p"
    home = configured(tmp_path, media(sshd, f"ProxyCommand {command}"))
    shell = SshShell(replace(sshd.ssh, to="media", key=None), home=home)
    await shell.open()
    relays = [child for child in psutil.Process().children() if "relay.py" in child.cmdline()[1]]
    assert len(relays) == 1
    assert (await shell.run("echo here", 20, "test")).stdout == "here\n"
    assert not shell.here
    await shell.close()
    assert not psutil.pid_exists(relays[0].pid)


async def test_a_way_that_was_gone_once_is_gone_again_whatever_becomes_of_the_configuration(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    home = configured(tmp_path, media(sshd, "Compression yes"))
    shell = SshShell(replace(sshd.ssh, to="media", key=None), home=home)
    await shell.open()
    configured(home, "Host *\n Prot 22\n")
    await shell.close()
    await shell.open()
    assert (await shell.run("echo here", 20, "test")).stdout == "here\n"
    await shell.close()


async def test_a_command_that_leads_nowhere_is_shown_with_its_words(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    home = configured(tmp_path, media(sshd, "ProxyCommand echo 'no way to %h' >&2; exit 3"))
    with pytest.raises(ServerUnreachable, match=r"ProxyCommand \(echo\) .* it says no way to 127"):
        await said(replace(sshd.ssh, to="media", key=None), home)


async def test_a_command_that_fails_is_run_once(sshd: LocalSshd, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = f"sh -c 'echo one >> {runs}; echo no way >&2; exit 3'"
    home = configured(tmp_path, media(sshd, f"ProxyCommand {command}"))
    with pytest.raises(ServerUnreachable, match="it says no way"):
        await said(replace(sshd.ssh, to="media", key=None), home)
    assert runs.read_text() == "one\n"


def test_whoever_closes_second_knows_what_the_command_said() -> None:
    slow = "trap 'sleep 0.5; echo too late >&2; exit' HUP; echo up; while :; do sleep 0.05; done"
    way = CommandSocket.to(f'sh -c "{slow}"')
    assert way.recv(3) == b"up\n"
    first = threading.Thread(target=way.close)
    first.start()
    while way.fileno() != -1:
        time.sleep(0.01)
    way.close()
    assert "too late" in way.words
    first.join()


async def test_a_secret_of_a_command_is_its_shell_s_alone(
    sshd: LocalSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXY_TOKEN", "variable's secret")
    log = tmp_path / "log"
    command = f"sh -c 'echo \"$@\" > {log}; exit 3' relay --token 's3cret' \"${{PROXY_TOKEN}}\""
    home = configured(tmp_path, media(sshd, f"ProxyCommand {command}"))
    with pytest.raises(ServerUnreachable, match=r"ProxyCommand \(sh\) does not lead") as refusal:
        await said(replace(sshd.ssh, to="media", key=None), home)
    assert log.read_text() == "--token s3cret variable's secret\n"
    assert "s3cret" not in str(refusal.value)
    assert "variable" not in str(refusal.value)


@pytest.mark.parametrize(
    "forbidden", ["AllowTcpForwarding no", "PermitOpen 192.0.2.1:22", "DisableForwarding yes"]
)
async def test_a_hop_that_lets_nothing_through_is_said_to(
    sshd: LocalSshd, tmp_path: Path, forbidden: str
) -> None:
    async with running_sshd(tmp_path / "jump", forwarding=True) as jump:
        await configure(jump, forbidden)
        home, ssh = both(sshd, jump, tmp_path)
        with pytest.raises(ServerUnreachable, match=rf"{jump.port} does not forward to 127"):
            await said(ssh, home)


def both(sshd: LocalSshd, jump: LocalSshd, home: Path) -> tuple[Path, Ssh]:
    """The server by way of another one, either known and open to the same key."""
    authorize(jump, public(sshd.directory / "user_key"))
    known = home / "known_hosts"
    known.write_text(sshd.ssh.known_hosts.read_text() + jump.ssh.known_hosts.read_text())
    configured(home, f"Host 127.0.0.1\n IdentityFile {sshd.ssh.key}\n")
    return home, replace(sshd.ssh, jump=jump.ssh.to, known_hosts=known)


async def test_a_port_that_a_hop_does_not_reach_is_named_with_the_hop(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    async with running_sshd(tmp_path / "jump", forwarding=True) as jump:
        home, ssh = both(sshd, jump, tmp_path)
        ssh = replace(ssh, to=f"{getpass.getuser()}@127.0.0.1:1")
        with pytest.raises(
            ServerUnreachable, match=rf"port 1 cannot be reached from .*{jump.port}"
        ):
            await said(ssh, home)


async def test_a_hop_has_its_own_certificate_keys_and_known_hosts(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    async with running_sshd(tmp_path / "jump", forwarding=True) as jump:
        authority = make_key(tmp_path / "ca")
        host = sign(jump.directory / "host_key", authority, "-h", "-n", "the-jump")
        key = make_key(tmp_path / "key")
        sign(key, authority, "-n", getpass.getuser())
        await configure(jump, f"HostCertificate {host}", f"TrustedUserCAKeys {authority}.pub")
        (tmp_path / "known_of_jump").write_text(f"@cert-authority the-* {public(authority)}\n")
        home = configured(
            tmp_path,
            f"Host jump\n HostName 127.0.0.1\n Port {jump.port}\n HostKeyAlias the-jump\n"
            f" IdentityFile {key}\n UserKnownHostsFile {tmp_path}/known_of_jump\n"
            + media(sshd, f"ProxyJump jump\n UserKnownHostsFile {sshd.ssh.known_hosts}"),
        )
        assert await said(Ssh(to="media"), home) == "here"
        (tmp_path / "known_of_jump").write_text("")
        with pytest.raises(
            HostKeyUnknown, match=r"known_of_jump.*\| sed 's/\^\[\^ \]\*/the-jump/'"
        ):
            await said(Ssh(to="media"), home)


async def test_a_key_behind_two_hops_is_asked_for_through_both(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    async with (
        running_sshd(tmp_path / "one", forwarding=True) as one,
        running_sshd(tmp_path / "two", forwarding=True) as two,
    ):
        home, ssh = both(sshd, one, tmp_path)
        authorize(two, public(sshd.directory / "user_key"))
        known = one.ssh.known_hosts.read_text() + two.ssh.known_hosts.read_text()
        ssh.known_hosts.write_text(known)
        ssh = replace(ssh, jump=f"{one.ssh.to},{two.ssh.to}")
        me = getpass.getuser()
        with pytest.raises(
            HostKeyUnknown,
            match=rf"ssh -J {me}@127.0.0.1:{one.port} -p {two.port} {me}@127.0.0.1 ssh-keyscan",
        ):
            await said(ssh, home)
        ssh.known_hosts.write_text(known + sshd.ssh.known_hosts.read_text())
        assert await said(ssh, home) == "here"


async def test_a_key_behind_a_command_is_added_by_ssh_itself(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    (tmp_path / "relay.py").write_text(RELAY)
    command = f"{sys.executable} {tmp_path}/relay.py %h %p"
    home = configured(tmp_path, media(sshd, f"ProxyCommand {command}"))
    ssh = replace(sshd.ssh, to="media", known_hosts=tmp_path / "known")
    with pytest.raises(HostKeyUnknown) as refusal:
        await said(ssh, home)
    words = str(refusal.value).partition("add it: ssh ")[2]
    await asyncio.to_thread(run, "sh", "-c", f"ssh -F {home}/.ssh/config -o BatchMode=yes {words}")
    assert await said(ssh, home) == "here"


async def test_a_host_of_another_name_is_refused_with_the_command_that_then_works(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    home = configured(tmp_path, media(sshd, "HostKeyAlias the-server\n ConnectTimeout 9"))
    ssh = replace(sshd.ssh, to="media", known_hosts=tmp_path / "known")
    with pytest.raises(HostKeyUnknown) as refusal:
        await said(ssh, home)
    command = str(refusal.value).partition("add it: ")[2]
    await asyncio.to_thread(run, "sh", "-c", command)
    assert (tmp_path / "known").read_text().startswith("the-server ssh-ed25519 ")
    assert await said(ssh, home) == "here"


async def test_keys_that_go_nowhere_are_not_told_to_be_added_there(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    for files in ("/dev/null", "none"):
        home = configured(tmp_path, media(sshd, f"UserKnownHostsFile {files}"))
        with pytest.raises(
            HostKeyUnknown, match=r"name a file in server.ssh.known_hosts"
        ) as refusal:
            await said(Ssh(to="media"), home)
        assert "/dev/null" not in str(refusal.value).partition("add it")[2]


@pytest.mark.parametrize("value", ["no", "accept-new", "off"])
async def test_an_unknown_host_is_refused_however_lenient_ssh_is(
    sshd: LocalSshd, tmp_path: Path, value: str
) -> None:
    home = configured(tmp_path, media(sshd, f"StrictHostKeyChecking {value}"))
    with pytest.raises(HostKeyUnknown, match="StrictHostKeyChecking is not followed here"):
        await said(Ssh(to="media"), home)
    assert not (home / ".ssh" / "known_hosts").exists()


async def test_files_of_known_hosts_count_together(sshd: LocalSshd, tmp_path: Path) -> None:
    host = public(sshd.directory / "host_key")
    (tmp_path / "global").write_text(f"* {host}\n")
    files = f"UserKnownHostsFile {tmp_path}/absent\n GlobalKnownHostsFile {tmp_path}/global"
    home = configured(tmp_path, media(sshd, files))
    assert await said(Ssh(to="media"), home) == "here"
    assert await said(replace(sshd.ssh, to="media", known_hosts=Path("/dev/null")), home) == "here"
    (tmp_path / "absent").write_text(f"@revoked * {host}\n")
    with pytest.raises(HostKeyUnknown, match=rf"REVOKED by {tmp_path}/absent:1"):
        await said(Ssh(to="media"), home)


async def test_revoked_keys_in_a_list_are_refused(sshd: LocalSshd, tmp_path: Path) -> None:
    home = configured(tmp_path, media(sshd, f"RevokedHostKeys {tmp_path}/revoked"))
    ssh = replace(sshd.ssh, to="media")
    with pytest.raises(BadInput, match=r"RevokedHostKeys .*revoked cannot be read: No such file"):
        await said(ssh, home)
    (tmp_path / "revoked").write_text(f"{public(make_key(tmp_path / 'other'))}\n")
    assert await said(ssh, home) == "here"
    (tmp_path / "revoked").write_text(f"# stolen\n{public(sshd.directory / 'host_key')} lost\n")
    with pytest.raises(HostKeyUnknown, match=rf"REVOKED by {tmp_path}/revoked:2"):
        await said(ssh, home)
    run("ssh-keygen", "-k", "-f", tmp_path / "revoked", sshd.directory / "host_key.pub")
    with pytest.raises(BadInput, match=r"revoked is a KRL: expected a text"):
        await said(ssh, home)


async def test_its_address_counts_where_it_is_asked_for(sshd: LocalSshd, tmp_path: Path) -> None:
    home = configured(tmp_path, media(sshd, "AddressFamily inet6"))
    with pytest.raises(ServerUnreachable, match=r"127.0.0.1 (has no address|port)"):
        await said(replace(sshd.ssh, to="media"), home)
    home = configured(tmp_path, media(sshd, "AddressFamily inet\n BindAddress 127.0.0.5"))
    answer = await said(replace(sshd.ssh, to="media"), home, "echo $SSH_CONNECTION")
    assert re.match(r"127\.0\.0\.5 \d+ 127\.0\.0\.1", answer)


async def test_compression_is_used_where_it_is_asked_for(sshd: LocalSshd, tmp_path: Path) -> None:
    home = configured(tmp_path, media(sshd, "Compression yes"))
    shell = SshShell(replace(sshd.ssh, to="media"), home=home)
    await shell.open()
    assert (await shell.run("head -c 300000 /dev/zero", 20, "test")).stdout == "\0" * 300000
    assert shell._connections[-1]._transports[-1].local_compression == "zlib@openssh.com"
    await shell.close()


async def test_a_server_whose_ssh_is_too_old_is_said_to_be(sshd: LocalSshd, tmp_path: Path) -> None:
    rsa = make_key(sshd.directory / "rsa", kind="rsa")
    file = sshd.directory / "sshd_config"
    file.write_text(re.sub(r"(?m)^HostKey .*", f"HostKey {rsa}", file.read_text()))
    await configure(sshd, "HostKeyAlgorithms ssh-rsa")
    with pytest.raises(
        ServerUnreachable, match=r"speaks SSH, but nothing that is still safe.*SHA-1"
    ):
        await said(sshd.ssh, tmp_path)


@pytest.mark.parametrize(
    "written",
    ["ssh://{user}@127.0.0.1:{port}", "{user}@[127.0.0.1]:{port}", "{user}@localhost:{port}"],
)
async def test_destinations_as_people_write_them(
    sshd: LocalSshd, tmp_path: Path, written: str
) -> None:
    to = written.format(user=getpass.getuser(), port=sshd.port)
    sshd.ssh.known_hosts.write_text(f"* {public(sshd.directory / 'host_key')}\n")
    assert await said(replace(sshd.ssh, to=to), tmp_path) == "here"


async def test_an_ipv6_address_is_reached_and_known_by_its_name_in_brackets(
    sshd: LocalSshd, tmp_path: Path
) -> None:
    await configure(sshd, f"ListenAddress [::1]:{sshd.port}")
    ssh = replace(sshd.ssh, to=f"{getpass.getuser()}@[::1]:{sshd.port}")
    with pytest.raises(HostKeyUnknown):
        await said(ssh, tmp_path)
    sshd.ssh.known_hosts.write_text(f"[::1]:{sshd.port} {public(sshd.directory / 'host_key')}\n")
    assert await said(ssh, tmp_path) == "here"


@pytest.mark.parametrize(
    ("answer", "then", "complaint"),
    [
        (b"", "hang up", r"hung up without a word: .*MaxStartups"),
        (
            b"Exceeded MaxStartups\r\n",
            "hang up",
            r"turns connections away: it says 'Exceeded MaxStartups' \(it has too many connections",
        ),
        (
            b"Not allowed at this time\r\n",
            "hang up",
            r"turns connections away: it says 'Not allowed at this time' \(.*wait some minutes",
        ),
        (b"220 ESMTP\r\n", "hang up", r"does not speak SSH: it says '220 ESMTP'$"),
        (b"", "wait", r"does not speak SSH: it says nothing more within 1 s"),
        (b"SSH-2.0-odd\r\n", "wait", r"speaks SSH, but the handshake fails: it says nothing more"),
        (b"SSH-2.0-odd\r\n", "hang up", r"speaks SSH, but the handshake fails: \S"),
        (b"SSH-1.5-old\r\n", "hang up", r"speaks SSH, but nothing that is still safe: .*1\.5"),
    ],
)
async def test_what_hangs_up_is_told_from_what_speaks_otherwise(
    tmp_path: Path, answer: bytes, then: str, complaint: str
) -> None:
    over = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        if then == "wait":
            await over.wait()
        elif answer:
            await reader.readline()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        shell = SshShell(Ssh(to=f"me@127.0.0.1:{port}"), connect_within_s=1, home=tmp_path)
        try:
            with pytest.raises(ServerUnreachable, match=complaint):
                await shell.open()
        finally:
            over.set()
            await shell.close()
