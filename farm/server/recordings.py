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
from farm.server.mjr import SUFFIX
from farm.server.recorded_files import (
    HEAD_BYTES,
    files,
    free_bytes,
    has_ffprobe,
    head_command,
    inspect_command,
    prepare_command,
    put_away_command,
    remove_command,
)
from farm.server.shell import CommandResult

Run: TypeAlias = Callable[[str, float], Awaitable[CommandResult]]
"""Runs a command on the machine, with a time limit in seconds. Raises ServerError."""

WITHIN_S = 30.0
FILES_AT_ONCE = 20
"""Files inspected by one command: a busy disk must finish them within `WITHIN_S`."""


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
        answer = await self._run(prepare_command(self._directory), WITHIN_S)
        if answer.status != 0:
            why = (
                f"server.recordings.directory: {self._directory} cannot be used on {self._where}: "
                f"{answer.complaint}"
            )
            raise AnswerCut(why) if _killed(answer) else BadInput(why)
        self._made = True
        return free_bytes(answer.stdout)

    async def look(self, names: Sequence[str]) -> tuple[RecordedFile, ...]:
        inspected: list[RecordedFile] = []
        for start in range(0, len(names), FILES_AT_ONCE):
            some = names[start : start + FILES_AT_ONCE]
            inspected += await self._inspect([f"{self._directory}/{name}" for name in some])
        return tuple(inspected)

    async def put_away(self, trial: str) -> None:
        folder = None if self._keep == "none" else trial
        command = put_away_command(self._directory, folder, others=self._keep == "last")
        answer = await self._run(command, WITHIN_S)
        if answer.status != 0:
            raise ServerError(
                f"recordings in {self._directory} on {self._where} cannot be put away: "
                f"{answer.complaint}"
            )

    async def leave(self) -> None:
        """Delete recordings that are not to be kept. Raises ServerError."""
        if self._made:
            self._made = False
            kept = self._keep != "none"
            await self._run(remove_command(self._directory, kept=kept), WITHIN_S)

    async def _inspect(self, paths: Sequence[str]) -> list[RecordedFile]:
        answer = await self._run(inspect_command(paths), WITHIN_S)
        inspected = files(paths, answer.stdout)
        if has_ffprobe(answer.stdout):
            return list(inspected)
        return [await self._with_tracks(file) if _is_readable(file) else file for file in inspected]

    async def _with_tracks(self, file: RecordedFile) -> RecordedFile:
        """Read the beginning of the file with PyAV, on this machine."""
        answer = await self._run(head_command(file.path), WITHIN_S)
        try:
            head = base64.b64decode(answer.stdout)
            if len(head) < min(HEAD_BYTES, file.size_bytes or 0):
                return replace(file, tracks=None)
            return replace(file, tracks=await asyncio.to_thread(tracks_of, head))
        except binascii.Error:
            return replace(file, tracks=None)
        except ValueError as error:
            return replace(file, trouble=str(error))


def _is_readable(file: RecordedFile) -> bool:
    is_read = file.path.endswith(SUFFIX)
    return bool(file.size_bytes) and file.tracks is not None and not is_read


def _killed(answer: CommandResult) -> bool:
    """Whether the shell or its command was killed, so that the directory is not the cause."""
    return answer.status < 0 or answer.status >= 128
