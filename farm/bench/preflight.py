"""Checks, before anything is started, that all that an experiment names is on this machine.

Each check returns what it found, in words for `farm doctor`, or raises BadInput; its message begins
with the key of the setting where there is one. A run makes all checks before it makes its folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from farm.bench.children import check_janus
from farm.bench.pricing import price_of_server
from farm.bench.whip_end_point import whip_token
from farm.browser.chromium_program import chromium_version, find_chromium
from farm.drivers import driver_of, with_room_media
from farm.errors import BadInput, MissingTool
from farm.experiment_file.defaults import JANUS_PROCESS
from farm.hosts.wiring import clip_cache
from farm.media import check_clips
from farm.model.driver import Driver
from farm.model.durations import format_duration
from farm.model.experiment import Experiment
from farm.model.server_settings import EMBEDDED, HERE, ProcessSettings, ServerSettings
from farm.model.trial_plan import TrialPlan
from farm.planning.load_steps import smallest_load
from farm.planning.trial_planning import camera_size, driver_name, plan_trial
from farm.server.process import process_label
from farm.ssh import check_settings


def preflight(experiment: Experiment, beside: Path) -> None:
    """Make all checks; `beside` is the folder of a driver's file. Raises BadInput."""
    for _, check in CHECKS:
        check(experiment, beside)


def chromium(experiment: Experiment, _beside: Path) -> str:
    """Check that there is a Chromium, and that it starts."""
    if not any(host.here for host in experiment.hosts):
        return "not needed here: other machines run the probes"
    program = find_chromium(experiment.probes.chromium)
    return f"{chromium_version(program)} ({program})"


def driver(experiment: Experiment, beside: Path) -> str:
    """Check that the driver can be read, and has the scenario's roles and streams."""
    name, kind = driver_name(experiment), experiment.scenario.kind
    checked = driver_of(experiment, beside)
    experiment = with_room_media(experiment, beside)
    load = smallest_load(experiment.scenario)
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=("here",))
    for role in sorted({probe.role for probe in plan.probes} - checked.roles.keys()):
        raise BadInput(
            f"app.driver: {name}: {kind} needs a role {role}, it has {', '.join(checked.roles)}"
        )
    _check_hold(experiment, checked, plan)
    return f"{name}, for {' and '.join(checked.roles)}"


def _check_hold(experiment: Experiment, checked: Driver, plan: TrialPlan) -> None:
    """Check that all `after_join` steps are due: within the hold, and of a probe that there is."""
    hold_s = experiment.trial.hold_s
    for role, steps in checked.roles.items():
        numbers = {
            index
            for session in plan.sessions
            for index, probe in enumerate(session.probes)
            if probe.role == role
        }
        for each in steps.after_join if numbers else ():
            if each.at_s >= hold_s:
                at, hold = format_duration(each.at_s), format_duration(hold_s)
                raise BadInput(f"{each.place}: roles.{role}.after_join: {at}: the hold is {hold}")
            if experiment.scenario.kind == "broadcast":
                continue  # how many viewers there are depends on the load
            for index in set(each.only) - numbers:
                known = ", ".join(str(number) for number in sorted(numbers))
                raise BadInput(
                    f"{each.place}: roles.{role}.after_join: only: index {index}: in a session"
                    f" {role} has {known}"
                )


def clips(experiment: Experiment, _beside: Path) -> str:
    """Check that clips can be read, or made, at the camera's size."""
    media, size = experiment.media, camera_size(experiment)
    check_clips(media, size, clip_cache())
    return f"{media.video} at {size}, {media.frame_rate} frames/s; audio: {media.audio}"


def cores(experiment: Experiment, _beside: Path) -> str:
    """Check that this machine has the cores given to hosts and embedded server."""
    here = sorted(os.sched_getaffinity(0))
    given = {
        f"hosts[{at}].cores": host.cores for at, host in enumerate(experiment.hosts) if host.here
    }
    given["server.cores"] = experiment.server.cores
    for key, asked in given.items():
        absent = [core for core in asked or () if core not in here]
        if absent:
            raise BadInput(
                f"{key}: {list(asked or ())}: there is no core {', '.join(map(str, absent))} here: "
                f"expected some of {here}, or all"
            )
    if any(given.values()) and shutil.which("taskset") is None:
        raise MissingTool("taskset is not on this machine (cores: needs it; util-linux has it)")
    return f"{len(here)} {here}; one full 640x480 probe takes about half a core"


def way_to_server(experiment: Experiment, _beside: Path) -> str:
    """Check that the settings by which the server's machine is reached can be used."""
    server = experiment.server
    if server.kurento == EMBEDDED and server.ssh is not None:
        raise BadInput(
            f"server.ssh: {server.ssh.to}: the embedded server runs on this machine: "
            "expected null, or server.kurento: ws://host:8888/kurento"
        )
    if server.kurento == EMBEDDED:
        _nothing_of_the_embedded(server)
        return "this machine: the embedded server is started with the run"
    if server.janus == HERE:
        return _janus_here(server)
    if server.ssh is None:
        return "this machine" if server.local else "none: neither server.ssh nor server.local"
    return check_settings(server.ssh)


def _nothing_of_the_embedded(server: ServerSettings) -> None:
    """Refuse process and reset command of the embedded server, which the farm sets itself."""
    elsewhere = "or server.kurento: null with app.url, ws://host:8888/kurento without"
    if server.process not in (ProcessSettings(), ProcessSettings(name=None)):
        raise BadInput(
            f"server.process: {process_label(server.process)}: the embedded server's process is "
            f"known: expected it left out, {elsewhere}"
        )
    if server.reset.command is not None:
        raise BadInput(
            f"server.reset.command: {server.reset.command}: the embedded server is reset by the "
            f"farm: expected null, {elsewhere}"
        )


def token(experiment: Experiment, _beside: Path) -> str:
    """Check that the environment has the token of WHIP."""
    named = experiment.app.token
    return "none" if whip_token(experiment) is None else f"{named}, in the environment"


def _janus_here(server: ServerSettings) -> str:
    """Check that Janus is on this machine, and that nothing is set that the farm sets itself."""
    elsewhere = "or server.janus: ws://host:8188"
    if server.ssh is not None:
        raise BadInput(
            f"server.ssh: {server.ssh.to}: Janus is started here: expected null, {elsewhere}"
        )
    if server.process not in (ProcessSettings(name=JANUS_PROCESS), ProcessSettings()):
        raise BadInput(
            f"server.process: {process_label(server.process)}: the process of a Janus that the farm"
            f" starts is known: expected it left out, {elsewhere}"
        )
    if server.reset.command is not None:
        raise BadInput(
            f"server.reset.command: {server.reset.command}: the farm restarts the Janus that it"
            f" starts: expected null, {elsewhere}"
        )
    check_janus()
    return "this machine: Debian's Janus is started with the run"


def price(experiment: Experiment, _beside: Path) -> str:
    """Check that the server's machine is in the price table, if one is named."""
    priced = price_of_server(experiment.server.price)
    if priced is None:
        return "no price: server.price.machine names no machine"
    table, machine = priced
    return f"{machine.machine}: {machine.per_hour:g} {table.currency} an hour ({table.date})"


CHECKS: tuple[tuple[str, Callable[[Experiment, Path], str]], ...] = (
    ("driver", driver),
    ("cores", cores),
    ("way to the server", way_to_server),
    ("Chromium", chromium),
    ("clips", clips),
    ("token", token),
    ("price", price),
)
