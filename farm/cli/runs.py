"""`farm runs`: lists the runs of a directory; `--prune 30d` removes old ones."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from farm.errors import BadInput
from farm.files.path_beside import is_there
from farm.model.experiment import OutputSettings
from farm.model.wording import counted
from farm.recording.pruning import prune_runs
from farm.recording.run_list import RunEntry, list_runs

_AGE = re.compile(r"(\d+)([dhm])")
_OLDEST = timedelta(days=36500)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm runs --prune 30d"
    verb.add_argument(
        "--out",
        type=Path,
        default=OutputSettings().directory,
        help="where run folders are (%(default)s)",
    )
    verb.add_argument("--prune", type=_age, metavar="AGE", help="remove older ones: 30d, 12h, 90m")
    verb.add_argument("--json", action="store_true", help="the list as JSON")
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    if is_there(options.out) and not options.out.is_dir():
        raise BadInput(f"--out: {options.out}: not a directory")
    if options.prune is not None:
        pruned = prune_runs(options.out, options.prune, datetime.now(UTC))
        _show(pruned.removed, as_json=options.json, heading=f"removed {len(pruned.removed)}")
        for kept in pruned.kept:
            print(f"kept {kept}", file=sys.stderr if options.json else sys.stdout)
        return 0
    entries = list_runs(options.out)
    _show(entries, as_json=options.json, heading=f"{len(entries)} in {options.out}")
    return 0


def _show(entries: Iterable[RunEntry], *, as_json: bool, heading: str) -> None:
    if as_json:
        print(json.dumps([_plain(entry) for entry in entries], indent=2))
        return
    print(heading)
    for entry in entries:
        probes = "-" if entry.probes is None else counted(entry.probes, "probe")
        line = f"  {entry.when:%Y-%m-%d %H:%M}  {entry.state:18} {probes:>12}  {entry.path}"
        print(line if entry.writer is None else f"{line}  ({entry.writer})")


def _plain(entry: RunEntry) -> dict[str, object]:
    return {
        "path": str(entry.path),
        "when": entry.when.isoformat(),
        "name": entry.name,
        "scenario": entry.scenario,
        "state": entry.state,
        "probes": entry.probes,
        "writer": None if entry.writer is None else asdict(entry.writer),
    }


def _age(text: str) -> timedelta:
    match = _AGE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text}: expected an age such as 30d, 12h or 90m")
    try:
        age = timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        age = timedelta.max
    if age > _OLDEST:
        raise argparse.ArgumentTypeError(f"{text}: expected {_OLDEST.days}d or less")
    return age
