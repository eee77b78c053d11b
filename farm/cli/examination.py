"""Checks all that an experiment names, for `farm doctor`; starts and changes nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Awaitable
from functools import partial
from pathlib import Path

from farm.bench.app_page import check_pages
from farm.bench.extent import check_space
from farm.bench.first_pages import first_pages
from farm.bench.generator import open_generator
from farm.bench.janus_server import (
    address_for_media,
    admin_access,
    check_admin,
    janus_info,
    needed_plugin,
)
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
from farm.bench.preflight import CHECKS, chromium
from farm.bench.pricing import checked_price, price_note
from farm.bench.whip_end_point import check_end_point
from farm.cli.findings import Check, each_once, looked_up
from farm.cli.opening_checks import opening_checks
from farm.drivers import driver_of
from farm.errors import BadInput, ServerError
from farm.experiment_file import placed
from farm.model.experiment import Experiment
from farm.model.host_samples import HostLook
from farm.model.mask import Mask
from farm.model.run_clock import RunClock
from farm.model.server_samples import ServerFacts
from farm.model.server_settings import EMBEDDED, HERE
from farm.model.wording import counted
from farm.planning.load_steps import ladder, smallest_load
from farm.planning.trial_planning import driver_name
from farm.planning.unjudged_roles import warning as unjudged_warning
from farm.processes import Processes
from farm.server.shell import Shell

FFPROBE_WITHIN_S = 20.0

FORBIDDEN = (
    *("/bin", "/boot", "/dev", "/etc", "/initrd", "/lib", "/lib32", "/lib64", "/proc", "/sbin"),
    *("/sys", "/usr", "/var"),
    *(f"/opt/janus/{name}" for name in ("bin", "etc", "include", "lib", "lib32", "lib64", "sbin")),
)
"""Folders below which the janus.jcfg of Debian's package forbids recordings."""


async def examine_experiment(experiment: Experiment, file: Path) -> list[Check]:
    """Check settings, disk, media server, its machine, app, hosts; errors name their place.

    A fault that stops several checks, such as a driver that cannot be read, is told once.
    """
    findings = [
        looked_up(
            what,
            partial(_placed, file, partial(check, experiment, file.parent)),
            setup="chromium" if check is chromium else None,
        )
        for what, check in CHECKS
    ]
    load = experiment.trial.load or smallest_load(experiment.scenario)
    for verb, probes, trials in (
        ("farm run", load, 1),
        ("farm size", ladder(experiment).maximum, experiment.search.max_trials),
    ):
        look = partial(_placed, file, partial(check_space, experiment, probes, trials))
        findings.append(looked_up(f"disk for {verb}", look, required=verb == "farm run"))
    findings += opening_checks(experiment, file)
    findings += _rooms(experiment, file)
    unjudged = unjudged_warning(experiment)
    if unjudged is not None:
        findings.append(Check("roles", None, unjudged, required=False))
    if experiment.server.kurento == EMBEDDED and experiment.app.url is not None:
        findings.append(Check("media server", None, EMBEDDED_BEHIND_ANOTHER_PAGE, required=False))
    if experiment.server.kurento != EMBEDDED and experiment.server.janus != HERE:
        findings += await _media_server(experiment, file)
        findings += await _machine(experiment, file)
    if experiment.app.url is not None:
        findings.append(await _answered(file, "app", _app(experiment)))
    if experiment.app.publish is not None:
        findings.append(await _answered(file, "end point", _end_point(experiment)))
    if any(host.ray for host in experiment.hosts):
        findings += await _hosts(experiment, file)
    return each_once(findings)


def _placed(file: Path, look: partial[str]) -> str:
    with placed(file, {}):
        return look()


def _rooms(experiment: Experiment, file: Path) -> list[Check]:
    """A finding where driver and experiment disagree whether rooms are mixed or forwarded."""
    asked = experiment.scenario.media
    if experiment.scenario.kind != "group" or asked is None:
        return []
    name = driver_name(experiment)
    try:
        media = driver_of(experiment, file.parent).media
    except BadInput:
        return []  # the driver has a check of its own
    if media in (None, asked):
        return []
    what = f"scenario.media: {asked} is used, though driver {name} has {media}: is that intended?"
    return [Check("rooms", None, what, required=False)]


async def _answered(file: Path, what: str, looking: Awaitable[str]) -> Check:
    """`looked_up` for an asynchronous check."""
    try:
        with placed(file, {}):
            return Check(what, await looking)
    except (BadInput, ServerError) as error:
        return Check(what, None, str(error))


async def _media_server(experiment: Experiment, file: Path) -> list[Check]:
    server = experiment.server
    if server.janus is not None:
        return await _janus_checks(experiment, server.janus, file)
    if server.kurento is None:
        return [Check("media server", ANY_SERVER)]
    return [await _answered(file, "media server", _kurento(server.kurento))]


async def _janus_checks(experiment: Experiment, url: str, file: Path) -> list[Check]:
    """Checks of a Janus: its plugins, its admin API, where it may record."""
    checks = [await _answered(file, "media server", _janus(experiment, url))]
    if experiment.server.janus_admin is None:
        unknown = "its sessions and handles stay unknown: set server.janus_admin"
        checks.append(Check("Janus' admin API", None, unknown, required=False))
    else:
        checks.append(await _answered(file, "Janus' admin API", _admin(experiment)))
    directory = experiment.server.recordings.directory
    below = next((each for each in FORBIDDEN if f"{directory}/".startswith(f"{each}/")), None)
    if experiment.scenario.record and below is not None:
        why = (
            f"server.recordings.directory: {directory}: Debian's janus.jcfg forbids recordings"
            f" below {below} (protected_folders): expected another, such as /tmp/farm"
        )
        checks.append(Check("recordings", None, why, required=False))
    return checks


