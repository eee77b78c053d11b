"""Our end of the pipe to the guardian process: starts it, tells it of children, dismisses it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

from farm.processes.child import KILL_WITHIN_S
from farm.processes.family import MARK


class GuardianPipe:
    """The guardian acts when this end closes without a farewell."""

    def __init__(self, mark: str, log: Path) -> None:
        reading, self._writing = os.pipe()
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        with ExitStack() as undone:
            undone.callback(os.close, self._writing)
            with open(reading, "rb") as pipe, log.open("ab") as output:  # noqa: PTH123 - a descriptor
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "farm.processes.guardian", mark],
                    stdin=pipe,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    cwd="/",
                    env=environment,
                )
            undone.pop_all()

    def tell(self, *words: str | int) -> None:
        """What it must end or remove, or must no more: a word and a pid, or a directory."""
        # A guardian that somebody killed is no reason to stop: the kernel still ends our children
        # with us, and `close` does all of its work.
        with suppress(BrokenPipeError):
            os.write(self._writing, json.dumps(words).encode() + b"\n")

    async def dismiss(self) -> None:
        """It ends and does nothing."""
        self.tell("farewell")
        os.close(self._writing)
        await asyncio.to_thread(self._process.wait, KILL_WITHIN_S)
