"""Wraps commands so that they run on their cores and end with us."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from farm.errors import MissingTool


def wrapped(command: Sequence[str | Path], cores: Sequence[int] | None = None) -> list[str]:
    """The command behind programs that set its cores and its end with us, by exec: one pid.

    Raises MissingTool.
    """
    program = [str(word) for word in command]
    if shutil.which(program[0]) is None:
        raise MissingTool(f"{program[0]} is not on this machine")
    words: list[str] = []
    if cores is not None:
        if shutil.which("taskset") is None:
            raise MissingTool("taskset is not on this machine (cores: needs it; util-linux has it)")
        words += ["taskset", "-c", ",".join(str(core) for core in cores)]
    if shutil.which("setpriv") is not None:
        words += ["setpriv", "--pdeathsig", "KILL", "--"]
    return words + program