async def _janus(experiment: Experiment, url: str) -> str:
    info = await janus_info(url, plugin=needed_plugin(experiment))
    plugins = ", ".join(each.removeprefix("janus.plugin.") for each in sorted(info["plugins"]))
    return f"Janus {info['version']} answers at {url}, with {plugins}"


async def _admin(experiment: Experiment) -> str:
    access = admin_access(experiment.server.janus_admin)
    assert access is not None  # noqa: S101 - asked only where it is set
    sessions = await check_admin(access)
    return f"{access.url} answers: {counted(sessions, 'session')} now"


async def _kurento(kurento: str) -> str:
    info = await server_info(kurento)
    return f"{info.get('type', 'Kurento')} {info['version']} answers at {kurento}"


async def _app(experiment: Experiment) -> str:
    first = first_pages(experiment)
    pages = [page.url for page in first.pages]
    targets = [each for each in await check_pages(experiment) if each not in pages]
    answer = f"{' and '.join(pages)} {'answers' if len(pages) == 1 else 'answer'}"
    answer += f", and redirects to {' and '.join(targets)}" if targets else ""
    if any(page.late for page in first.pages):
        answer += ", whatever the status: what an http step or app.exec gives comes with a trial"
    return Mask(first.opening.secrets())(answer)


async def _end_point(experiment: Experiment) -> str:
    asked = await check_end_point(experiment)
    return f"{' and '.join(asked)} let pages of other origins in"


async def _machine(experiment: Experiment, file: Path) -> list[Check]:
    """Checks of the server's machine, the media server's process, price and ffprobe."""
    settings = experiment.server
    logs = Path(tempfile.mkdtemp(prefix="farm-doctor-"))
    try:
        async with Processes(logs) as processes:
            shell = shell_to(settings, processes)
            if shell is None:
                return [
                    Check(
                        "server's machine",
                        None,
                        "its CPU stays unknown, and it is not reset: set server.ssh or "
                        "server.local",
                        required=False,
                    )
                ]
            server = server_behind(shell, experiment, RunClock())
            try:
                with placed(file, {}):
                    facts = await look_around(server, settings)
                found = [_reached(experiment, facts), _process(facts), *_price(experiment, facts)]
                if experiment.scenario.record and experiment.server.janus is None:
                    found.append(await _ffprobe(shell))
                return found
            except (BadInput, ServerError) as error:
                return [Check("server's machine", None, str(error))]
            finally:
                await server.close()
    finally:
        shutil.rmtree(logs, ignore_errors=True)


async def _hosts(experiment: Experiment, file: Path) -> list[Check]:
    """Checks of each machine of Ray: its farm, Chromium, cores, and whether it reaches the page."""
    try:
        with placed(file, {}):
            async with open_generator(experiment, RunClock()) as generator:
                looks = await generator.looks(experiment.probes.chromium, experiment.app.url)
                if experiment.server.janus == HERE:
                    address_for_media(generator.address)
    except BadInput as error:
        return [Check("hosts", None, str(error))]
    return [
        Check(f"host {name}", host_line(look))
        if isinstance(look, HostLook)
        else Check(f"host {name}", None, str(look))
        for name, look in looks.items()
    ]


def host_line(look: HostLook) -> str:
    ports = "" if look.free_ports is None else f", {look.free_ports} free UDP ports"
    return (
        f"{look.hostname}, {look.kernel}, {counted(look.cores, 'core')}, "
        f"{look.memory_bytes / 1e9:.0f} GB, {look.chromium}, farm {look.farm}{ports}, "
        f"{look.free_bytes / 1e9:.0f} GB of disk free"
    )


def _reached(experiment: Experiment, facts: ServerFacts) -> Check:
    how = "here" if experiment.server.local else f"by SSH to {facts.reached}, host key verified"
    if not facts.cores:
        return Check(
            "server's machine",
            None,
            f"{facts.hostname}, {facts.kernel}, reached {how}, shows no /proc/stat: its CPU stays"
            " unknown",
            required=False,
        )
    return Check(
        "server's machine",
        f"{facts.hostname}, {facts.kernel}, {counted(facts.cores, 'core')}, reached {how};"
        f" media interface {facts.interface or 'unknown'}",
    )


def _process(facts: ServerFacts) -> Check:
    of = f"; {several}" if (several := one_of_several(facts)) else ""
    return Check(
        "media server's process",
        None if facts.pid is None else f"{facts.process}, pid {facts.pid} ({facts.program}){of}",
        process_unseen(facts) or "",
        required=False,
    )


def _price(experiment: Experiment, facts: ServerFacts) -> list[Check]:
    """A check that the machine is the one whose price the experiment names."""
    try:
        check = checked_price(experiment, facts)
    except BadInput:
        return []  # the settings have a check of their own
    if check is None:
        return []
    note = price_note(check)
    if note is None or not check.unlike:
        return [Check("priced machine", note or f"the machine is a {check.machine}")]
    return [Check("priced machine", None, note, required=False)]


async def _ffprobe(shell: Shell) -> Check:
    answer = await shell.run("command -v ffprobe", FFPROBE_WITHIN_S, "looking around")
    return Check(
        "ffprobe on the server",
        answer.stdout.strip() or None,
        "without it only the beginning of each recording is read, over the shell",
        required=False,
    )
