"""A real sshd on loopback for tests: the one that the demo uses, with the test's own folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from farm.processes import Processes
from infra.local_sshd import LocalSshd, local_sshd


@asynccontextmanager
async def running_sshd(
    folder: Path, *, forwarding: bool = False, forced: str | None = None, limits: str = ""
) -> AsyncIterator[LocalSshd]:
    """The daemon, its keys and its log in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    async with (
        Processes(folder / "logs") as processes,
        local_sshd(
            processes, directory=folder, forwarding=forwarding, forced=forced, limits=limits
        ) as sshd,
    ):
        yield sshd
