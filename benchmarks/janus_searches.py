"""Three searches in a row of Debian's Janus in each scenario, which should find one capacity each.

    python -m benchmarks.janus_searches [--only SCENARIO] [--searches 3] [--keep DIR]

A core of Janus carries more than light probes on one or two cores send, so that it is held to a
share of a core (`SIZINGS`) by a control group: it is the first to give way, and at a load that this
machine can make. Janus is started as a user's own, on loopback, and restarted before each trial; it
is measured by its port, and has no `server.janus_admin`. A search takes some five minutes, on a
machine that does nothing else. `--keep DIR` writes the trials of each search
(`one_to_one-1.json`), from which each interval was computed. The last line is one JSON object: of
each scenario the states, answers, intervals, and whether every two of the intervals overlap.

Needs root, for a network namespace of its own, and control groups of version 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks import own_network
from benchmarks.three_searches import overlaps, told_search

PERIOD_US = 25_000
"""The kernel takes no quota under 1 ms."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """`quota`: the share of a core that Janus gets; `kbps`: of each video; `maximum`: in probes."""

    scenario: str
    quota: float
    kbps: int
    maximum: int


SIZINGS = {
    "one_to_one": Sizing("{kind: one_to_one}", quota=0.04, kbps=1000, maximum=12),
    "group": Sizing("{kind: group, members: 3}", quota=0.05, kbps=250, maximum=12),
    "broadcast": Sizing("{kind: broadcast}", quota=0.04, kbps=1000, maximum=16),
}
EXPERIMENT = """\
format: 1
scenario: {scenario}
server:
  janus: {url}
  local: true
  process: {{port: {port}}}
  reset: {{command: kill -HUP {reset_pid}}}
probes: {{fidelity: light}}
media: {{size: 320x240, frame_rate: 15, max_video_send_bandwidth: {kbps}}}
trial: {{settle: 4s, hold: 12s, window: 3s, sessions_per_second: 1}}
search: {{maximum: {maximum}, max_trials: 12, invalid_retries: 3, drift_every: null}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=tuple(SIZINGS))
    parser.add_argument("--searches", type=int, default=3)
    parser.add_argument("--keep", type=Path, metavar="DIR")
    options = parser.parse_args()
    own_network.enter("benchmarks.janus_searches")
    last: dict[str, Any] = {}
    for kind in (options.only,) if options.only else tuple(SIZINGS):
        sizing = SIZINGS[kind]
        with janus_with(sizing.quota) as ready, tempfile.TemporaryDirectory() as runs:
            text = EXPERIMENT.format(
                scenario=sizing.scenario,
                kbps=sizing.kbps,
                maximum=sizing.maximum,
                port=ready["url"].rpartition(":")[2],
                **ready,
            )
            answers = [
                told_search(f"{kind}-{number}", text, Path(runs), options.keep)
                for number in range(1, options.searches + 1)
            ]
        intervals = [answer["interval_probes"] for answer in answers]
        last[kind] = {
            "states": [answer["state"] for answer in answers],
            "probes": [answer["probes"] for answer in answers],
            "intervals": intervals,
            "overlap": all(overlaps(one, other) for one, other in combinations(intervals, 2)),
        }
    print(json.dumps(last))


@contextmanager
def janus_with(quota: float) -> Iterator[dict[str, Any]]:
    """A Janus that gets so much of a core; its line of `python -m infra.janus`."""
    group = Path("/sys/fs/cgroup/cpu", f"janus-searches-{os.getpid()}")
    group.mkdir()
    try:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(round(PERIOD_US * quota)))
        command = [sys.executable, "-P", "-m", "infra.janus", "--port", "0", "--admin-port", "0"]
        entered = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh", *command]
        with subprocess.Popen(
            entered, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as janus:
            try:
                assert janus.stdout is not None
                yield json.loads(janus.stdout.readline())
            finally:
                janus.terminate()
                janus.wait()
    finally:
        end_s = time.monotonic() + 10
        while (group / "cgroup.procs").read_text() and time.monotonic() < end_s:
            time.sleep(0.05)
        group.rmdir()


if __name__ == "__main__":
    main()
