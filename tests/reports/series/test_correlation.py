"""CPU against quality: the number, and the sentence that claims no more than it."""

from __future__ import annotations

import numpy as np
import pytest

from reports.series.correlation import correlate, strongest

SECONDS = np.arange(60.0)
CPU = 40 + 20 * np.sin(SECONDS / 6)


def test_quality_that_falls_as_cpu_rises() -> None:
    found = correlate("the frame rate", CPU, 30 - CPU / 4)
    assert found.told is not None
    assert found.told.r == pytest.approx(-1)
    assert found.related
    assert found.finding == (
        "the frame rate fell strongly as server CPU rose (r = −1.00, −1.00 to −1.00, over 60 s)"
    )


def test_noise_is_no_relation() -> None:
    found = correlate("the frame rate", CPU, np.cos(SECONDS * 2.399) + 20)
    assert not found.related
    assert found.finding.startswith("no relation seen between server CPU and the frame rate")


def test_waves_that_happen_to_lie_side_by_side_are_no_relation() -> None:
    """Neighbouring seconds are alike: over few of them two slow waves have a large r by chance."""
    found = correlate("it", 40 + 20 * np.cos(SECONDS / 11), 20 + np.cos(SECONDS / 6 + 1))
    assert found.finding == (
        "no relation seen between server CPU and it (r = −0.53, −0.86 to +0.03, over 60 s)"
    )


def test_cpu_that_does_not_vary_tells_nothing() -> None:
    found = correlate("the frame rate", np.full(60, 42.0), CPU)
    assert found.told is None
    assert found.finding.startswith("server CPU did not vary")


def test_quality_that_does_not_vary_is_no_relation() -> None:
    found = correlate("loss", CPU, np.zeros(60))
    assert found.told is None
    assert found.finding == "loss did not vary while server CPU did: no relation seen"


def test_too_few_seconds_are_said_to_be() -> None:
    found = correlate("loss", CPU[:29], CPU[:29])
    assert found.told is None
    assert found.finding == "29 s of the hold are too few to set quality against server CPU"


def test_unknown_seconds_are_left_out() -> None:
    holes = np.where(SECONDS % 2 == 0, np.nan, 2 * CPU)
    found = correlate("the bitrate", CPU, holes)
    assert found.told is not None
    assert found.told.seconds == 30
    assert found.told.r == pytest.approx(1)


def test_the_strongest_is_the_furthest_from_zero() -> None:
    weak = correlate("weak", CPU, np.cos(SECONDS * 2.399) + 20)
    strong = correlate("strong", CPU, -CPU)
    unknown = correlate("unknown", CPU, np.zeros(60))
    assert strongest((weak, unknown, strong)) is strong
    assert strongest((unknown,)) is None
