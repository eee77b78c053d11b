"""Builds a host from its parts: for this process, or for one that Ray starts on a machine."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from platformdirs import user_cache_path

from farm.browser.chromium_program import chromium_version, find_chromium
from farm.browser.chromiums import Chromiums
from farm.errors import MissingTool
from farm.hosts import LocalHost
from farm.hosts.code_version import own_code
from farm.hosts.processes import Root
from farm.hosts.reachable import unreached
from farm.hosts.service import HostService
from farm.hosts.start_limit import StartLimit
from farm.media import Clip, prepare, with_light_banks
from farm.model.clock_reading import ClockReading
from farm.model.experiment import Fidelity, MediaSettings
from farm.model.host_samples import HostLook
from farm.model.run_clock import RunClock
from farm.model.setting import Size
from farm.processes import Processes

APP_WITHIN_S = 5.0
PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(frozen=True, slots=True)
class HostOrder:
    """The settings of a host; `cores` are the only ones its browsers may use, `None`: all."""

    name: str
    place: str
    cores: tuple[int, ...] | None
    camera: Size
    fidelity: Fidelity


def clip_cache() -> Path:
    """The directory in which clips are kept from run to run."""
    return user_cache_path("probe-farm") / "clips"


def local_host(
    order: HostOrder,
    processes: Processes,
    clock: Callable[[str], ClockReading],
    app_late_s: Callable[[], Awaitable[float | None]] | None = None,
    media_server: Root = tuple,
) -> LocalHost:
    """The machine on which this is called, as a host."""
    return LocalHost(
        order.name,
        place=order.place,
        cores=order.cores,
        browsers=Chromiums(processes, partial(_clip, order), order.cores),
        start_limit=StartLimit,
        clock=clock,
        app_late_s=app_late_s,
        media_server=media_server,
    )


def host_service(order: HostOrder) -> HostService:
    """A host for a remote controller; called in a process of its own on the host."""
    # The controller reads its clock and converts it to run time.
    unused = RunClock().reading
    return HostService(
        lambda processes: local_host(order, processes, unused),
        machine_facts,
        user_cache_path("probe-farm") / "brought",
        orphaned=lambda: os._exit(0),
    )


async def machine_facts(wanted: Path | None, app_url: str | None) -> HostLook:
    """Facts of this machine; starts nothing but Chromium, for its version.

    `wanted` is the experiment's Chromium, `app_url` the page under test, if there is one.
    """
    chromium, trouble = None, None
    try:
        program = find_chromium(wanted)
        chromium = await asyncio.to_thread(chromium_version, program)
    except MissingTool as error:
        trouble = str(error)
    return HostLook(
        hostname=socket.gethostname(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=psutil.virtual_memory().total,
        kernel=platform.release(),
        farm=own_code(),
        chromium=chromium,
        chromium_trouble=trouble,
        free_ports=_free_ports(),
        free_bytes=shutil.disk_usage(tempfile.gettempdir()).free,
        app_trouble=await _app_trouble(app_url) if app_url else None,
    )


def _clip(order: HostOrder, media: MediaSettings) -> Clip:
    """The clip that cameras play, with prepared frames if there are light probes."""
    clip = prepare(media, order.camera, clip_cache())
    return with_light_banks(clip) if order.fidelity == "light" else clip


def _free_ports() -> int | None:
    """Number of UDP ports that the kernel can still give to browsers."""
    try:
        first, last = (int(number) for number in PORT_RANGE.read_text().split())
    except (OSError, ValueError):
        return None
    taken = {c.laddr.port for c in psutil.net_connections("udp") if c.laddr}
    return sum(port not in taken for port in range(first, last + 1))


async def _app_trouble(url: str) -> str | None:
    """Why the page under test cannot be reached from here."""
    address = urlsplit(url)
    port = address.port or (443 if address.scheme == "https" else 80)
    return await unreached(address.hostname or "", port, APP_WITHIN_S)
