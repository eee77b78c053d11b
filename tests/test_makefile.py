"""The messages of `make` on a machine where it cannot work."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


def test_who_may_not_make_a_network_is_told_what_to_do(tmp_path: Path) -> None:
    """Ubuntu 24.04 lets only root, and its own message is just "not permitted"."""
    forbidden = tmp_path / "unshare"
    forbidden.write_text("#!/bin/sh\necho 'unshare: not permitted' >&2\nexit 1\n")
    forbidden.chmod(0o755)

    made = subprocess.run(
        ["make", "-C", REPOSITORY, "own-network"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode == 2
    assert "unshare: not permitted" in made.stderr
    assert "Run make as root, or on Ubuntu first:" in made.stderr


PARTS = (
    "ruff check .",
    "ruff format --check .",
    "mypy ",
    "lint-imports ",
    "python -m pytest -q -m not measures and not alone ",
    "python -m pytest -m measures ",
    "python -m pytest -m alone ",
)
TOOL = """#!/bin/sh
echo "${{0##*/}} $* " >> {log}
case "${{0##*/}} $* " in "{failing}"*) exit 1 ;; esac
"""


@pytest.mark.parametrize("failing", PARTS)
def test_a_part_that_fails_hides_none_of_those_behind_it(failing: str, tmp_path: Path) -> None:
    log, tools = tmp_path / "log", tmp_path / "bin"
    tools.mkdir()
    for name in ("ruff", "mypy", "lint-imports", "python", "sh"):
        tool = tools / name
        tool.write_text(TOOL.format(log=log, failing=failing))
        tool.chmod(0o755)
    (tmp_path / "ready").touch()

    made = subprocess.run(
        ["make", "-C", REPOSITORY, "test", f"VENV={tmp_path}", "ISOLATED="],
        env={"PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    called = log.read_text().splitlines()
    assert [part for part in PARTS if any(call.startswith(part) for call in called)] == [*PARTS]
    assert made.returncode == 2
