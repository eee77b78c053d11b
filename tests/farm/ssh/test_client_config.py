"""ssh's configuration is what `ssh -G` says it is; without OpenSSH it is read as well as may be."""

from __future__ import annotations

import os
import resource
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from farm.errors import BadInput
from farm.model.server_settings import Ssh
from farm.ssh import check_settings
from farm.ssh.client_config import Reader, host_config
from farm.ssh.route import Hop, route

pytestmark = pytest.mark.live


@pytest.fixture
def no_openssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def configured(home: Path, text: str) -> Path:
    (home / ".ssh").mkdir(exist_ok=True)
    (home / ".ssh" / "config").write_text(text)
    return home


def system_file(home: Path) -> Path:
    """What stands for /etc/ssh/ssh_config; it is not there, unless a test writes it."""
    return home / "ssh_config of the system"


def reading(home: Path, **how: Any) -> Reader:
    return partial(host_config, system_file=system_file(home), **how)


def way(home: Path, to: str = "media", read: Reader | None = None, **settings: Any) -> list[Hop]:
    return route(Ssh(to=to, **settings), home, read or reading(home))


def last(home: Path, to: str = "media", read: Reader | None = None, **settings: Any) -> Hop:
    return way(home, to, read, **settings)[-1]


def test_an_included_file_counts(tmp_path: Path) -> None:
    (tmp_path / "more").write_text("Host media\n HostName 192.0.2.7\n User other\n Port 2222\n")
    home = configured(tmp_path, f'Include "{tmp_path}/mo*"\nHost *\n User ubuntu\n')
    assert str(last(home)) == "other@192.0.2.7:2222"
    assert str(last(home, "me@media:22")) == "me@192.0.2.7"
    assert last(home).configured_by == "ssh -G"


def test_match_counts_where_it_matches(tmp_path: Path) -> None:
    home = configured(
        tmp_path,
        "Host media\n HostName 192.0.2.7\n"
        "Match host 192.0.2.7 user admin\n Port 2201\n"
        'Match originalhost media exec "test %n = media"\n IdentityFile /keys/%r@%h:%p\n'
        "Match host 192.0.2.8\n Port 2202\n",
    )
    assert str(last(home, "admin@media")) == "admin@192.0.2.7:2201"
    assert str(last(home, "root@media")) == "root@192.0.2.7"
    assert last(home, "root@media").keys == (Path("/keys/root@192.0.2.7:22"),)


def test_the_system_s_file_counts_behind_the_user_s(tmp_path: Path) -> None:
    system_file(tmp_path).write_text("Host media\n User of_all\n Port 2203\n")
    home = configured(tmp_path, "Host media\n User mine\n")
    assert str(last(home)) == "mine@media:2203"


def test_what_a_hop_takes_from_it(tmp_path: Path) -> None:
    home = configured(
        tmp_path,
        "Host media\n HostKeyAlias the-server\n IdentitiesOnly yes\n IdentityFile ~/.ssh/a\n"
        " CertificateFile ~/.ssh/%n-cert.pub\n IdentityAgent ~/agent\n Compression yes\n"
        ' UserKnownHostsFile /known/a "/known/b c"\n GlobalKnownHostsFile none\n ConnectTimeout 7\n'
        " AddressFamily inet6\n BindAddress ::1\n CheckHostIP yes\n"
        " HostKeyAlgorithms ssh-ed25519\n",
    )
    hop = last(home)
    assert hop.entries == ("the-server",)
    assert hop.only_these
    assert hop.certificates == (home / ".ssh" / "media-cert.pub",)
    assert (hop.compressed, hop.connect_within_s, hop.family, hop.bind) == (True, 7, "inet6", "::1")
    assert hop.known_hosts == (Path("/known/a"), Path("/known/b c"))
    assert hop.check_address
    assert hop.host_key_algorithms == ("ssh-ed25519",)
    assert last(home, known_hosts=Path("~/mine")).known_hosts == (home / "mine",)


def test_without_a_word_of_it_openssh_s_defaults_hold(tmp_path: Path) -> None:
    hop = last(tmp_path)
    assert hop.known_hosts[0] == tmp_path / ".ssh" / "known_hosts"
    assert Path("/etc/ssh/ssh_known_hosts") in hop.known_hosts
    assert tmp_path / ".ssh" / "id_ed25519" in hop.keys
    assert hop.entries == ("media",)
    assert last(tmp_path, "MEDIA.Example:2222").entries == (
        "[media.example]:2222",
        "media.example",
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [("none", None), ("SSH_AUTH_SOCK", "/of/all"), ("$OTHER", "/of/one"), ("/a/b", "/a/b")],
)
def test_the_agent_is_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, expected: str | None
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/of/all")
    monkeypatch.setenv("OTHER", "/of/one")
    assert last(configured(tmp_path, "")).agent == "/of/all"
    home = configured(tmp_path, f"Host media\n IdentityAgent {words}\n")
    assert last(home).agent == expected


