"""Reads the samples of a trial's pages: of all probes, or of some of thousands at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from farm.recording.clock_offsets import ClockOffsets
from farm.recording.parquet_parts import Damage, Span, read_table
from farm.recording.run_folder import TrialFolder
from farm.recording.sample_tables import POLL

PROBES_AT_ONCE = 500
"""Probes whose samples are read at once: an hour's rows fit into memory with what is computed."""


class SampleReader:
    """The samples of a trial's probes. `damage` names what could not be read so far, each once."""

    def __init__(
        self,
        folder: TrialFolder,
        offsets: ClockOffsets,
        damage: list[Damage],
        span: Span | None = None,
        *,
        inode: int | None = None,
    ) -> None:
        """`inode` is that of the trial's folder when it was first listed (`inode_of`)."""
        self.folder = folder
        self._inode = inode
        self.damage = damage
        self._offsets = offsets
        self._span = span

    def of_probes(self, first: str, last: str) -> SampleReader:
        """A reader of the probes whose names lie from `first` to `last`, in lexical order."""
        span = first, last
        return SampleReader(self.folder, self._offsets, self.damage, span, inode=self._inode)

    def in_batches(
        self, probes: Iterable[str], at_once: int = PROBES_AT_ONCE
    ) -> Iterator[tuple[tuple[str, ...], SampleReader]]:
        """`probes` some at a time, in lexical order, each time with a reader of their samples.

        The reader may also have other probes, whose names lie between the first and the last.
        """
        names = sorted(probes)
        for start in range(0, len(names), at_once):
            some = tuple(names[start : start + at_once])
            yield some, self.of_probes(some[0], some[-1])

    def samples(self, type: str, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        """All rows of a W3C stats type (`inbound-rtp`); `None` when there are none.

        They are in order of parts of some seconds, within these of probes. `columns` saves time and
        memory; `run_s`, `host` and `host_monotonic_s` are always read.
        """
        return self.timed(self.folder.samples(type), columns)

    def polls(self, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        """A row per poll: probe, host, times, late_s, connections, states."""
        return self.timed(self.folder.samples(POLL), columns)

    def timed(self, folder: Path, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        """The rows of a host's table with their run time, `run_s`."""
        wanted = None
        if columns is not None:
            wanted = list(dict.fromkeys([*columns, "host", "host_monotonic_s"]))
        frame = self.table(folder, wanted)
        if frame is None:
            return None
        alone = frame["host"].n_unique() <= 1
        hosts = [frame] if alone else frame.partition_by("host", maintain_order=True)
        return pl.concat([self._with_run_s(part) for part in hosts])

    def table(self, folder: Path, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        """The rows of a table as they were recorded."""
        frame, damage = read_table(folder, columns, self._span)
        self.note(damage)
        self.note_set_aside()
        return frame

    def note_set_aside(self) -> None:
        """Note it as damage if the trial was restarted since it was first listed (`--resume`)."""
        if inode_of(self.folder.path) != self._inode:
            self.note([Damage(self.folder.path, "was moved away because the trial was restarted")])

    def is_damaged(self, type: str) -> bool:
        """Whether some samples of a type are known to be lost."""
        folder = self.folder.samples(type)
        return any(folder in (each.path, each.path.parent) for each in self.damage)

    def note(self, damage: Iterable[Damage]) -> None:
        """Note what could not be read, each damage once."""
        self.damage += [each for each in damage if each not in self.damage]

    def _with_run_s(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of one host with their run time."""
        host = frame["host"].first()
        times = self._offsets.run_s(str(host), frame["host_monotonic_s"].to_numpy())
        if times is None:
            return frame.with_columns(run_s=pl.lit(None, pl.Float64))
        return frame.with_columns(run_s=pl.Series(times))


def inode_of(folder: Path) -> int | None:
    """The inode of a folder, which differs from that of a later one of its name; `None`: none."""
    try:
        return folder.stat().st_ino
    except OSError:
        return None
