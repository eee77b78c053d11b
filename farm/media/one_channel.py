"""Channels without stated positions, mixed to one, which FFmpeg does not do."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import numpy.typing as npt


def placed(frame: av.AudioFrame) -> av.AudioFrame:
    """`frame`, or the mean of its channels where it does not state their positions."""
    return _mean(frame) if frame.layout.name.endswith(" channels") else frame


def _mean(frame: av.AudioFrame) -> av.AudioFrame:
    samples, format = _samples(frame)
    mean = samples.mean(axis=0, dtype=np.float64).astype(samples.dtype)
    mixed = av.AudioFrame.from_ndarray(mean[np.newaxis], format=format, layout="mono")
    mixed.sample_rate, mixed.pts, mixed.time_base = frame.sample_rate, frame.pts, frame.time_base
    return mixed


def _samples(frame: av.AudioFrame) -> tuple[npt.NDArray[Any], str]:
    """The samples, a row a channel, and their format; 64-bit integers become floats.

    PyAV makes no array of the former.
    """
    channels, format = frame.layout.nb_channels, frame.format.name
    if format in ("s64", "s64p"):
        count = frame.samples if frame.format.is_planar else frame.samples * channels
        rows = [np.frombuffer(bytes(plane), dtype="<i8")[:count] for plane in frame.planes]
        samples: npt.NDArray[Any] = np.stack(rows) / 2.0**63
        format = "dbl"
    else:
        samples = frame.to_ndarray()
    return (samples if frame.format.is_planar else samples.reshape(-1, channels).T), format
