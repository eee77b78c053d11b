"""The layers of a sent video over time: encodings (simulcast), their spatial and temporal layers.

Names are those of W3C webrtc-svc: `S1` is a spatial layer, `T1` a temporal one, both from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm.analysis.rates import BoolArray, FloatArray, IntArray
from farm.evidence.poll_table import PollTable

_MODE = re.compile(r"[LS](?P<spatial>[1-9])T(?P<temporal>[1-9])(?P<narrow>h?)")

_ROUNDING = 2.0
"""Pixels by which frames of a lower spatial layer may differ from their exact share."""


@dataclass(frozen=True, slots=True)
class ScalabilityMode:
    """How many layers a mode has, and how much larger each spatial one is than the one below."""

    spatial: int = 1
    temporal: int = 1
    ratio: float = 2.0

    @classmethod
    def of(cls, text: str) -> ScalabilityMode:
        """The mode of this name, such as `L3T3_KEY`; one without layers for any other text."""
        found = _MODE.match(text)
        if found is None:
            return cls()
        ratio = 1.5 if found["narrow"] else 2.0
        return cls(int(found["spatial"]), int(found["temporal"]), ratio)

    @property
    def has_layers(self) -> bool:
        return self.spatial > 1 or self.temporal > 1


@dataclass(frozen=True, slots=True, eq=False)
class SentEncoding:
    """One encoding of a sent video while it had one scalability mode, poll by poll; NaN is unknown.

    `rid` is its name, empty where it is the stream's only one. `frames` counts encoded ones. It had
    another mode before `from_s` and from `to_s` on.
    """

    rid: str
    mode: ScalabilityMode
    from_s: float
    to_s: float
    time_s: FloatArray
    width: FloatArray
    height: FloatArray
    frames: FloatArray

    def frames_until(self, time_s: FloatArray) -> FloatArray:
        """How many frames it had encoded by these times; NaN outside of its polls."""
        known = ~np.isnan(self.frames)
        if not known.any():
            return np.full(time_s.shape, np.nan)
        counted = np.interp(
            time_s, self.time_s[known], self.frames[known], left=np.nan, right=np.nan
        )
        return np.asarray(counted, dtype=np.float64)

    def layers(self) -> Iterator[tuple[str, float]]:
        """Its spatial layers: the name of each, and its share of the largest one's width."""
        count = self.mode.spatial
        for at in range(count):
            name = f"{self.rid} S{at}".strip() if count > 1 else self.rid
            yield name, self.mode.ratio ** (at + 1 - count)

    def has_size(
        self, time_s: FloatArray, width: FloatArray, height: FloatArray, share: float
    ) -> BoolArray:
        """The times at which frames of this share of its own had that size.

        That of the poll before counts, and of the one after, if any frame was encoded by then. Of
        frames that are smaller than usual it is not reported which spatial layers they have.
        """
        grew = np.nan_to_num(np.diff(self.frames, prepend=np.nan), nan=1.0) != 0
        after = np.clip(np.searchsorted(self.time_s, time_s), 0, len(self.time_s) - 1)
        tolerance = _ROUNDING if share < 1 else 0.0
        found = np.zeros(time_s.shape, dtype=np.bool_)
        for at in (np.maximum(after - 1, 0), after):
            same = grew[at]
            same &= np.abs(self.width[at] * share - width) <= tolerance
            same &= np.abs(self.height[at] * share - height) <= tolerance
            if self.mode.spatial > 1:
                same &= self.width[at] == np.nanmax(self.width)
            found |= same
        return found & (time_s >= self.from_s) & (time_s < self.to_s)


def sent_encodings(table: PollTable, rows: IntArray) -> Sequence[SentEncoding]:
    """The encodings in these rows of a video, by rid; of several without one by SSRC."""
    names = table.frame.select(pl.coalesce("rid", pl.col("ssrc").cast(pl.String), pl.lit("")))
    rids = frozenset(table.frame["rid"][rows].drop_nulls())
    by_name: dict[str, list[int]] = {}
    for name, row in zip(names.to_series()[rows].to_list(), rows.tolist(), strict=True):
        by_name.setdefault(name, []).append(row)
    return [
        encoding
        for name, of in sorted(by_name.items())
        for encoding in _by_mode(
            table, np.array(of), "" if len(by_name) == 1 and name not in rids else name
        )
    ]


def _by_mode(table: PollTable, rows: IntArray, rid: str) -> Iterator[SentEncoding]:
    """The encoding of these rows, for each time in which it had one mode."""
    rows = rows[np.argsort(table.known("run_s")[rows], kind="stable")]
    modes = table.frame["scalabilityMode"][rows].forward_fill().backward_fill().fill_null("")
    time_s = table.known("run_s")[rows]
    starts = np.flatnonzero((modes != modes.shift(1)).fill_null(True).to_numpy())
    ends = np.append(starts[1:], len(rows))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        mine = rows[start:end]
        yield SentEncoding(
            rid=rid,
            mode=ScalabilityMode.of(modes[start]),
            from_s=-np.inf if start == 0 else float(time_s[start]),
            to_s=np.inf if end == len(rows) else float(time_s[end]),
            time_s=time_s[start:end],
            width=table.known("frameWidth")[mine],
            height=table.known("frameHeight")[mine],
            frames=table.known("framesEncoded")[mine],
        )
