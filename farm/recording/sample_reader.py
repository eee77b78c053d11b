"""Reads what pages were sampled for: of all probes, or of some of thousands at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from farm.recording.clock_offsets import ClockOffsets
from farm.recording.folder import TrialFolder
from farm.recording.parquet_parts import Damage, Span, read_table
from farm.recording.sample_tables import POLL

PROBES_AT_ONCE = 500
"""So many probes' rows of an hour fit into memory beside what is made of them."""


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
        """`inode` is of the trial's folder when it was looked at first (`inode_of`)."""
        self.folder = folder
        self._inode = inode
        self.damage = damage
        self._offsets = offsets
        self._span = span

    def of_probes(self, first: str, last: str) -> SampleReader:
        """Only the probes whose names lie from `first` to `last`, in the order of text."""
        span = first, last
        return SampleReader(self.folder, self._offsets, self.damage, span, inode=self._inode)

    def in_batches(
        self, probes: Iterable[str], at_once: int = PROBES_AT_ONCE
    ) -> Iterator[tuple[tuple[str, ...], SampleReader]]:
        """`probes` some at a time, in the order of text, each time with what was sampled of them.

        Between the first and the last of them may be others that were not asked for.
        """
        names = sorted(probes)
        for start in range(0, len(names), at_once):
            some = tuple(names[start : start + at_once])
            yield some, self.of_probes(some[0], some[-1])

    def samples(self, type: str, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        """All rows of a W3C stats type (`inbound-rtp`); `None` when there are none.

        Of some seconds at a time, probe by probe. `columns` saves time and memory; `run_s`, `host`
        and `host_monotonic_s` come always.
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
        """Remember it if the trial was begun anew since it was looked at first: see `--resume`."""
        if inode_of(self.folder.path) != self._inode:
            self.note([Damage(self.folder.path, "was set aside for a new attempt meanwhile")])

    def is_damaged(self, type: str) -> bool:
        """Whether some of what was sampled of a type is known to be lost."""
        folder = self.folder.samples(type)
        return any(folder in (each.path, each.path.parent) for each in self.damage)

    def note(self, damage: Iterable[Damage]) -> None:
        """Remember what could not be read."""
        self.damage += [each for each in damage if each not in self.damage]

    def _with_run_s(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of one host with their run time."""
        host = frame["host"].first()
        times = self._offsets.run_s(str(host), frame["host_monotonic_s"].to_numpy())
        if times is None:
            return frame.with_columns(run_s=pl.lit(None, pl.Float64))
        return frame.with_columns(run_s=pl.Series(times))


def inode_of(folder: Path) -> int | None:
    """What tells a folder from another one that takes its name; `None` where there is none."""
    try:
        return folder.stat().st_ino
    except OSError:
        return None
