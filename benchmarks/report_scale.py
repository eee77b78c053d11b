"""The time and memory of a report, from a hundred probes to ten thousand.

    python -m benchmarks.report_scale [--probes 100,1000,10000] [--seconds 300] [--runs DIR]

Made-up trials are recorded by the farm's own recorder, 4 streams a probe, with faults hidden in a
few calls, and judged. Then `farm report` draws each bundle in a process of its own, which is
measured: reading, evidence, figures, tables, page. A hidden fault is found if its session is among
the first of the table of sessions, as many as are hidden. `--runs` keeps the recordings, and uses
those that are there. The last line is one JSON object, of the largest load; `growth_exponent` is
the largest between two neighbouring loads: 1 is linear.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.many_calls import hidden_in, record
from farm.analysis.trial_summary import summarise
from farm.evidence import trial_evidence
from farm.model.run_clock import RunClock
from farm.recording import RunRecording
from farm.recording.reader import RunReader
from farm.verdict import judge


@dataclass(frozen=True, slots=True)
class Drawn:
    """The time, memory and hidden faults found of one report."""

    probes: int
    wall_s: float
    peak_rss_mib: float
    hidden: int
    found: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--probes", default="100,1000,10000")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--runs", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = options.runs or Path(folder)
        drawn = [report(runs, int(probes), options.seconds) for probes in options.probes.split(",")]
    last = drawn[-1]
    growth = [
        math.log(more.wall_s / less.wall_s) / math.log(more.probes / less.probes)
        for less, more in pairwise(drawn)
    ]
    print(
        json.dumps(
            {
                "probes": last.probes,
                "wall_s": round(last.wall_s, 1),
                "peak_rss_mib": round(last.peak_rss_mib),
                "growth_exponent": round(max(growth), 2) if growth else None,
                "faults_hidden": last.hidden,
                "faults_found": last.found,
            }
        )
    )


def report(runs: Path, probes: int, seconds: int) -> Drawn:
    """Record and judge a trial, unless that is done, and draw its report."""
    run = runs / f"{probes}-probes"
    if not run.exists():
        began_s = time.monotonic()
        run = record(runs, probes, seconds)
        print(f"{probes} probes: recorded in {time.monotonic() - began_s:.0f} s")
    reader = RunReader.open(run)
    if reader.trials[0].result is None:
        began_s = time.monotonic()
        judge_trial(run, reader)
        print(f"{probes} probes: judged in {time.monotonic() - began_s:.0f} s")
    wall_s, peak_rss_mib = drawn_by_farm(run)
    hidden = hidden_in(reader.trials[0].plan)
    found = len(first_sessions(run, len(hidden)) & {fault.session for fault in hidden})
    print(
        f"{probes} probes: report in {wall_s:.1f} s, {peak_rss_mib:.0f} MiB at most, "
        f"{found} of {len(hidden)} hidden faults on top"
    )
    return Drawn(probes, wall_s, peak_rss_mib, len(hidden), found)


def judge_trial(run: Path, reader: RunReader) -> None:
    """Judge a trial as a run does when it is over."""
    trial, settings = reader.trials[0], reader.manifest.settings
    evidence = trial_evidence(trial, window_s=settings.trial.window_s, poll_s=settings.trial.poll_s)
    verdict = judge(evidence, settings.criteria, settings.invalid, None)
    with RunRecording.resume(run, RunClock()) as recording:
        recording.trial(trial.plan).write_result(summarise(evidence, verdict))


def drawn_by_farm(run: Path) -> tuple[float, float]:
    """`farm report RUN`: seconds from start to end, MiB of memory at most."""
    began_s = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "farm.cli", "report", str(run)], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, f"farm report ended with {child.returncode}"
    return time.monotonic() - began_s, used.ru_maxrss / 1024


def first_sessions(run: Path, count: int) -> set[str]:
    """The sessions that the report lists first."""
    (table,) = (run / "report").glob("trial-*-sessions.csv")
    with table.open(encoding="utf-8", newline="") as file:
        return {row["session"] for _, row in zip(range(count), csv.DictReader(file), strict=False)}


if __name__ == "__main__":
    main()
