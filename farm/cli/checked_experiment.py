"""The experiment by which a driver is checked: one or a few sessions on this machine."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import get_args

from farm.drivers import driver_of, own_names, read_driver
from farm.errors import BadInput
from farm.experiment_file import check, load_experiment
from farm.files.path_beside import path_beside
from farm.model.driver import Driver, is_file_name
from farm.model.experiment import AppSettings, Experiment, HostSettings, Scenario, ScenarioKind
from farm.model.run_clock import RunClock
from farm.model.server_settings import EMBEDDED, HERE, ResetSettings, ServerSettings
from farm.planning.load_steps import check_load, smallest_load
from farm.recording.run_folder import run_name

MEMBERS = 3
"""Of a room, if none are given: the fewest that are sent several streams."""

SETTLE_S, HOLD_S, WINDOW_S = 3.0, 10.0, 5.0
"""The hold is longer where a driver has steps in it: until a window after the last."""

ROLES: dict[ScenarioKind, frozenset[str]] = {
    "one_to_one": frozenset({"callee", "caller"}),
    "group": frozenset({"member"}),
    "broadcast": frozenset({"presenter", "viewer"}),
}


def add_scenario_options(verb: argparse.ArgumentParser) -> None:
    """Add the options that say which page, and which scenario."""
    verb.add_argument("--url", help="the page, as app.url")
    verb.add_argument(
        "--experiment",
        type=Path,
        metavar="EXPERIMENT",
        help="an experiment's YAML file, whose scenario, app, media and network are used",
    )
    verb.add_argument(
        "--scenario",
        choices=get_args(ScenarioKind),
        help="by default the one that has the driver's roles",
    )
    verb.add_argument("--members", type=int, help=f"probes in a room (group), else {MEMBERS}")
    verb.add_argument(
        "--sessions", type=int, help="calls, rooms or broadcasts at the same time, else 1"
    )
    verb.add_argument(
        "--accept-self-signed", action="store_true", help="accept the page's own certificate"
    )


def checked_experiment(options: argparse.Namespace) -> Experiment:
    """The experiment of the options. Raises BadInput.

    The media server is neither sampled nor reset: it is not what is checked.
    """
    base = Experiment() if options.experiment is None else load_experiment(options.experiment)
    driver = read_driver(options.driver, own=own_names(base))
    file = options.driver
    if is_file_name(file):
        file = str(path_beside(Path(), Path(file)))
    app = replace(base.app, driver=file)
    if options.url is not None:
        app = replace(app, run=None, url=options.url)
    if options.accept_self_signed:
        app = replace(app, accept_self_signed=True)
    if app.url is None and options.experiment is None:
        raise BadInput("--url: the driver is checked on a page: expected https://host/")
    stem = Path(options.driver).name.partition(".")[0]
    asked = replace(base, scenario=_scenario(options, base.scenario, driver), app=app)
    return experiment_for(asked, stem)


def experiment_for(base: Experiment, stem: str) -> Experiment:
    """The experiment by which the driver of `base` is checked; `stem` is for the run's name.

    Raises BadInput.
    """
    roles = driver_of(base).roles.values()
    hold_s = max([HOLD_S, *(each.at_s + WINDOW_S for role in roles for each in role.after_join)])
    trial = replace(base.trial, load=None, settle_s=SETTLE_S, hold_s=hold_s, window_s=WINDOW_S)
    experiment = replace(
        base,
        inventory=None,
        server=_server(base.server, base.app),
        hosts=(HostSettings(),),
        trial=trial,
        output=replace(base.output, name=run_name(RunClock().wall_s(), f"check-{stem}")),
    )
    check(experiment)
    return experiment


def checked_load(options: argparse.Namespace, experiment: Experiment) -> int:
    """The number of probes in `--sessions`. Raises BadInput."""
    scenario, load = experiment.scenario, smallest_load(experiment.scenario)
    if options.sessions is not None and scenario.kind != "broadcast":  # whose scenario has it
        load *= int(options.sessions)
    check_load(scenario, load, "--sessions")
    return load


def _scenario(options: argparse.Namespace, base: Scenario, driver: Driver) -> Scenario:
    kind = options.scenario
    if kind is None and options.experiment is None:
        fitting = [kind for kind, roles in ROLES.items() if roles <= driver.roles.keys()]
        if not fitting:
            raise BadInput(
                f"{options.driver}: its roles {', '.join(driver.roles)} are of no scenario: "
                "expected callee and caller (one_to_one), member (group), or presenter and viewer "
                "(broadcast); or --experiment FILE with a custom scenario of them"
            )
        kind = fitting[0]
    scenario = base if kind is None else replace(base, kind=kind)
    members = options.members
    if members is None and options.experiment is None:
        members = MEMBERS
    elif members is not None and scenario.kind != "group":
        raise BadInput(f"--members: {members}: only a room has members, this is {scenario.kind}")
    if members is not None and not 2 <= members <= 16:
        raise BadInput(f"--members: {members}: expected 2 to 16")
    if members is not None:
        scenario = replace(scenario, members=members)
    sessions = options.sessions
    if sessions is not None and sessions < 1:
        raise BadInput(f"--sessions: {sessions}: expected 1 or more")
    if sessions is not None and scenario.kind == "broadcast":
        scenario = replace(scenario, sessions=sessions)
    return scenario


def _server(base: ServerSettings, app: AppSettings) -> ServerSettings:
    """The media server without its machine; our demo app's stays, others are behind the page."""
    if app.url is not None:
        return replace(ServerSettings(), kurento=None)
    if base.kurento == EMBEDDED or base.janus == HERE:
        return replace(base, ssh=None, local=True, reset=ResetSettings())
    return replace(
        ServerSettings(), kurento=base.kurento, janus=base.janus, recordings=base.recordings
    )
