"""`farm report RUN`: draws the report again from the recording, offline."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from farm.cli import excerpt
from farm.cli.ending import add_upload_option, upload_report
from farm.cli.recorded import recorded_run, run_path
from farm.cli.rejudging import judge_again
from farm.cli.stopping import stopped_as_by_ctrl_c
from farm.recording.matrix_folder import is_matrix_folder
from reports.pages.bundle import write_bundle
from reports.pages.matrix_page import write_matrix_report


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm report runs/20261122T221500Z-one_to_one"
    verb.add_argument("run", type=run_path, help="the run's folder, or its name in runs/ here")
    verb.add_argument(
        "--criteria",
        type=Path,
        metavar="FILE",
        help="judge all trials again, by that file's limits",
    )
    excerpt.describe(verb)
    add_upload_option(verb)
    verb.add_argument("--json", action="store_true", help="the page's path as JSON")
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    with stopped_as_by_ctrl_c():
        return _act(options)


def _act(options: argparse.Namespace) -> int:
    if options.criteria is not None:
        judge_again(options.run, options.criteria, as_json=options.json)
        return 0
    if excerpt.asked_for(options):
        return excerpt.act(options)
    if is_matrix_folder(options.run):
        page = write_matrix_report(options.run)
    else:
        page = write_bundle(recorded_run(options.run, "RUN").path)
    if not options.json:
        print(page)
    sent = upload_report(page, options.upload)
    if options.json:
        print(json.dumps({"report": str(page), **sent}))
    return 0
