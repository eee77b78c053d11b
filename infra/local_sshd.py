"""A throw-away SSH daemon on loopback: for `farm demo` and for tests.

Its configuration and keys are in a temporary directory. It listens on 127.0.0.1 only, and accepts
only the key that was made for it, for the user who runs it. The machine's own SSH is neither read
nor changed.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from farm.errors import MissingTool, ProcessError
from farm.model.server_settings import Ssh
from farm.processes import Child, Processes, matches

TRIES = 5
SHADOW = Path("/etc/shadow")
SEPARATION = Path("/run/sshd")
"""Root's sshd refuses to start without this empty directory (Debian makes it when it boots)."""

CONFIGURATION = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/authorized_keys
PidFile {directory}/sshd.pid
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers {user}
UsePAM {pam}
StrictModes no
UseDNS no
PrintMotd no
LogLevel INFO
AllowTcpForwarding {forwarding}
ForceCommand {forced}
{limits}
"""


@dataclass(frozen=True, slots=True)
class LocalSshd:
    """`ssh` is the setting that reaches it, `child` its process, `directory` its files."""

    ssh: Ssh
    port: int
    directory: Path
    child: Child[re.Match[str]]


def sshd_program() -> Path | None:
    """The path of the daemon; `None` if it is not installed."""
    found = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return Path(found) if found and shutil.which("ssh-keygen") else None


@asynccontextmanager
async def local_sshd(
    processes: Processes,
    *,
    port: int | None = None,
    directory: Path | None = None,
    forwarding: bool = False,
    forced: str | None = None,
    limits: str = "",
) -> AsyncIterator[LocalSshd]:
    """Run an SSH daemon while the body runs.

    With the `directory` and the `port` of an earlier one the same daemon starts again. `forwarding`
    allows jumps through it; `forced` is the command that every login runs (ForceCommand in
    sshd_config(5)), `limits` are further lines of its configuration, such as MaxSessions. Raises
    MissingTool, ProcessError.
    """
    program = sshd_program()
    if program is None:
        raise MissingTool("sshd and ssh-keygen are not on this machine: apt install openssh-server")
    directory = directory or processes.temporary_directory("farm-sshd-")
    await _make_keys(processes, directory)
    for attempt in range(TRIES):
        chosen = port or _free_port()
        _write_files(directory, chosen, forwarding, forced, limits)
        try:
            child = await processes.start(
                "sshd",
                [program, "-D", "-e", "-f", directory / "sshd_config"],
                ready=matches(r"Server listening on \S+ port \d+"),
            )
        except ProcessError as error:
            # Another process may have taken the port since it was free: sshd cannot choose one.
            if "Address already in use" not in str(error) or attempt == TRIES - 1:
                raise
            continue
        try:
            yield LocalSshd(_reached_by(directory, chosen), chosen, directory, child)
        finally:
            await child.stop()
        return


def _reached_by(directory: Path, port: int) -> Ssh:
    return Ssh(
        to=f"{getpass.getuser()}@127.0.0.1:{port}",
        key=directory / "user_key",
        known_hosts=directory / "known_hosts",
    )


async def _make_keys(processes: Processes, directory: Path) -> None:
    for name in ("host_key", "user_key"):
        if (directory / name).exists():
            continue
        status, _, complaint = await processes.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "farm", "-f", directory / name],
            within_s=20,
        )
        if status != 0:
            raise ProcessError(f"ssh-keygen failed: {complaint.decode(errors='replace').strip()}")


def _write_files(
    directory: Path, port: int, forwarding: bool, forced: str | None, limits: str
) -> None:
    """Write the files that sshd reads, and known_hosts for its clients."""
    if os.geteuid() == 0:
        SEPARATION.mkdir(mode=0o755, exist_ok=True)
    host_key = (directory / "host_key.pub").read_text()
    (directory / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
    (directory / "authorized_keys").write_text((directory / "user_key.pub").read_text())
    (directory / "sshd_config").write_text(
        CONFIGURATION.format(
            port=port,
            directory=directory,
            user=getpass.getuser(),
            forwarding="yes" if forwarding else "no",
            forced=forced or "none",
            limits=limits,
            pam="yes"
            if os.geteuid() == 0 and locked(SHADOW.read_text(), getpass.getuser())
            else "no",
        )
    )


def locked(shadow: str, user: str) -> bool:
    """Whether `/etc/shadow` locks the account, as installers with a sudo user do to root.

    Without PAM root's sshd refuses every login to a locked account, whatever the key.
    """
    passwords = dict(line.split(":")[:2] for line in shadow.splitlines() if ":" in line)
    return passwords.get(user, "").startswith("!")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
