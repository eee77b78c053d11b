"""The composition root: opens all that the trials of an experiment need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from farm.analysis.same_machine import is_same_machine
from farm.bench.app_page import RemoteApp, check_pages
from farm.bench.call_recordings import note_recordings, with_recordings_of
from farm.bench.children import (
    DemoApp,
    start_demo_app,
    start_embedded_kurento,
    start_whip_page,
)
from farm.bench.first_pages import first_pages
from farm.bench.generator import Generator, open_generator
from farm.bench.janus_server import (
    admin_access,
    check_admin,
    janus_gone,
    janus_info,
    needed_plugin,
    with_janus_here,
)
from farm.bench.machine_restart import machine_restart
from farm.bench.media_server import (
    ANY_SERVER,
    EMBEDDED_BEHIND_ANOTHER_PAGE,
    look_around,
    one_of_several,
    process_unseen,
    server_behind,
    server_info,
    shell_to,
)
from farm.bench.page_request import page_request
from farm.bench.server_machine import ThisMachine, listening_here
from farm.bench.trial_openings import TrialOpenings
from farm.bench.watching import Death, kurento_gone, watching
from farm.bench.whip_end_point import (
    check_end_point,
    end_point_gone,
    page_settings,
    whip_addresses,
    whip_token,
)
from farm.drivers import driver_of
from farm.execution.server_monitor import NoServerView
from farm.execution.world import World
from farm.hosts.processes import Root
from farm.janus.admin import AdminAccess
from farm.janus.view import JanusView
from farm.kurento.view import KurentoView
from farm.model.experiment import Experiment
from farm.model.page_address import app_address
from farm.model.run_clock import RunClock
from farm.model.server_samples import ServerFacts
from farm.model.server_settings import EMBEDDED, HERE, ProcessSettings, Ssh
from farm.model.trial_evidence import Fault, FaultKind
from farm.model.trial_plan import TrialPlan
from farm.processes import Processes
from farm.protocols import Host, HostKit, Observer, Server, ServerView, StepsWatched
from farm.recording import RunRecording
from farm.server.local_shell import LocalShell
from farm.server.shell import Shell
from farm.ssh import SshShell
from infra.local_sshd import local_sshd, sshd_program


@dataclass(slots=True)
class OpenWorld:
    """A `World`, and facts learnt while it was opened."""

    world: World
    server: ServerFacts
    kurento: Mapping[str, Any]
    generator: Generator


@asynccontextmanager
async def open_world(
    experiment: Experiment,
    recording: RunRecording,
    clock: RunClock,
    observer: Observer,
    beside: Path = Path(),
    *,
    steps_watched: StepsWatched = "no",
) -> AsyncIterator[OpenWorld]:
    """Start what the experiment asks for, connect to the rest; at the end all of it is ended.

    `beside` is the folder of a driver's file; `steps_watched` is `HostKit`'s. Raises BadInput or
    ServerUnreachable for what is missing or does not answer.
    """
    driver = driver_of(experiment, beside)
    app = experiment.app
    led_to = await check_pages(experiment, beside)
    await check_end_point(experiment)
    async with AsyncExitStack() as stack:
        generator = await stack.enter_async_context(open_generator(experiment, clock))
        processes = await stack.enter_async_context(Processes(recording.folder.logs))
        experiment = with_recordings_of(experiment, recording.path.name)
        own: Shell | None = None
        admin = admin_access(experiment.server.janus_admin)
        if experiment.server.janus == HERE:
            experiment, admin = await with_janus_here(
                experiment, processes, observer, generator.address
            )
        if experiment.server.kurento == EMBEDDED:
            if app.url is not None:
                observer.note(f"media server: {EMBEDDED_BEHIND_ANOTHER_PAGE}")
            experiment, own = await _with_embedded(
                experiment, processes, stack, observer, generator.address
            )
        info = await _info(experiment, admin, observer)
        shell = own or shell_to(experiment.server, processes)
        _note_missing_shell(shell, observer)
        note_recordings(experiment, observer)
        restart = machine_restart(experiment, observer)
        server = server_behind(shell, experiment, clock, restart)
        stack.push_async_callback(server.close)
        facts = await look_around(server, experiment.server)
        _note_process(shell, facts, observer)
        view = _view(experiment, admin, clock, stack)
        page = await asyncio.to_thread(
            _app, experiment, processes, observer, generator.address, beside
        )
        kit = HostKit(
            app_url=await page.url(),
            accept_self_signed=experiment.app.accept_self_signed,
            driver=driver,
            media=experiment.media,
            probes=experiment.probes,
            poll_s=experiment.trial.poll_s,
            screenshots=recording.folder.trials,
            led_to=led_to,
            steps_watched=steps_watched,
        )
        await generator.check(kit, observer.note)
        openings = TrialOpenings(experiment, processes, beside)

        @asynccontextmanager
        async def hosts(plan: TrialPlan) -> AsyncIterator[Mapping[str, Host]]:
            screenshots = recording.folder.trial(plan.folder).screenshots.resolve()
            trial_kit = replace(
                kit,
                app_url=await page.url(),
                screenshots=screenshots,
                opening=await openings.of(plan),
            )
            names = tuple(dict.fromkeys(probe.host for probe in plan.probes))
            pids = await asyncio.to_thread(_server_root, server, experiment, facts)
            async with generator.hosts(
                names,
                trial_kit,
                processes,
                page.late_s if experiment.app.url is None else None,
                pids,
            ) as opened:
                yield opened

        @asynccontextmanager
        async def watch() -> AsyncIterator[asyncio.Future[Fault]]:
            await page.url()
            async with watching(_deaths(experiment, server, page), clock) as fault:
                yield fault

        world = World(
            clock=clock,
            observer=observer,
            server=server,
            driver=driver,
            hosts=hosts,
            watch=watch,
            view=view,
        )
        yield OpenWorld(world, facts, info, generator)


def _deaths(experiment: Experiment, server: Server, page: PageUnderTest) -> list[Death]:
    """What can die in a trial: the server, what answers before it, the page."""
    deaths: list[Death] = [("server_died", _dies(experiment, server)), (page.death, page.died)]
    if experiment.app.publish is not None:
        deaths.append(("server_died", partial(end_point_gone, experiment)))
    return deaths


async def _info(
    experiment: Experiment, admin: AdminAccess | None, observer: Observer
) -> Mapping[str, Any]:
    """What the media server says of itself. Raises BadInput if it does not answer."""
    kurento, janus = experiment.server.kurento, experiment.server.janus
    if janus is not None:
        info = await janus_info(janus, plugin=needed_plugin(experiment))
        if admin is None:
            observer.note("Janus: its sessions and handles stay unknown (server.janus_admin)")
        else:
            await check_admin(admin)
        return info
    if kurento is not None:
        return await server_info(kurento)
    observer.note(f"media server: {ANY_SERVER}")
    return {}


def _view(
    experiment: Experiment, admin: AdminAccess | None, clock: RunClock, stack: AsyncExitStack
) -> ServerView:
    """The media server's own view of itself, if it has one."""
    view: KurentoView | JanusView
    if experiment.server.kurento is not None:
        view = KurentoView(experiment.server.kurento, clock)
    elif admin is not None:
        view = JanusView(admin, clock)
    else:
        return NoServerView()
    stack.push_async_callback(view.close)
    return view


