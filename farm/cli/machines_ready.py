"""Waits until machines that were just made have booted, and installs this farm on them."""

from __future__ import annotations

import asyncio
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from farm.bench.media_server import answers
from farm.errors import CloudError, FarmError, ServerError, ServerUnreachable
from farm.hosts.ray import ray_version
from farm.model.inventory import Inventory
from farm.model.server_settings import Ssh
from farm.server.shell import Shell
from farm.ssh import SshShell
from infra.aws.cloud_init import READY_FILE
from infra.farm_wheel import pack

Say = Callable[[str], None]

BOOTED_WITHIN_S = 900.0
INSTALLED_WITHIN_S = 900.0
ANSWERS_WITHIN_S = 120.0
RETRY_S = 5.0
COMMAND_S = 30.0
INSTALL = ("sudo", "-n", "/usr/local/sbin/install-farm")


def wait_until_ready(inventory: Inventory, say: Say) -> None:
    """Wait until all are booted and have this farm, and the media server answers.

    Raises CloudError.
    """
    try:
        asyncio.run(_ready(inventory, say))
    except ExceptionGroup as group:
        first = next((e for e in group.exceptions if isinstance(e, FarmError)), None)
        if first is None:
            raise
        raise CloudError(f"{first}; `farm provision` again continues from there") from group


async def _ready(inventory: Inventory, say: Say) -> None:
    heads = {
        (host.place, host.region): host.private_address or "here"
        for host in inventory.hosts or ()
        if host.ray == "head"
    }
    with tempfile.TemporaryDirectory(prefix="farm-wheel-") as folder:
        wheel = pack(Path(folder))
        async with asyncio.TaskGroup() as machines:
            if inventory.server is not None and inventory.server.ssh is not None:
                machines.create_task(_server(inventory, inventory.server.ssh, wheel, say))
            for host in inventory.hosts or ():
                if host.ssh is not None:
                    of_place = heads.get((host.place, host.region), "here")
                    words = ray_words(host.name, "here" if host.ray == "head" else of_place)
                    machines.create_task(prepare(host.name, host.ssh, wheel, say, words))


async def _server(inventory: Inventory, ssh: Ssh, wheel: Path, say: Say) -> None:
    server = inventory.server
    assert server is not None  # noqa: S101 - the caller checked
    await prepare("server", ssh, wheel, say, (), then=server.reset)
    end_s = asyncio.get_running_loop().time() + ANSWERS_WITHIN_S
    while not await answers(server.kurento):
        if asyncio.get_running_loop().time() > end_s:
            raise CloudError(
                f"server: {server.kurento} does not answer within {ANSWERS_WITHIN_S:g} s: "
                f"ssh {ssh.to} sudo journalctl -u kurento"
            )
        await asyncio.sleep(RETRY_S)
    say(f"server: Kurento answers at {server.kurento}")


def ray_words(name: str, head: str) -> tuple[str, ...]:
    """The arguments of a host's `install-farm`: its head, its name, this machine's Python and Ray.

    Ray accepts only clients with the same versions.
    """
    ray = ray_version()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (head, name, python, *(() if ray is None else (ray,)))


async def prepare(
    name: str, ssh: Ssh, wheel: Path, say: Say, words: Sequence[str], *, then: str | None = None
) -> None:
    """Wait for one machine's first boot, install the wheel there, and run `then`.

    `words` are further arguments of the installation. Raises CloudError; ServerError when its SSH
    cannot be used.
    """
    say(f"{name}: waiting until {ssh.to} has booted (the farm made its host key and verifies it)")
    shell = SshShell(ssh)
    try:
        await _booted(shell, name)
        there = await copied(shell, wheel)
        say(f"{name}: installing the farm")
        command = shlex.join((*INSTALL, there, *words))
        await _done(shell, name, command, INSTALLED_WITHIN_S)
        if then is not None:
            await _done(shell, name, then, COMMAND_S * 2)
        say(f"{name}: ready")
    finally:
        await shell.close()


async def _booted(shell: Shell, name: str) -> None:
    loop = asyncio.get_running_loop()
    end_s = loop.time() + BOOTED_WITHIN_S
    why: object = "its first boot is not over"
    while loop.time() < end_s:
        try:
            await shell.open()
            answer = await shell.run(f"test -e {READY_FILE}", COMMAND_S, "first boot")
            if answer.status == 0:
                return
        except ServerError as error:
            if not isinstance(error, ServerUnreachable):
                raise
            why = error
        await shell.close()
        await asyncio.sleep(RETRY_S)
    raise CloudError(f"{name}: not ready within {BOOTED_WITHIN_S:g} s: {why}")


async def copied(shell: Shell, wheel: Path) -> str:
    """Copy the wheel to a machine; returns its path there."""
    data = await asyncio.to_thread(wheel.read_bytes)
    there = f"/tmp/{wheel.name}"  # noqa: S108 - on that machine
    channel = await shell.channel(f"head -c {len(data)} > {there} && echo copied")
    try:
        await channel.write(data)
        output = b""
        while b"copied" not in output:
            output += (await channel.read()).data
    finally:
        await channel.close()
    return there


async def _done(shell: Shell, name: str, command: str, within_s: float) -> None:
    answer = await shell.run(command, within_s, "setting it up")
    if answer.status != 0:
        words = answer.complaint
        raise CloudError(f"{name}: `{command}` ended with status {answer.status}: {words}")
