"""`sample_server.sh` in a real shell, where what it runs is killed."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from farm.linux.frames import FrameReader


def test_a_grep_that_is_killed_leaves_a_frame_of_nothing_known(tmp_path: Path) -> None:
    script = tmp_path / "script.sh"
    script.write_text(files("farm.server").joinpath("sample_server.sh").read_text())
    grep = tmp_path / "grep"
    grep.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *meminfo) printf /proc/meminfo:MemTotal:79; kill -KILL $$ ;; esac\n'
        f'exec {shutil.which("grep")} "$@"\n'
    )
    grep.chmod(0o755)
    asked = b"1 - 0 /proc/meminfo\n2 - 0 /proc/uptime\n"
    answer = subprocess.run(
        ["/bin/sh", str(script), "-", "0", "0", "5"],
        input=asked,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    killed, whole = FrameReader().feed(answer.stdout)
    assert (killed.number, dict(killed.files)) == (1, {})
    assert (whole.number, list(whole.files)) == (2, ["/proc/uptime"])
