"""`farm demo`: real runs of all three scenarios and a small search on this machine."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from farm.bench.sizing import search
from farm.cli.ending import end
from farm.cli.options import add_run_options, said_where, stream_of, with_options
from farm.cli.quiet import look_at_others
from farm.cli.run import one_trial
from farm.cli.stopping import run_to_end
from farm.experiment_file import parse_experiment
from farm.model.experiment import Experiment, Fidelity, ScenarioKind
from farm.model.wording import counted
from farm.terminal import Terminal

Server = Literal["embedded", "janus"]

LOADS: dict[ScenarioKind, int] = {"one_to_one": 2, "group": 2, "broadcast": 3}
MEMBERS: dict[Server, int] = {"embedded": 2, "janus": 3}
"""Probes in a room: two that are mixed, three that are forwarded."""

SEARCHED: dict[Server, tuple[ScenarioKind, ...]] = {
    "embedded": ("group",),
    "janus": ("one_to_one", "group", "broadcast"),
}
CALLED: dict[ScenarioKind, str] = {
    "one_to_one": "calls",
    "group": "rooms",
    "broadcast": "a broadcast",
}

QUIET_FOR_S = 5.0
INVALID_RETRIES = 2
MAX_TRIALS = 6
"""Two trials that agree at the smallest load, two more, and two that may be invalid."""

MIX = ", mix: 1920x1080, mix_frame_rate: 25"
"""A mix so large that four rooms exceed one core of the server, while probes use less than one."""

EXPERIMENT = """\
# What `farm demo` ran: video small enough for two cores, short times.
# Size your own server with the defaults instead: farm init {kind}
format: 1
name: demo-{kind}
scenario: {{kind: {kind}, members: {members}{mix}}}
server: {{{server}, cores: {server_cores}}}
hosts: [{{here: true, place: here, cores: {host_cores}}}]
probes: {{fidelity: {fidelity}}}
media: {{size: {size}, frame_rate: {frame_rate}, max_video_send_bandwidth: 250}}
trial: {{settle: 8s, hold: 20s, sessions_per_second: 1}}
search: {{maximum: {maximum}, max_trials: {max_trials}, invalid_retries: {retries},
  drift_every: null}}
"""


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm demo"
    verb.add_argument(
        "--server",
        choices=tuple(MEMBERS),
        default="embedded",
        help="embedded, or janus: Debian's, with a search in each scenario",
    )
    verb.add_argument(
        "--only", choices=tuple(LOADS), help="one trial of this scenario, and no search"
    )
    add_run_options(verb)
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Run the demo; 0 whatever the verdicts are."""
    terminal = Terminal(stream_of(options.json))
    terminal.note(f"measuring for {QUIET_FOR_S:.0f} s whether this machine is quiet")
    quiet, others = look_at_others(QUIET_FOR_S)
    state = "quiet enough" if quiet else "not quiet: stop other programs, or trials may be invalid"
    terminal.note(f"{state}: {others}")
    server: Server = options.server
    kinds = (options.only,) if options.only else tuple(LOADS)
    for kind in kinds:
        load = load_of(kind, server)
        terminal.note(f"\n{kind}: {counted(load, 'probe')}")
        text = demo_experiment(kind, server=server)
        with terminal.watching(), said_where(options):
            path, _ = run_to_end(
                one_trial(
                    _read(text, options),
                    text,
                    Path(),
                    terminal,
                    load=load,
                    retries=INVALID_RETRIES,
                )
            )
        end(path, as_json=options.json)
    for kind in SEARCHED[server] if options.only is None else ():
        name = "the embedded server" if server == "embedded" else "Janus"
        terminal.note(f"\nHow many probes in {CALLED[kind]} does {name} carry?")
        text = demo_experiment(kind, "light", server=server)
        with terminal.watching(), said_where(options):
            path, _ = run_to_end(search(_read(text, options), text, Path(), terminal))
        end(path, as_json=options.json)
    return 0


def load_of(kind: ScenarioKind, server: Server) -> int:
    """The probes of the one trial of a scenario."""
    return MEMBERS[server] if kind == "group" else LOADS[kind]


def demo_experiment(
    kind: ScenarioKind,
    fidelity: Fidelity = "full",
    usable: Collection[int] | None = None,
    server: Server = "embedded",
) -> str:
    """The experiment's text; server and generator get separate cores where there are several.

    `usable` are the numbers of the cores, by default those of this process.
    """
    cores = sorted(os.sched_getaffinity(0) if usable is None else usable)
    apart = len(cores) > 1
    return EXPERIMENT.format(
        kind=kind,
        members=MEMBERS[server],
        server="kurento: embedded" if server == "embedded" else "janus: here",
        mix=MIX if fidelity == "light" and server == "embedded" else "",
        maximum=8 if server == "embedded" else 12,
        fidelity=fidelity,
        max_trials=MAX_TRIALS,
        retries=INVALID_RETRIES,
        server_cores=f"[{cores[-1]}]" if apart else "all",
        host_cores=cores[:-1] if apart else "all",
        size="320x180" if kind == "group" else "320x240",
        frame_rate=10 if kind == "group" else 15,
    )


def _read(text: str, options: argparse.Namespace) -> Experiment:
    return with_options(parse_experiment(text, "farm demo"), options)
