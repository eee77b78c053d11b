"""`farm report` that is told to go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "options", [[], ["--export", "csv"], ["--probe", "p000"], ["--criteria", "looser.yaml"]]
)
def test_sigterm_ends_it_as_ctrl_c_does(tmp_path: Path, options: list[str]) -> None:
    manifest = tmp_path / "manifest.json"
    os.mkfifo(manifest)
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "farm.cli", "report", str(tmp_path), *options],
        stderr=subprocess.PIPE,
        text=True,
    ) as report:
        try:
            with manifest.open("w"):  # opens when the other end does: it is about to read
                report.send_signal(signal.SIGTERM)
                _, said = report.communicate(timeout=60)
        finally:
            report.kill()
    assert said == "farm: interrupted; everything of ours is stopped\n"
    assert report.returncode == 130
