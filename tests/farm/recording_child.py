"""A process that records one trial for ever and says what it has seen: made to be killed.

    python -m tests.farm.recording_child DIRECTORY

Each line on stdout is the run time up to which the parts are on disk.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from farm.recording.trial_recording import PART_S
from farm.testing import FakeClock
from tests.farm.recordings import new_run
from tests.synthetic import MONOTONIC_S, Page, arrivals, call_plan, clock_reading, host_sample

SPARE_S = 0.001
"""What a part takes beyond `PART_S`: more than its readings move the clock, and too short for a
report to arrive. So it is the host's sample that makes the part due."""


async def record(directory: Path) -> None:
    clock = FakeClock()
    reports = arrivals(Page("p000", seconds=3000), Page("p001", seconds=3000))
    with new_run(directory, clock) as run:
        async with run.trial(call_plan()) as trial:
            trial.clock(clock_reading())
            trial.phase("ramp", 0.0)
            for part in itertools.count():
                until_s = (part + 1) * (PART_S + SPARE_S)
                while reports[0].host_monotonic_s < MONOTONIC_S + until_s:
                    report = reports.pop(0)
                    clock.now_s = report.host_monotonic_s - MONOTONIC_S
                    trial.page_report(report)
                clock.now_s = until_s
                trial.host_sample(host_sample(until_s))
                # The hosts' table is written last, so with it the part is complete.
                while not (trial.folder.hosts / f"part-{part:06d}.parquet").exists():
                    await asyncio.sleep(0.005)
                sys.stdout.write(f"{until_s}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1])))
