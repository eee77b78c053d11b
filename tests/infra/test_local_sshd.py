"""The throw-away SSH daemon lets in one key, and leaves nothing."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from farm.errors import LoginRefused
from farm.processes import Processes
from farm.ssh import SshShell
from infra.local_sshd import local_sshd, locked

pytestmark = pytest.mark.live


async def said(shell: SshShell) -> str:
    try:
        await shell.open()
        return (await shell.run("echo here", 20, "test")).stdout.strip()
    finally:
        await shell.close()


async def test_it_is_reached_by_the_setting_that_it_gives(tmp_path: Path) -> None:
    async with Processes(tmp_path / "logs") as processes:
        async with local_sshd(processes) as sshd:
            assert await said(SshShell(sshd.ssh, home=tmp_path)) == "here"
            sockets = psutil.Process(sshd.child.pid).net_connections(kind="inet")
            assert [socket.laddr.ip for socket in sockets] == ["127.0.0.1"]
        assert not sshd.child.alive
        assert sshd.directory.exists()
    assert not sshd.directory.exists()


async def test_another_daemon_s_key_is_not_let_in(tmp_path: Path) -> None:
    async with (
        Processes(tmp_path / "logs") as processes,
        local_sshd(processes) as one,
        local_sshd(processes) as other,
    ):
        (one.directory / "user_key").write_bytes((other.directory / "user_key").read_bytes())
        with pytest.raises(LoginRefused):
            await said(SshShell(one.ssh, home=tmp_path))


async def test_the_same_daemon_can_come_back(tmp_path: Path) -> None:
    async with Processes(tmp_path / "logs") as processes:
        async with local_sshd(processes) as first:
            pass
        async with local_sshd(processes, directory=first.directory, port=first.port) as second:
            assert second.ssh == first.ssh
            assert await said(SshShell(first.ssh, home=tmp_path)) == "here"


async def test_it_is_only_for_who_runs_it(tmp_path: Path) -> None:
    async with Processes(tmp_path / "logs") as processes, local_sshd(processes) as sshd:
        allowed = (sshd.directory / "sshd_config").read_text()
        assert f"AllowUsers {psutil.Process(os.getpid()).username()}" in allowed


def test_a_locked_root_is_recognised() -> None:
    shadow = "root:!:20000:0:99999:7:::\nme:$y$j9T$abc:20000::::::\nodd\n"
    assert locked(shadow, "root")
    assert locked(shadow.replace("!", "!*"), "root")
    assert not locked(shadow.replace("!", "*"), "root")
    assert not locked(shadow, "me")
    assert not locked(shadow, "nobody else")
