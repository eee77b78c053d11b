"""Three searches of the embedded server in a row, which should find the same capacity.

    python -m benchmarks.three_searches [--keep DIR]

The server mixes rooms of two on a core of its own, at so large a resolution that it is the first to
be saturated; light probes are on the other cores. A search takes some three minutes, on a machine
that does nothing else. `--keep DIR` writes the trials of each search (`one.json`, `two.json`,
`three.json`), from which each interval was computed. The last line is one JSON object: each
interval, and whether every two of them overlap.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from farm.cli.size import search
from farm.drivers import with_room_media
from farm.experiment_file import parse_experiment
from farm.planning.load_steps import ladder
from farm.recording.reader import RunReader
from farm.results.summary import trial_summary
from farm.terminal import Terminal

NAMES = ("one", "two", "three")
KEPT = ("index", "probes", "purpose", "verdict", "units", "units_failed", "server_cpu_percent")
EXPERIMENT = """\
format: 1
scenario: {{kind: group, members: 2, mix: 1920x1080, mix_frame_rate: 25}}
server: {{kurento: embedded, cores: [{server}]}}
hosts: [{{here: true, place: here, cores: {hosts}}}]
probes: {{fidelity: light}}
media: {{size: 160x120, frame_rate: 10, max_video_send_bandwidth: 250}}
trial: {{settle: 4s, hold: 12s, window: 3s, sessions_per_second: 1}}
search: {{maximum: 8, max_trials: 7, invalid_retries: 3, drift_every: null}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, metavar="DIR")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    text = EXPERIMENT.format(server=cores[-1], hosts=cores[:-1] or cores)
    answers = []
    with tempfile.TemporaryDirectory() as runs:
        for name in NAMES:
            answers.append(told_search(name, text, Path(runs), options.keep))
    intervals = [answer["interval_probes"] for answer in answers]
    overlap = all(overlaps(one, other) for one, other in combinations(intervals, 2))
    print(json.dumps({"intervals": intervals, "overlap": overlap}))


def told_search(name: str, text: str, runs: Path, keep: Path | None) -> dict[str, Any]:
    """The answer of a search and its trials, printed, and written to `keep`/NAME.json."""
    answer = one_search(text, runs)
    capacity = f"{answer['probes']} probes, {answer['interval_probes']}"
    print(f"{name}: {answer['state']}, {capacity}", flush=True)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{name}.json").write_text(json.dumps(answer, indent=1) + "\n")
    return answer


def one_search(text: str, runs: Path) -> dict[str, Any]:
    """The answer of a search, and its trials."""
    experiment = with_room_media(parse_experiment(text, "three_searches"))
    experiment = replace(experiment, output=replace(experiment.output, directory=runs))
    path, estimate = asyncio.run(search(experiment, text, runs, Terminal(sys.stderr)))
    rungs = ladder(experiment)
    return {
        "state": estimate.state,
        "probes": estimate.probes,
        "interval_probes": list(estimate.interval),
        "search": {"minimum": rungs.minimum, "maximum": rungs.maximum, "step": rungs.step},
        "trials": [
            {key: value for key, value in trial_summary(result).items() if key in KEPT}
            for result in RunReader.open(path).results
        ],
    }


def overlaps(one: list[int | None], other: list[int | None]) -> bool:
    """Whether two intervals overlap; ends that are None are open."""
    low = max(one[0] or 0, other[0] or 0)
    return all(high is None or low <= high for high in (one[1], other[1]))


if __name__ == "__main__":
    main()