def test_jumps_come_in_their_order_each_with_its_own_settings(tmp_path: Path) -> None:
    home = configured(
        tmp_path,
        "Host media\n ProxyJump u1@one,two:2202\n ProxyCommand nc %h\n"
        "Host one\n HostName 192.0.2.1\n Port 2201\n"
        "Host two\n HostName 192.0.2.2\n User u2\n ProxyJump three\n"
        "Host plain\n ProxyJump [2001:db8::1]:2203\n",
    )
    hops = way(home, "root@media")
    assert [str(hop) for hop in hops] == ["u1@192.0.2.1:2201", "u2@192.0.2.2:2202", "root@media"]
    (jump, _) = way(home, "plain")
    assert (jump.host, jump.port) == ("2001:db8::1", 2203)
    assert [hop.host for hop in way(home, "two")] == ["three", "192.0.2.2"]
    assert [hop.host for hop in way(home, jump="none")] == ["media"]


def test_a_command_to_go_through_has_its_tokens(tmp_path: Path) -> None:
    home = configured(
        tmp_path, "Host media\n HostName 192.0.2.7\n ProxyCommand nc -x %n %h %p %%\n"
    )
    assert last(home).proxy_command == "nc -x media 192.0.2.7 22 %"
    assert last(home, jump="me@jump").proxy_command is None
    home = configured(tmp_path, "Host media\n ProxyCommand relay ${HOME} %h\n")
    assert last(home).proxy_command == "relay ${HOME} media"
    assert last(configured(tmp_path, "Host media\n ProxyCommand none\n")).proxy_command is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Host *\n Prot 22\n", "ssh -G media: .*/config: line 2: Bad configuration option: prot"),
        ("Host *\n Port many\n", "ssh -G media: .*Bad port 'many'"),
        ("Host media\n HostKeyAlgorithms ssh-rsa\n", "HostKeyAlgorithms ssh-rsa of media"),
        ("Host media\n ProxyUseFdpass yes\n ProxyCommand nc %h\n", "ProxyUseFdpass of media"),
    ],
)
def test_what_openssh_would_refuse_is_said_in_a_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(BadInput, match=complaint) as refusal:
        last(configured(tmp_path, text))
    assert "\n" not in str(refusal.value)


def test_a_command_of_match_that_hangs_is_ended(tmp_path: Path) -> None:
    home = configured(tmp_path, 'Match exec "sleep 1234.5"\n Port 1\n')
    with pytest.raises(BadInput, match=r"ssh -G media does not answer within 0.5 s: does Match"):
        last(home, read=reading(home, within_s=0.5))
    commands = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
    assert not [command for command in commands if b"1234.5" in command]


def test_a_machine_that_can_start_no_program_is_said_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "somebody")
    last(tmp_path)
    free = os.dup(0)
    os.close(free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        with pytest.raises(BadInput, match=r"ssh -G media cannot be run here: .*Too many open"):
            last(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_doctor_s_words_say_who_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(configured(tmp_path, "Host media\n Port 2222\n")))
    words, read = "SSH to me@media:2222; ssh's configuration read by ", reading(tmp_path)
    assert check_settings(Ssh(to="me@media"), read) == words + "ssh -G"
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    by = "paramiko's reader (no OpenSSH client is installed here)"
    assert check_settings(Ssh(to="me@media"), read) == words + by


def test_without_openssh_the_rest_is_read(tmp_path: Path, no_openssh: None) -> None:
    system_file(tmp_path).write_text("Host *\n Port 2204\n")
    home = configured(
        tmp_path,
        f"Include {tmp_path}/more\nHost media\n HostName 192.0.2.7\n IdentityFile ~/.ssh/%r\n"
        ' UserKnownHostsFile ~/known "~/.ssh/more known"\n HostKeyAlias alias\n'
        " ProxyJump me@jump\n",
    )
    jump, hop = way(home, "root@media")
    assert (str(jump), str(hop)) == ("me@jump:2204", "root@192.0.2.7:2204")
    assert hop.known_hosts[:2] == (home / "known", home / ".ssh" / "more known")
    assert hop.entries == ("alias",)
    assert hop.configured_by.endswith("which does not follow Include")
    plain = last(home, "other")
    assert plain.known_hosts[0] == home / ".ssh" / "known_hosts"
    assert home / ".ssh" / "id_ed25519" in plain.keys


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('Match exec "true"\n Port 1\n', "Match exec .* without OpenSSH's client"),
        ("Host *\n Port many\n", "port 'many' of media"),
        ("Match nonsense\n", "cannot be read"),
    ],
)
def test_without_openssh_what_cannot_be_read_is_said(
    tmp_path: Path, no_openssh: None, text: str, complaint: str
) -> None:
    with pytest.raises(BadInput, match=complaint):
        last(configured(tmp_path, text))


def test_a_program_of_that_name_that_is_not_openssh_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ssh"
    program.write_text(f"#!/bin/sh\necho Dropbear v2022.83 >&2\necho x >>{tmp_path}/asked\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert "paramiko" in last(tmp_path).configured_by
    assert (tmp_path / "asked").read_text() == "x\n"


def test_an_account_without_a_name_has_its_user_written(tmp_path: Path) -> None:
    read = reading(tmp_path, account=lambda: None)
    assert str(last(tmp_path, "me@media", read)) == "me@media"
    with pytest.raises(BadInput, match="this account has no name: expected user@host"):
        last(tmp_path, read=read)
