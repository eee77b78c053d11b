"""Reaches the media server and its machine from here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from farm.bench.app_page import app_answers
from farm.bench.janus_server import janus_answers
from farm.bench.whip_end_point import end_point_answers, reachable_origin
from farm.errors import BadInput, KurentoError, ServerUnreachable
from farm.kurento import KurentoClient
from farm.kurento.protocol import check_url
from farm.model.experiment import Experiment
from farm.model.server_samples import ServerFacts
from farm.model.server_settings import ServerSettings
from farm.processes import Processes
from farm.protocols import Clock, Restart, Server
from farm.server import MeasuredServer
from farm.server.local_shell import LocalShell
from farm.server.shell import Shell
from farm.server.unseen import UnseenServer
from farm.ssh import SshShell

ANY_SERVER = (
    "not a Kurento (server.kurento: null, also by app.url or app.publish): pipelines and elements "
    "are unknown"
)

EMBEDDED_BEHIND_ANOTHER_PAGE = (
    "embedded, beside app.url: only a page that is given its address uses it; for the media server"
    " behind your own page set server.kurento: null"
)


async def server_info(kurento: str, setting: str = "server.kurento") -> Mapping[str, Any]:
    """The media server's own information. Raises BadInput naming `setting` if it is no Kurento.

    An answer without a version is not a Kurento's.
    """
    check_url(kurento, setting)
    try:
        async with KurentoClient.connect(kurento) as client:
            info = await client.server_info()
    except KurentoError as error:
        raise BadInput(f"{setting}: {error}") from error
    if not isinstance(info, Mapping) or "version" not in info:
        raise BadInput(f"{setting}: {kurento}: not a Kurento server (it reports no version)")
    return info


async def answers(kurento: str) -> bool:
    """Whether a Kurento answers again after a reset."""
    try:
        async with KurentoClient.connect(kurento, connect_within_s=2) as client:
            await client.server_info()
    except KurentoError:
        return False
    return True


def shell_to(settings: ServerSettings, processes: Processes) -> Shell | None:
    """A shell on the server's machine, not yet open; `None` where none is configured."""
    if settings.ssh is not None:
        return SshShell(settings.ssh)
    return LocalShell(processes) if settings.local else None


def server_behind(
    shell: Shell | None, experiment: Experiment, clock: Clock, restart: Restart | None = None
) -> Server:
    """The system under test, not yet open; without a shell its machine stays unseen.

    A server that is neither a Kurento nor a Janus counts as ready when its page or end point
    answers.
    """
    settings, app = experiment.server, experiment.app
    page = reachable_origin(experiment) or app.url
    address = settings.kurento or settings.janus or page
    assert address is not None, "no server without a page"  # noqa: S101 - a checked experiment
    ready: Callable[[], Awaitable[bool]]
    if settings.kurento is not None:
        ready = partial(answers, settings.kurento)
    elif settings.janus is not None:
        ready = partial(janus_answers, settings.janus)
    elif app.publish is not None:
        ready = partial(end_point_answers, experiment)
    else:
        ready = partial(app_answers, experiment)
    if shell is None:
        return UnseenServer(address, settings.reset.ready_within_s, clock, ready)
    return MeasuredServer(shell, settings, clock, ready, restart=restart, page=page)


def process_unseen(facts: ServerFacts) -> str | None:
    """What is unknown of the media server's process, and why; `None` where it is seen."""
    if facts.pid is not None:
        return None
    why = "none is named:" if facts.unseen is None else f"{facts.unseen};"
    return (
        f"{why} its own CPU and memory stay unknown (server.process: name, pid, port or container)"
    )


def one_of_several(facts: ServerFacts) -> str | None:
    """What is known of a server of several processes; `None` where there is one."""
    if facts.alike == 1:
        return None
    return (
        f"pid {facts.pid} is the busiest of that server's {facts.alike} processes"
        f" ({facts.program}): the process' CPU and memory are its alone, the machine's those of all"
    )


async def look_around(server: Server, settings: ServerSettings) -> ServerFacts:
    """Open the server. Raises BadInput, or ServerUnreachable and its subclasses.

    The message names the setting.
    """
    try:
        return await server.open()
    except ServerUnreachable as error:
        if settings.ssh is None:
            raise
        raise type(error)(f"server.ssh.to: {settings.ssh.to}: {error}") from error
