"""Clocks minutes apart come together, whatever the way to the server is like."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from farm.execution.server_clock import SampledClock
from farm.model.clock_reading import SERVER_CLOCK, ClockReading
from farm.model.server_samples import ServerSample
from farm.recording.clock_offsets import ClockOffsets

APART_S = 437.21
"""What the server's clock was ahead by when the run began."""


def sampled(
    seconds: int, *, there_s: float, back_s: float, drift: float = 0.0, busy_share: float = 0.0
) -> list[tuple[float, ServerSample]]:
    """When the server really looked, and the sample that came of it; `busy_share` take long."""
    chance = random.Random(seconds)
    samples = []
    for second in range(seconds):
        slow_s = chance.uniform(0.1, 1.0) if chance.random() < busy_share else 0.0
        looked_s = second + there_s + slow_s * chance.random() + chance.uniform(0, 0.002)
        clock_s = APART_S + looked_s * (1 + drift)
        received_s = second + there_s + slow_s + back_s + chance.uniform(0, 0.002) + 0.002
        uptime_s = int(clock_s * 100) / 100  # as /proc/uptime has it
        samples.append(
            (looked_s, ServerSample(received_s, uptime_s=uptime_s, asked_s=float(second)))
        )
    return samples


def readings_of(samples: list[tuple[float, ServerSample]]) -> list[ClockReading]:
    clock = SampledClock()
    found = [clock.see(sample) for _, sample in samples]
    return [reading for reading in [*found, clock.last()] if reading is not None]


@pytest.mark.parametrize(("there_s", "back_s"), [(0.0, 0.001), (0.06, 0.004), (0.002, 0.06)])
@pytest.mark.parametrize("drift", [0.0, 1e-4, -1e-4])
@pytest.mark.parametrize("busy_share", [0.0, 0.9])
def test_series_of_clocks_minutes_apart_are_aligned_within_50_ms(
    there_s: float, back_s: float, drift: float, busy_share: float
) -> None:
    samples = sampled(300, there_s=there_s, back_s=back_s, drift=drift, busy_share=busy_share)
    offsets = ClockOffsets(readings_of(samples))
    uptimes = np.array([sample.uptime_s for _, sample in samples])
    run_s = offsets.run_s(SERVER_CLOCK, uptimes)
    assert run_s is not None
    assert abs(run_s - [looked_s for looked_s, _ in samples]).max() < 0.05


def test_the_quickest_answer_of_ten_seconds_is_the_reading_and_says_how_exact_it_is() -> None:
    samples = sampled(25, there_s=0.01, back_s=0.01)
    quick = replace(samples[4][1], received_s=4.02)
    samples[4] = (samples[4][0], quick)
    readings = readings_of(samples)
    assert len(readings) == 3
    assert readings[0].at_s == 4.02
    assert readings[0].source == "server"
    assert readings[0].error_s == pytest.approx(0.02)
    for (looked_s, sample), reading in zip(
        [samples[4], samples[0]], [readings[0]] * 2, strict=True
    ):
        assert sample.uptime_s is not None
        assert abs(sample.uptime_s + reading.offset_s - looked_s) <= reading.error_s


def test_a_sample_that_hides_its_clock_is_no_reading() -> None:
    clock = SampledClock()
    assert clock.see(ServerSample(received_s=30.0, asked_s=29.0)) is None
    assert clock.see(ServerSample(received_s=60.0, uptime_s=5.0)) is None
    assert clock.last() is None
