"""The drawn voice: the same each time, spoken in phrases, in the band of speech."""

from __future__ import annotations

import numpy as np

from farm.media.speech import SAMPLE_RATE, speech


def test_a_voice_is_the_same_each_time() -> None:
    np.testing.assert_array_equal(speech(10.0), speech(10.0))


def test_it_has_the_length_asked_for_and_does_not_clip() -> None:
    samples = speech(10.0)
    assert samples.shape == (480_000,)
    assert 15_000 < np.abs(samples.astype(int)).max() < 17_000


def test_phrases_and_pauses_take_turns_and_the_loop_is_seamless() -> None:
    windows = speech(10.0).astype(float).reshape(-1, SAMPLE_RATE // 20)
    loud = np.sqrt((windows**2).mean(axis=1)) > 200
    assert 0.6 < loud.mean() < 0.95
    assert np.count_nonzero(np.diff(loud.astype(int)) == 1) >= 3
    assert not loud[0]
    assert not loud[-1]


def test_most_of_the_sound_lies_where_voices_are() -> None:
    spectrum = np.abs(np.fft.rfft(speech(10.0).astype(float))) ** 2
    frequencies = np.fft.rfftfreq(480_000, 1 / SAMPLE_RATE)
    band = (frequencies > 80) & (frequencies < 4000)
    assert spectrum[band].sum() / spectrum.sum() > 0.95


def test_it_rises_and_falls_with_syllables() -> None:
    samples = np.abs(speech(10.0).astype(float)).reshape(-1, SAMPLE_RATE // 100).mean(axis=1)
    rhythm = np.abs(np.fft.rfft(samples - samples.mean()))
    rate = np.fft.rfftfreq(len(samples), 1 / 100)
    syllables = rhythm[(rate > 2) & (rate < 9)].max()
    assert syllables > 5 * np.median(rhythm[rate > 15])
