"""Reaches a Janus, its API and its admin API; starts Debian's on this machine."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from farm.bench.children import start_janus
from farm.bench.environment import environment_value
from farm.errors import BadInput, JanusError
from farm.janus import JanusClient
from farm.janus.admin import AdminAccess, JanusAdmin
from farm.janus.protocol import check_url
from farm.model.experiment import Experiment
from farm.model.server_settings import HERE, JanusAdminSettings, ProcessSettings
from farm.model.template_text import environment_name
from farm.planning.trial_planning import driver_name, is_demo_driver
from farm.processes import Processes
from farm.protocols import Observer

NEEDED = {
    "one_to_one": "janus.plugin.videocall",
    "group": "janus.plugin.videoroom",
    "broadcast": "janus.plugin.videoroom",
}
"""The plugin by which our demo app has each scenario; rooms that are forwarded."""


async def janus_info(
    url: str, setting: str = "server.janus", plugin: str | None = None
) -> Mapping[str, Any]:
    """What a Janus says of itself, as a run keeps it: `type`, `version`, `plugins`.

    Raises BadInput naming `setting` if there is none, or one without the `plugin`.
    """
    check_url(url, setting)
    try:
        async with JanusClient.connect(url) as client:
            info = await client.info()
    except JanusError as error:
        raise BadInput(f"{setting}: {error}") from error
    plugins = {
        name: str(about.get("version_string", ""))
        for name, about in info.get("plugins", {}).items()
    }
    if plugin is not None and plugin not in plugins:
        has = ", ".join(sorted(plugins)) or "none"
        raise BadInput(f"{setting}: {url}: has no {plugin}; it has {has}")
    return {"type": "Janus", "version": info.get("version_string", ""), "plugins": plugins}


def needed_plugin(experiment: Experiment) -> str | None:
    """The plugin that our demo app needs with its own driver; what others need is not known."""
    ours = experiment.app.run == "demo" and is_demo_driver(experiment)
    if ours and driver_name(experiment) == "demo_group":
        return "janus.plugin.audiobridge"
    return NEEDED.get(experiment.scenario.kind) if ours else None


async def janus_answers(url: str) -> bool:
    """Whether a Janus answers again after a reset."""
    try:
        async with JanusClient.connect(url, connect_within_s=2) as client:
            await client.info()
    except JanusError:
        return False
    return True


async def janus_gone(url: str) -> str:
    """Wait until it is gone; returns why."""
    try:
        client = await JanusClient.open(url)
        try:
            return f"the media server is gone: {await client.lost()}"
        finally:
            await client.close(end_session=False)
    except JanusError as error:
        return f"the media server is gone: {error}"


def admin_access(settings: JanusAdminSettings | None) -> AdminAccess | None:
    """The admin API's address and secret. Raises BadInput for a variable that is not set."""
    if settings is None:
        return None
    name = environment_name(settings.secret) or settings.secret
    secret = environment_value(name, "server.janus_admin.secret")
    return AdminAccess(check_url(settings.url, "server.janus_admin.url"), secret)


async def check_admin(access: AdminAccess, setting: str = "server.janus_admin") -> int:
    """How many sessions it lists. Raises BadInput naming `setting` if it does not."""
    try:
        async with JanusAdmin.connect(access) as admin:
            return len(await admin.sessions())
    except JanusError as error:
        raise BadInput(f"{setting}: {error}") from error


def address_for_media(address: str) -> str | None:
    """The address of this machine over which a Janus started here has its media.

    `address` is how all hosts reach it; of loopback, which Janus does not offer, `None`: any other.
    Raises BadInput for one of IPv6.
    """
    known = ip_address(address)
    if known.is_loopback:
        return None
    if known.version != 4:
        raise BadInput(
            f"server.janus: {HERE}: its media go over IPv4, and hosts reach this machine at"
            f" {address}: expected hosts[].ray by addresses of IPv4, or a Janus of yours,"
            " ws://host:8188"
        )
    return address


async def with_janus_here(
    experiment: Experiment, processes: Processes, observer: Observer, address: str
) -> tuple[Experiment, AdminAccess]:
    """Start Debian's Janus; returns the experiment with its address, and its admin API.

    `address` is how all hosts reach this machine. Raises ProcessError, BadInput.
    """
    for_media = address_for_media(address)
    secret = secrets.token_urlsafe()
    janus = await start_janus(
        processes,
        secret,
        address=for_media,
        cores=experiment.server.cores,
    )
    observer.note("media server: Janus, started on this machine; sampled through the local shell")
    server = replace(
        experiment.server,
        janus=janus.url,
        local=True,
        process=ProcessSettings(name=None, port=janus.port),
        reset=replace(experiment.server.reset, command=janus.reset),
    )
    return replace(experiment, server=server), AdminAccess(janus.admin_url, secret)
