"""`farm record-driver URL`: a person acts in browsers, and a driver is made of it."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

from farm.bench.driver_recording import record_driver
from farm.cli.checked_experiment import MEMBERS, experiment_for
from farm.cli.driver import report_check
from farm.cli.person_at_terminal import PersonAtTerminal
from farm.cli.stopping import run_to_end
from farm.drivers import with_room_media
from farm.drivers.recorded_driver import RecordedDriver
from farm.drivers.recorded_names import SESSION, own_name, url_with_session
from farm.errors import BadInput
from farm.experiment_file import check, placed
from farm.hosts.wiring import clip_cache
from farm.media import Clip, prepare
from farm.model.experiment import AppSettings, Experiment, MediaSettings, Scenario, ScenarioKind
from farm.planning.load_steps import smallest_load
from farm.planning.trial_planning import camera_size

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm record-driver https://203.0.113.10/ --scenario group -o mine.yaml"
    verb.add_argument("url", metavar="URL", help="the page")
    verb.add_argument(
        "--scenario",
        choices=get_args(ScenarioKind),
        default="one_to_one",
        help="whose roles are recorded (%(default)s)",
    )
    verb.add_argument(
        "-o", "--output", type=Path, default=Path("driver.yaml"), help="the file (%(default)s)"
    )
    verb.add_argument("--overwrite", action="store_true", help="replace that file")
    verb.add_argument(
        "--session-text",
        metavar="TEXT",
        help="the name of the room or call, as you type it or as the URL has it: {session}",
    )
    verb.add_argument(
        "--probe-text",
        metavar="[ROLE=]TEXT",
        action="append",
        default=[],
        help="the name of a role's user, as you type it: each user's own in the driver",
    )
    verb.add_argument("--chromium", type=Path, metavar="PATH", help="the browser to use")
    verb.add_argument(
        "--accept-self-signed", action="store_true", help="accept the page's own certificate"
    )
    verb.add_argument("--no-check", action="store_true", help="do not check the driver afterwards")
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    output: Path = options.output
    if output.suffix not in (".yaml", ".yml"):
        raise BadInput(f"--output: {output}: expected a name that ends with .yaml")
    if output.exists() and not options.overwrite:
        raise BadInput(f"--output: {output} exists: expected another name, or --overwrite")
    if not output.absolute().parent.is_dir():
        raise BadInput(f"--output: {output}: there is no folder {output.parent}")
    check_display(os.environ)
    url, goto = url_with_session(options.url, options.session_text)
    with placed(None, {"app.url": "URL", "probes.chromium": "--chromium"}):
        experiment = recorded_experiment(options, url)
        person = PersonAtTerminal()
        logs = Path(tempfile.mkdtemp(prefix="farm-record-"))
        try:
            recorded = run_to_end(
                record_driver(
                    experiment,
                    options.url,
                    goto,
                    given_names(options),
                    person,
                    prepare=partial(_clip, experiment),
                    logs=logs,
                    headed=True,
                )
            )
        finally:
            shutil.rmtree(logs, ignore_errors=True)
        write_driver(recorded, output, person)
        if url != options.url:
            person.say(f"app.url: {url} (the driver adds the rest of the address)")
        if options.no_check:
            return 0
        return check_recorded(experiment, output, person)


def check_recorded(experiment: Experiment, output: Path, person: PersonAtTerminal) -> int:
    """`farm driver check` of the file. The exit code."""
    person.say(f"\nfarm driver check {output} --url {experiment.app.url}")
    app = replace(experiment.app, driver=str(output.absolute()))
    checked = with_room_media(experiment_for(replace(experiment, app=app), output.stem))
    return report_check(checked, smallest_load(checked.scenario), as_json=False, name=str(output))


def check_display(environment: Mapping[str, str]) -> None:
    """Raise BadInput where no window can be opened."""
    if not any(environment.get(name) for name in DISPLAYS):
        raise BadInput(
            "record-driver opens windows, and there is no display (DISPLAY is not set): run it on "
            "a desktop, over ssh -X, or with the package xvfb and a viewer: xvfb-run farm "
            "record-driver ..."
        )


def recorded_experiment(options: argparse.Namespace, url: str) -> Experiment:
    """The experiment whose roles are recorded. Raises BadInput."""
    base = Experiment()
    experiment = replace(
        base,
        scenario=Scenario(kind=options.scenario, members=MEMBERS),
        app=AppSettings(run=None, url=url, accept_self_signed=options.accept_self_signed),
        server=replace(base.server, kurento=None),
        probes=replace(base.probes, chromium=options.chromium),
    )
    check(experiment)
    return experiment


def given_names(options: argparse.Namespace) -> dict[str, str]:
    """The typed texts that options name, with their templates. Raises BadInput."""
    names = {}
    if options.session_text is not None:
        names[options.session_text] = SESSION
    roles = {"one_to_one": ("callee", "caller"), "group": ("member",)}.get(
        options.scenario, ("presenter", "viewer")
    )
    for number, given in enumerate(options.probe_text):
        role, is_role, text = given.partition("=")
        if not is_role:
            role, text = roles[min(number, len(roles) - 1)], given
        if role not in roles or not text:
            raise BadInput(f"--probe-text: {given}: expected {' or '.join(roles)}, = and a text")
        names[text] = own_name(role)
    return names


def write_driver(recorded: RecordedDriver, output: Path, person: PersonAtTerminal) -> None:
    """Write the driver, and say what it lacks."""
    output.write_text(recorded.text())
    person.say(f"\n{output}:\n{output.read_text()}")
    for note in recorded.notes:
        person.say(f"note: {note}")


def _clip(experiment: Experiment, _media: MediaSettings) -> Clip:
    return prepare(experiment.media, camera_size(experiment), clip_cache())
