"""CPU against quality: the number, and the sentence that claims no more than it."""

from __future__ import annotations

import numpy as np
import pytest

from reports.correlation import correlate, strongest

SECONDS = np.arange(60.0)
CPU = 40 + 20 * np.sin(SECONDS / 6)


def test_quality_that_falls_as_cpu_rises() -> None:
    found = correlate("the frame rate", CPU, 30 - CPU / 4)
    assert found.r == pytest.approx(-1)
    assert found.related
    assert found.finding == "the frame rate fell strongly as server CPU rose (r = −1.00 over 60 s)"


def test_noise_is_no_relation() -> None:
    found = correlate("the frame rate", CPU, np.cos(SECONDS * 2.399) + 20)
    assert not found.related
    assert found.finding.startswith("no relation seen between server CPU and the frame rate")


def test_a_few_seconds_need_a_larger_r() -> None:
    noise = np.array([0.0, 3, 1, 4, 1, 5, 2, 2, 5, 3])
    found = correlate("it", np.arange(10.0), noise)
    assert found.r is not None
    assert 0.3 < found.r < 2 / np.sqrt(10)
    assert not found.related


def test_cpu_that_does_not_vary_tells_nothing() -> None:
    found = correlate("the frame rate", np.full(60, 42.0), CPU)
    assert found.r is None
    assert found.finding.startswith("server CPU did not vary")


def test_quality_that_does_not_vary_is_no_relation() -> None:
    found = correlate("loss", CPU, np.zeros(60))
    assert found.r is None
    assert found.finding == "loss did not vary while server CPU did: no relation seen"


def test_too_few_seconds_are_said_to_be() -> None:
    found = correlate("loss", CPU[:9], CPU[:9])
    assert found.r is None
    assert found.finding == "9 s of the hold are too few to set quality against server CPU"


def test_unknown_seconds_are_left_out() -> None:
    holes = np.where(SECONDS % 2 == 0, np.nan, 2 * CPU)
    found = correlate("the bitrate", CPU, holes)
    assert found.seconds == 30
    assert found.r == pytest.approx(1)


def test_the_strongest_is_the_furthest_from_zero() -> None:
    weak = correlate("weak", CPU, np.cos(SECONDS * 2.399) + 20)
    strong = correlate("strong", CPU, -CPU)
    unknown = correlate("unknown", CPU, np.zeros(60))
    assert strongest((weak, unknown, strong)) is strong
    assert strongest((unknown,)) is None
