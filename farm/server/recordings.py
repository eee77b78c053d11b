"""Recorded calls on the server's machine, as `farm.protocols.Recordings`."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from farm.errors import AnswerCut, BadInput, ServerError
from farm.media.file_head import tracks_of
from farm.model.call_files import RecordedFile
from farm.model.server_settings import RecordingSettings as RecordingsSettings
from farm.server import recorded_files
from farm.server.shell import CommandResult

Run: TypeAlias = Callable[[str, float], Awaitable[CommandResult]]
"""Runs a command on the machine, in so many seconds. Raises ServerError."""

WITHIN_S = 30.0
FILES_AT_ONCE = 20
"""Looked into by one command: a busy disk must not take longer than `WITHIN_S` for them."""


class RecordingsDirectory:
    """Implements `farm.protocols.Recordings`; the directory is this run's alone.

    `where` names the machine. Nothing is touched before `ready`, and `leave` undoes it.
    """

    def __init__(self, run: Run, where: str, settings: RecordingsSettings) -> None:
        self._run = run
        self._where = where
        self._directory = settings.directory
        self._keep = settings.keep
        self._made = False

    async def ready(self) -> int | None:
        answer = await self._run(recorded_files.ready(self._directory), WITHIN_S)
        if answer.status != 0:
            why = (
                f"server.recordings.directory: {self._directory} cannot be used on {self._where}: "
                f"{answer.complaint}"
            )
            raise AnswerCut(why) if _killed(answer) else BadInput(why)
        self._made = True
        return recorded_files.free_bytes(answer.stdout)

    async def look(self, names: Sequence[str]) -> tuple[RecordedFile, ...]:
        found: list[RecordedFile] = []
        for start in range(0, len(names), FILES_AT_ONCE):
            some = names[start : start + FILES_AT_ONCE]
            found += await self._look([f"{self._directory}/{name}" for name in some])
        return tuple(found)

    async def put_away(self, trial: str) -> None:
        folder = None if self._keep == "none" else trial
        command = recorded_files.put_away(self._directory, folder, others=self._keep == "last")
        answer = await self._run(command, WITHIN_S)
        if answer.status != 0:
            raise ServerError(
                f"recordings in {self._directory} on {self._where} cannot be put away: "
                f"{answer.complaint}"
            )

    async def leave(self) -> None:
        """Delete what is not to be kept. Raises ServerError."""
        if self._made:
            self._made = False
            kept = self._keep != "none"
            await self._run(recorded_files.remove(self._directory, kept=kept), WITHIN_S)

    async def _look(self, paths: Sequence[str]) -> list[RecordedFile]:
        answer = await self._run(recorded_files.look(paths), WITHIN_S)
        found = recorded_files.files(paths, answer.stdout)
        if recorded_files.has_ffprobe(answer.stdout):
            return list(found)
        return [await self._look_into(file) if _is_readable(file) else file for file in found]

    async def _look_into(self, file: RecordedFile) -> RecordedFile:
        """With PyAV, on this machine."""
        answer = await self._run(recorded_files.head(file.path), WITHIN_S)
        try:
            head = base64.b64decode(answer.stdout)
            if len(head) < min(recorded_files.HEAD_BYTES, file.size_bytes or 0):
                return replace(file, tracks=None)
            return replace(file, tracks=await asyncio.to_thread(tracks_of, head))
        except binascii.Error:
            return replace(file, tracks=None)
        except ValueError as error:
            return replace(file, trouble=str(error))


def _is_readable(file: RecordedFile) -> bool:
    return bool(file.size_bytes) and file.tracks is not None


def _killed(answer: CommandResult) -> bool:
    """Its shell was, or what its shell ran; the directory is not to blame."""
    return answer.status < 0 or answer.status >= 128