def _dies(experiment: Experiment, server: Server) -> Callable[[], Awaitable[str]]:
    """What waits for the media server's death."""
    if experiment.server.kurento is not None:
        return partial(kurento_gone, experiment.server.kurento)
    if experiment.server.janus is not None:
        return partial(janus_gone, experiment.server.janus)
    return server.died


def _server_root(server: Server, experiment: Experiment, facts: ServerFacts) -> Root:
    """A function that returns the server's processes on this machine."""
    settings, app = experiment.server, experiment.app
    listening = listening_here((settings.kurento, settings.janus, app.url, app.publish))
    seen = server if is_same_machine(facts, ThisMachine()) else None
    return partial(_pids, seen, listening)


def _pids(server: Server | None, listening: tuple[int, ...]) -> tuple[int, ...]:
    """The server's processes on this machine: its own where seen, and those that listen."""
    own = () if server is None or server.pid is None else (server.pid,)
    return (*own, *listening)


def _note_missing_shell(shell: Shell | None, observer: Observer) -> None:
    if shell is None:
        observer.note(
            "neither server.ssh nor server.local: the server's CPU stays unknown, and it is not "
            "reset"
        )


def _note_process(shell: Shell | None, facts: ServerFacts, observer: Observer) -> None:
    note = process_unseen(facts) or one_of_several(facts)
    if shell is not None and note is not None:
        observer.note(f"media server's process: {note}")


