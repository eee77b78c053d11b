"""A fake of the server's directory of recorded calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from farm.model.call_files import RecordedFile, RecordedTrack

DIRECTORY = "/var/tmp/farm"  # noqa: S108 - the server's, not ours


@dataclass
class FakeRecordings:
    """Implements `protocols.Recordings`: finds what a test put into `files`, by name.

    `free` bytes are left on the disk. `breaks` maps a method to the error that it raises.
    """

    files: dict[str, RecordedFile] = field(default_factory=dict)
    free: int = 10**12
    breaks: Mapping[str, Exception] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)

    @staticmethod
    def whole(name: str, length_s: float = 1000.0) -> RecordedFile:
        """A complete file of both kinds of media; by default longer than any call."""
        tracks = (RecordedTrack("audio", length_s), RecordedTrack("video", length_s))
        return RecordedFile(f"{DIRECTORY}/{name}", 1_000_000, tracks)

    async def ready(self) -> int | None:
        self._breaks("ready")
        self.did.append("ready")
        return self.free

    async def look(self, names: Sequence[str]) -> tuple[RecordedFile, ...]:
        self._breaks("look")
        self.did.append("look")
        return tuple(
            self.files.get(name, RecordedFile(f"{DIRECTORY}/{name}", None)) for name in names
        )

    async def put_away(self, trial: str) -> None:
        self._breaks("put_away")
        self.did.append(f"put away {trial}")

    def _breaks(self, method: str) -> None:
        if method in self.breaks:
            raise self.breaks[method]
