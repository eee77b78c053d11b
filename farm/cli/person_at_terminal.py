"""The person who records a driver: asked in the terminal, acts in the windows."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from farm.bench.driver_recording import Typed
from farm.browser.recorded_page import RecordedPage
from farm.drivers.recorded_names import SESSION, looks_like, own_name
from farm.errors import BadInput


class PersonAtTerminal:
    """Implements `driver_recording.Person`; answers are lines of `keyboard`.

    Names are asked for where that is a terminal; elsewhere the options say them.
    """

    def __init__(self, keyboard: TextIO | None = None, screen: TextIO | None = None) -> None:
        self._keyboard = keyboard or sys.stdin
        self._screen = screen or sys.stdout
        self._typed = b""

    def say(self, line: str) -> None:
        print(line, file=self._screen, flush=True)

    async def act(self, asked: str, role: str, pages: Mapping[str, RecordedPage]) -> None:
        """Raises BadInput when the input ends."""
        number = list(pages).index(role) + 1
        self.say(f"\nwindow {number} of {len(pages)}: {asked}; then press Enter here")
        await self._line()

    async def names(self, typed: Sequence[Typed]) -> Mapping[str, str]:
        names: dict[str, str] = {}
        if not self._keyboard.isatty():
            return names
        for each in typed:
            guess = looks_like(each.label)
            usual = {"user": "u", "session": "s"}.get(guess, "n")
            self.say(
                f"\n{each.role} typed {each.text!r} into {each.label or 'a field'}. What is it?\n"
                f"  u  the name of the user: each has its own ({own_name(each.role)})\n"
                f"  s  the name of the call or room ({SESSION})\n"
                "  n  neither: it is typed as it is\n"
                f"[{usual}]"
            )
            answer = (await self._line()).strip().lower() or usual
            if answer.startswith("u"):
                names[each.text] = own_name(each.role)
            elif answer.startswith("s"):
                names[each.text] = SESSION
        return names

    async def _line(self) -> str:
        """The next line; other tasks go on meanwhile, and Ctrl-C ends the wait."""
        while b"\n" not in self._typed and await self._more():
            pass
        line, end, self._typed = self._typed.partition(b"\n")
        if not end:
            raise BadInput("the input ended before the recording did: expected a line, Enter")
        return line.decode(errors="replace")

    async def _more(self) -> bool:
        """Read what is there as soon as something is; False at the end of the input."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        try:
            loop.add_reader(self._keyboard, ready.set)
        except PermissionError:  # a file, which is always ready
            ready.set()
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._keyboard)
        read = os.read(self._keyboard.fileno(), 4096)
        self._typed += read
        return bool(read)
