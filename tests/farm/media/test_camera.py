"""The drawn camera: the same each time, seamless, and telling clips apart."""

from __future__ import annotations

import itertools

import numpy as np

from farm.media.camera import Planes, camera_frames
from farm.media.frame_number import read_all, read_frame_number
from farm.model.setting import Size

SIZE = Size(320, 240)


def test_frames_are_numbered_and_counted() -> None:
    frames = _loop()
    assert len(frames) == 20
    assert [read_frame_number(luma) for luma, _, _ in frames] == list(range(20))
    assert {tuple(plane.shape for plane in frame) for frame in frames} == {
        ((240, 320), (120, 160), (120, 160))
    }


def test_a_clip_is_the_same_each_time() -> None:
    for once, again in zip(_loop(), _loop(), strict=True):
        for plane, same in zip(once, again, strict=True):
            np.testing.assert_array_equal(plane, same)


def test_the_last_frame_leads_into_the_first() -> None:
    frames = list(camera_frames(SIZE, 20, 10.0, 0))
    pictures = [luma[70:190].astype(float) for luma, _, _ in frames]
    steps = [np.abs(b - a).mean() for a, b in itertools.pairwise(pictures)]
    seam = np.abs(pictures[0] - pictures[-1]).mean()
    assert seam <= max(steps)


def test_no_two_frames_are_alike() -> None:
    """An encoder never gets two equal frames: also where nothing moves there is noise."""
    frames = _loop()
    for (before, _, _), (after, _, _) in itertools.pairwise(frames):
        corner = np.s_[200:230, 120:160]
        assert np.abs(before[corner].astype(int) - after[corner].astype(int)).mean() > 1


def test_identities_differ_in_block_and_picture() -> None:
    (one, _, _), (two, _, _) = _loop(identity=1)[0], _loop(identity=2)[0]
    assert [reading.identity for reading in read_all(one) + read_all(two)] == [1, 2]
    assert np.abs(one.astype(int) - two.astype(int)).mean() > 5


def _loop(identity: int = 0) -> list[Planes]:
    return list(camera_frames(SIZE, 20, 1.0, identity))
