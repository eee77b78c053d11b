"""A made-up encoder: its output over time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.made_trial import END_S
from farm.model.webrtc_stats import MediaKind

Array = NDArray[np.float64]

FRAMES_PER_S = 10.0
"""The frame rate of every camera."""

_STEP_S = 0.05
_STEPS = round((END_S + 4) / _STEP_S)
_PACKET_BYTES: dict[MediaKind, int] = {"video": 1000, "audio": 80}


@dataclass(frozen=True, slots=True)
class Encoder:
    """Counters at the end of each step of the trial; `frames` and `width` are 0 of audio.

    The bitrate drifts slowly and is noisy from step to step, as a real encoder's is.
    """

    kind: MediaKind
    payload: Array
    frames: Array
    energy: Array
    width: int

    @classmethod
    def of(
        cls, noise: np.random.Generator, kind: MediaKind, bitrate_bps: float, width: int = 0
    ) -> Encoder:
        """An encoder of `bitrate_bps` on average, with frames `width` pixels wide."""
        video = kind == "video"
        per_step = FRAMES_PER_S * _STEP_S
        frames = np.floor(np.arange(1, _STEPS + 1) * per_step + 1e-9) if video else np.zeros(_STEPS)
        drift = np.interp(
            np.arange(_STEPS) * _STEP_S,
            np.arange(0, END_S + 6),
            np.exp(noise.normal(0, 0.35, round(END_S) + 6)),
        )
        jitter = np.exp(noise.normal(0, 0.2, _STEPS))
        frames_of_step = np.diff(frames, prepend=0.0) / per_step if video else np.ones(_STEPS)
        payload = np.cumsum(
            np.round(bitrate_bps / 8 * _STEP_S * drift * jitter * frames_of_step) + (not video)
        )
        energy = np.cumsum(noise.exponential(1e-3, _STEPS) * (noise.random(_STEPS) < 0.5))
        return cls(kind, payload, frames, energy, width)

    def reduced(self, since_s: float, *, frames: float, payload: float) -> Encoder:
        """The encoder of which from `since_s` on only these shares (0 to 1) arrive."""
        return replace(
            self,
            frames=_reduced(self.frames, since_s, frames),
            payload=_reduced(self.payload, since_s, payload),
        )

    def size(self, frames: float) -> dict[str, int | None]:
        """`frameWidth` and `frameHeight` after so many frames: none before the first."""
        known = self.kind == "video" and frames != 0
        return {
            "frameWidth": self.width if known else None,
            "frameHeight": self.width * 3 // 4 if known else None,
        }


def counter_at(counter: Array, times: Array) -> Array:
    """The value of an encoder's counter at some times."""
    counts: Array = counter[_steps(times)]
    return counts


def counted(counter: Array, since_s: float, until: Array) -> Array:
    """The growth of an encoder's counter from `since_s` to each of the times."""
    return counter_at(counter, until) - counter_at(counter, np.array(since_s))


def packets_of(kind: MediaKind, payload: Array) -> Array:
    """The number of packets for so many bytes."""
    packets: Array = np.ceil(payload / _PACKET_BYTES[kind])
    return packets


def _reduced(counter: Array, since_s: float, share: float) -> Array:
    step = int(_steps(np.array(since_s)))
    passed = np.floor((counter[step:] - counter[step]) * share)
    return np.concatenate([counter[:step], counter[step] + passed])


def _steps(times: Array) -> NDArray[np.int64]:
    steps: NDArray[np.int64] = np.floor(times / _STEP_S).astype(np.int64)
    return np.clip(steps, 0, _STEPS - 1)
