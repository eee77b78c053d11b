"""`farm doctor [EXPERIMENT]`: checks what this machine, or an experiment, lacks."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from farm.browser.chromium_program import find_chromium, playwright_version
from farm.cli.density import tell_density
from farm.cli.examination import examine_experiment
from farm.cli.findings import Check, looked_up, show
from farm.errors import BadInput
from farm.experiment_file import load_experiment
from farm.experiment_file.matrix import is_matrix, load_matrix
from farm.model.experiment import OutputSettings
from farm.recording.disk_use import free_bytes

SPACE_BYTES = 2 * 10**9


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "examples: farm doctor, farm doctor calls.yaml, farm doctor --density calls.yaml"
    verb.add_argument(
        "experiment", type=Path, nargs="?", help="also check all that this YAML file names"
    )
    verb.add_argument(
        "--density",
        action="store_true",
        help="measure how many light and full probes of the experiment this machine carries",
    )
    verb.add_argument("--json", action="store_true", help="the findings as JSON")
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Check, and print the findings; 0 when nothing required is missing, else 2."""
    file: Path | None = options.experiment
    if options.density:
        if file is None:
            raise BadInput("--density: of which experiment? farm doctor --density calls.yaml")
        return tell_density(options)
    if file is None:
        return show([*system(), *resources()], as_json=options.json, next_step="farm demo")
    if is_matrix(file):
        named = _of_matrix(file)
        next_step = f"farm size --matrix {file}"
    else:
        named = asyncio.run(examine_experiment(load_experiment(file), file))
        next_step = f"farm run {file}"
    return show([*system(), *named], as_json=options.json, next_step=next_step)


def _of_matrix(file: Path) -> list[Check]:
    """The findings of all experiments of a matrix: one that several have alike names them."""
    cells = load_matrix(file)
    found: dict[Check, list[str]] = {}
    for cell in cells:
        for check in asyncio.run(examine_experiment(cell.experiment, file)):
            found.setdefault(check, []).append(cell.name)
    return [
        check
        if len(names) == len(cells)
        else replace(check, what=f"{check.what} ({'; '.join(names)})")
        for check, names in found.items()
    ]


def system() -> list[Check]:
    """Checks of the system and its programs."""
    return [
        Check("Python", platform.python_version(), "3.11 or newer"),
        Check(
            "system",
            platform.platform() if sys.platform == "linux" else None,
            "hosts and servers are Linux; on this system `farm report`, `compare` and `runs` work",
        ),
        looked_up("Playwright", playwright_version, setup="libatomic"),
        _program("sshd", "the demo samples its server over SSH; without it, by a local shell"),
        _program("setpriv", "children end with the farm even if it is killed"),
        _program("taskset", "`cores:` of hosts and server"),
        _program("top", "samples of a server on this machine, as the demo's"),
        _program("ip", "the tests' own network namespace"),
    ]


def resources() -> list[Check]:
    """Checks of what probes need; those of an experiment replace them."""
    return [
        looked_up("Chromium", lambda: str(find_chromium(None)), setup="chromium"),
        _cores(),
        _space(OutputSettings().directory),
    ]


def _program(name: str, needed_for: str) -> Check:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    setup = name if name in ("sshd", "top", "ip") else None
    return Check(name, path, needed_for, required=False, setup=setup)


def _cores() -> Check:
    cores = len(os.sched_getaffinity(0))
    return Check(
        "cores",
        str(cores),
        "a full probe takes about half a core, with the camera of calls, 640x480",
    )


def _space(directory: Path) -> Check:
    free = free_bytes(directory)
    return Check(
        "disk",
        f"{free / 1e9:.0f} GB free in {directory.absolute()}" if free >= SPACE_BYTES else None,
        f"runs are written to {directory.absolute()}; {free / 1e9:.1f} GB free is little",
        required=False,
    )
