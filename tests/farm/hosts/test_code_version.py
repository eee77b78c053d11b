"""Which farm this is: the same word for the same code, wherever it is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import farm
from farm.hosts.code_version import own_code

COPIED = ("farm", "browser_scripts")


def code_of(folder: Path) -> str:
    """What a farm says of itself whose packages are in this folder."""
    said = subprocess.run(
        [sys.executable, "-c", "from farm.hosts.code_version import own_code; print(own_code())"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.strip()


def test_a_copy_elsewhere_is_the_same_until_a_byte_of_its_code_changes(tmp_path: Path) -> None:
    source = Path(farm.__file__).parents[1]
    for package in COPIED:
        for path in sorted((source / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                copy = tmp_path / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
    assert re.fullmatch(r"\S+ \([0-9a-f]{8}\)", own_code())
    (tmp_path / "farm" / "notes.txt").write_text("no code")
    assert code_of(tmp_path) == own_code()
    script = tmp_path / "browser_scripts" / "poll_stats.js"
    script.write_text(script.read_text() + " ")
    assert code_of(tmp_path) != own_code()
