"""What probes received, second by second."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from farm.evidence.quality_by_second import quality_by_second
from tests.farm.recordings import recorded
from tests.synthetic import Page


async def test_the_frame_rate_of_each_second_of_the_hold(tmp_path: Path) -> None:
    frozen = Page("p000", seconds=31, frozen=((14.0, 18.0),))
    trial = await recorded(tmp_path, frozen, Page("p001", seconds=31))
    quality = quality_by_second(trial)

    assert quality is not None
    assert (quality.name, quality.start_s) == ("the frame rate", 10)
    values = np.array(quality.values)
    assert values.shape == (20,)
    assert np.allclose(values[[0, 1, 2, 10, 15, 19]], 20, atol=0.5)
    assert np.allclose(values[5:8], 10, atol=0.5)  # of two probes one stands still


async def test_seconds_without_a_poll_are_unknown_or_shared_out(tmp_path: Path) -> None:
    pages = [Page(probe, seconds=31, unpolled=((14.0, 18.0),)) for probe in ("p000", "p001")]
    quality = quality_by_second(await recorded(tmp_path, *pages))

    assert quality is not None
    values = np.array(quality.values)
    assert np.isnan(values[3:8]).sum() >= 3
    assert np.allclose(values[np.isfinite(values)], 20, atol=0.5)


async def test_a_hold_in_which_nothing_was_received_has_no_quality(tmp_path: Path) -> None:
    closed = [Page(probe, seconds=31, closed=((0.0, 31.0),)) for probe in ("p000", "p001")]
    assert quality_by_second(await recorded(tmp_path, *closed)) is None
