"""OpenSSH's daemon, client and keys, with which the farm's SSH is compared."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from farm.model.server_settings import Ssh
from farm.ssh import SshShell
from infra.local_sshd import LocalSshd


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=check, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30
    )


def make_key(path: Path, *options: str, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A key pair, `path` and `path.pub`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run("ssh-keygen", "-q", "-t", kind, "-N", passphrase, *options, "-f", path)
    return path


def public(private: Path) -> str:
    """`type key`, as files have it."""
    return " ".join(Path(f"{private}.pub").read_text().split()[:2])


def sign(private: Path, authority: Path, *options: str) -> Path:
    """A certificate beside the key, `private-cert.pub`."""
    run("ssh-keygen", "-q", "-s", authority, "-I", "test", *options, f"{private}.pub")
    return Path(f"{private}-cert.pub")


def authorize(sshd: LocalSshd, *lines: str) -> None:
    with (sshd.directory / "authorized_keys").open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


async def configure(sshd: LocalSshd, *lines: str) -> None:
    """Put lines before those of its sshd_config, where the first one counts, and reload it.

    Before sshd has its handlers a SIGHUP ends it. It listens before it has them and writes its pid
    file after; when it reloads, it removes that file and writes it anew.
    """
    file = sshd.directory / "sshd_config"
    file.write_text("\n".join((*lines, file.read_text())))
    written = sshd.directory / "sshd.pid"
    async with asyncio.timeout(30):
        await _until(written.exists)
        listening = sshd.child.log.read_text().count("Server listening")
        os.kill(sshd.child.pid, signal.SIGHUP)
        await _until(lambda: sshd.child.log.read_text().count("Server listening") > listening)


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.02)


async def said(ssh: Ssh, home: Path, command: str = "echo here") -> str:
    """The output of a command that the farm's SSH runs."""
    shell = SshShell(ssh, home=home)
    try:
        await shell.open()
        return (await shell.run(command, 20, "test")).stdout.strip()
    finally:
        await shell.close()


async def said_by_openssh(sshd: LocalSshd, *options: str) -> str:
    """The output of a command that `ssh` runs; empty where the login is refused."""
    known = f"UserKnownHostsFile={sshd.ssh.known_hosts}"
    fixed = ("BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", known)
    command = ["ssh", "-F", "none", *(word for each in fixed for word in ("-o", each)), *options]
    user, _, address = sshd.ssh.to.partition("@")
    host, _, port = address.partition(":")
    answer = await asyncio.to_thread(
        run,
        *command,
        "-i",
        str(sshd.ssh.key),
        "-p",
        port,
        f"{user}@{host}",
        "echo here",
        check=False,
    )
    return answer.stdout.strip()
