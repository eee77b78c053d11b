"""The command `farm` as a user runs it: a process of its own, with real browsers below it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from farm.processes.family import MARK

ENDS_WITHIN_S = 300


@dataclass
class FarmProcess:
    """A running `farm`; all its output is in `output`, its run in the only folder of `runs`."""

    process: subprocess.Popen[str]
    runs: Path
    output: Path
    temporary: Path
    seen: set[psutil.Process] = field(default_factory=set)

    @property
    def run(self) -> Path:
        (folder,) = self.runs.iterdir()
        return folder

    def wait(self) -> int:
        """Wait for its end; returns its exit code."""
        return self.process.wait(timeout=ENDS_WITHIN_S)

    def read_output(self) -> str:
        return self.output.read_text()

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition is true; fails if the farm ends before, or it takes too long."""
        deadline = time.monotonic() + ENDS_WITHIN_S
        while not condition():
            assert self.process.poll() is None, self.read_output()
            self.look()
            assert time.monotonic() < deadline, self.read_output()
            time.sleep(0.25)  # each check takes CPU from the run

    def until_phase(self, phase: str) -> None:
        """Wait until a trial has entered this phase."""
        self.until(lambda: phase in self.phases())

    def phases(self) -> list[str]:
        if not self.runs.is_dir() or not any(self.runs.iterdir()):
            return []
        lines = [
            json.loads(line)
            for events in sorted(self.run.glob("trials/*/events.jsonl"))
            for line in events.read_text().splitlines()
            if line.endswith("}")
        ]
        return [line["data"]["phase"] for line in lines if line["event"] == "phase"]

    def child(self, name: str) -> psutil.Process:
        """The process below us whose command line holds `name`, the newest of them."""
        return max(self.children(name), key=lambda each: each.create_time())

    def children(self, name: str) -> list[psutil.Process]:
        return [each for each in self.look() if name in _command_line(each)]

    def look(self) -> set[psutil.Process]:
        """All descendants of this farm; they are remembered.

        Some overwrite their environment, some lose their parent, so both ways are gone.
        """
        with suppress(psutil.NoSuchProcess):
            self.seen |= set(psutil.Process(self.process.pid).children(recursive=True))
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("FARM_TEST") == str(self.runs):
                    self.seen |= {process, *process.children(recursive=True)}
        self.seen = {each for each in self.seen if _alive(each) and each.pid != self.process.pid}
        return self.seen

    def left(self) -> list[str]:
        """The processes that outlive the farm; waits a moment for the last to end."""
        deadline = time.monotonic() + 60
        while (alive := self.look()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return [f"{each.pid} {each.name()}" for each in alive] + [
            str(path) for path in self.temporary.iterdir()
        ]

    def result(self) -> dict[str, Any]:
        """The last trial's `result.json`."""
        return json.loads(sorted(self.run.glob("trials/*/result.json"))[-1].read_text())  # type: ignore[no-any-return]

    def summary(self) -> dict[str, Any]:
        return json.loads((self.run / "summary.json").read_text())  # type: ignore[no-any-return]


@contextmanager
def farm(
    tmp_path: Path, *words: str, experiment: str | None, within: Sequence[str] = ()
) -> Iterator[FarmProcess]:
    """Run `farm VERB EXPERIMENT ...` on this text; killed at the end if need be.

    `within` is a command that becomes the one behind it, somewhere else.
    """
    runs, output = tmp_path / "runs", tmp_path / "output.txt"
    # Chromium's sockets are in it, and a socket's path has at most 107 characters.
    temporary = Path(tempfile.mkdtemp(prefix="farm-"))
    verb, *options = words
    if experiment is not None:
        file = tmp_path / "experiment.yaml"
        file.write_text(experiment)
        options = [str(file), "--out", str(runs), *options]
    with output.open("w") as stream:
        process = subprocess.Popen(
            [*within, sys.executable, "-P", "-m", "farm.cli", verb, *options],
            stdout=stream,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={
                **{name: value for name, value in os.environ.items() if name != MARK},
                "FARM_TEST": str(runs),
                "TMPDIR": str(temporary),
            },
        )
    started = FarmProcess(process, runs, output, temporary)
    try:
        yield started
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for left in started.look():
            left.kill()
        shutil.rmtree(temporary, ignore_errors=True)


def _command_line(process: psutil.Process) -> str:
    """The command line of a process; empty if it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
