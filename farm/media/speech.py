"""The default sound: a voice-like signal, which costs a speech codec as much as a person's voice.

Harmonics of a moving pitch are filtered by vowel formants that change with each syllable;
consonants are short bursts of noise; phrases end in pauses. The loop begins and ends in silence.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

SAMPLE_RATE = 48_000

_SEED = 20
_SYLLABLE_S = 0.22
_PHRASES_S = ((0.3, 3.2), (3.9, 6.4), (7.0, 9.6))
# First three formants of five vowels, in Hz (a man's, rounded).
_VOWELS = (
    (730, 1090, 2440),
    (530, 1840, 2480),
    (270, 2290, 3010),
    (570, 840, 2410),
    (300, 870, 2240),
)
_FORMANT_WIDTHS_HZ = (90.0, 110.0, 170.0)
_FORMANT_GAINS = (1.0, 0.6, 0.25)
_PEAK = 0.5


def speech(loop_s: float) -> Samples:
    """One mono loop at 48 kHz, peak at half of full scale; always the same.

    Phrases are laid out for ten seconds; those that do not fit into `loop_s` are left out.
    """
    rng = np.random.default_rng(_SEED)
    loop = np.zeros(round(loop_s * SAMPLE_RATE))
    for start_s, end_s in _PHRASES_S:
        if end_s > loop_s:
            break
        at_s = start_s
        while at_s < end_s - _SYLLABLE_S:
            length_s = _SYLLABLE_S * rng.uniform(0.75, 1.25)
            falling = 1.15 - 0.3 * (at_s - start_s) / (end_s - start_s)
            sound = _syllable(rng, length_s, 118 * falling * rng.uniform(0.94, 1.06))
            begin = round(at_s * SAMPLE_RATE)
            room = loop[begin : begin + len(sound)]
            room += sound[: len(room)]
            at_s += length_s
    scaled: Samples = np.rint(loop / np.abs(loop).max() * _PEAK * 32767).astype(np.int16)
    return scaled


def _syllable(
    rng: np.random.Generator, length_s: float, pitch_hz: float
) -> npt.NDArray[np.float64]:
    """A consonant's noise, then a vowel that rises and fades."""
    count = round(length_s * SAMPLE_RATE)
    t = np.arange(count) / SAMPLE_RATE
    phase = (
        2 * np.pi * np.cumsum(pitch_hz * (1 + 0.06 * np.sin(np.pi * t / length_s))) / SAMPLE_RATE
    )
    formants = _VOWELS[rng.integers(len(_VOWELS))]
    vowel = np.zeros(count)
    for harmonic in range(1, int(4000 / pitch_hz)):
        frequency = harmonic * pitch_hz
        resonance = sum(
            gain / (1 + ((frequency - formant) / width) ** 2)
            for gain, formant, width in zip(
                _FORMANT_GAINS, formants, _FORMANT_WIDTHS_HZ, strict=True
            )
        )
        vowel += (resonance + 0.01) * np.sin(harmonic * phase) / harmonic**0.3
    hiss = np.diff(rng.normal(0, 0.12, count + 1))
    onset = np.clip(t / 0.05, 0, 1)
    envelope = np.sin(np.pi * np.clip(t / length_s, 0, 1)) ** 0.7
    return vowel * envelope * onset + hiss * (1 - onset) * envelope
