"""`farm report` that is told to go."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SLOW_DISK = """
import sys, time
from farm.cli.__main__ import main
from farm.recording.reader import RunReader

def open_slowly(path):
    print("reading", flush=True)
    time.sleep(60)

RunReader.open = open_slowly
sys.exit(main())
"""


@pytest.mark.parametrize(
    "options", [[], ["--export", "csv"], ["--probe", "p000"], ["--criteria", "looser.yaml"]]
)
def test_sigterm_ends_it_as_ctrl_c_does(tmp_path: Path, options: list[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-P", "-c", SLOW_DISK, "report", str(tmp_path), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as report:
        try:
            assert report.stdout is not None
            assert report.stdout.readline() == "reading\n"
            report.send_signal(signal.SIGTERM)
            _, said = report.communicate(timeout=60)
        finally:
            report.kill()
    assert said == "farm: interrupted; everything that the farm started is stopped\n"
    assert report.returncode == 130
