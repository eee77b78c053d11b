"""Our end of the pipe to the guardian process: starts it, reports children, dismisses it."""

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
    """The pipe to the guardian, which acts when this end closes without a farewell."""

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

    def send(self, *words: str | int) -> None:
        """Send a message: a word and a pid, or a word and a directory."""
        # A guardian that was killed is no reason to stop: the kernel still ends our children with
        # us, and `close` does the rest.
        with suppress(BrokenPipeError):
            os.write(self._writing, json.dumps(words).encode() + b"\n")

    async def dismiss(self) -> None:
        """End the guardian; it does nothing then."""
        self.send("farewell")
        os.close(self._writing)
        await asyncio.to_thread(self._process.wait, KILL_WITHIN_S)
