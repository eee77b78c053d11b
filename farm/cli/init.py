"""`farm init SCENARIO`: prints a commented experiment with every default."""

from __future__ import annotations

import argparse
from typing import get_args

from farm.experiment_file.template import template
from farm.model.experiment import ScenarioKind


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm init one_to_one > calls.yaml"
    verb.add_argument("scenario", choices=get_args(ScenarioKind), help="who does what")
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    print(template(options.scenario), end="")
    return 0