async def _with_embedded(
    experiment: Experiment,
    processes: Processes,
    stack: AsyncExitStack,
    observer: Observer,
    address: str,
) -> tuple[Experiment, Shell]:
    """Start the embedded server; returns the experiment with its address, and a shell to it.

    The farm's own sshd is reached without the user's ssh configuration.
    """
    addresses = tuple(dict.fromkeys((address, "127.0.0.1")))
    embedded = await start_embedded_kurento(
        processes,
        host=address if experiment.app.run == "whip" else "127.0.0.1",
        addresses=addresses,
        recordings=experiment.server.recordings.directory,
        cores=experiment.server.cores,
        whip_token=whip_token(experiment),
    )
    ssh: Ssh | None = None
    shell: Shell = LocalShell(processes)
    if experiment.server.local:
        how = "the local shell (server.local)"
    elif sshd_program() is None:
        how = "the local shell (no sshd on this machine)"
    else:
        ssh = (await stack.enter_async_context(local_sshd(processes))).ssh
        shell = SshShell(ssh, configured=False)
        how = "SSH to this machine, with keys of this run"
    observer.note(f"media server: embedded, for trying out; sampled through {how}")
    server = replace(
        experiment.server,
        kurento=embedded.url,
        ssh=ssh,
        local=ssh is None,
        process=ProcessSettings(name=None, port=embedded.port),
        reset=replace(experiment.server.reset, command=embedded.reset),
    )
    return replace(experiment, server=server), shell


class PageUnderTest(Protocol):
    """The page under test; `death` is the kind of fault when it dies."""

    @property
    def death(self) -> FaultKind: ...

    async def url(self) -> str:
        """Its address: `app.url`, or that of our own page, whose server is restarted if it died."""

    async def late_s(self) -> float | None:
        """The delay of its event loop since the last question; `None` for another's page."""

    async def died(self) -> str:
        """Wait until it is gone; returns why."""


def _app(
    experiment: Experiment,
    processes: Processes,
    observer: Observer,
    address: str,
    beside: Path,
) -> PageUnderTest:
    if experiment.app.url is not None:
        observer.note(f"app: {app_address(experiment.app.url)}")
        app, first = experiment.app, first_pages(experiment, beside)
        page = first.pages[0]
        request = page_request(app, first.opening, page.probe, page.variables)
        return RemoteApp(experiment.app.url, app.accept_self_signed, request)
    cores = next((host.cores for host in experiment.hosts if host.here), None)
    if experiment.app.run == "whip":
        addresses = whip_addresses(experiment)
        observer.note(
            f"app: our WHIP page; publishes to {addresses.publish}, plays {addresses.play}"
        )
        settings = page_settings(experiment)
        start = partial(start_whip_page, processes, settings, host=address, cores=cores)
        return DemoApp(start, "the server of the WHIP page")
    kurento, janus = experiment.server.kurento, experiment.server.janus
    address_of_server = ("--kurento", kurento) if janus is None else ("--janus", janus)
    return DemoApp(
        partial(
            start_demo_app,
            processes,
            tuple(str(word) for word in address_of_server),
            recordings=experiment.server.recordings.directory,
            host=address,
            cores=cores,
            mix=experiment.scenario.mix,
            mix_frame_rate=experiment.scenario.mix_frame_rate,
        )
    )
