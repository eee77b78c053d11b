"""Sampling costs a server little CPU, and the samples agree with its kernel's clock."""

from __future__ import annotations

import argparse

import pytest

from benchmarks.sampling_cost import measure


@pytest.mark.live
@pytest.mark.alone
async def test_sampling_takes_under_2_percent_of_a_core_and_agrees_with_the_kernel() -> None:
    found = await measure(argparse.Namespace(seconds=15, threads=480, sessions=10, busy=0.4))
    assert found["machine_threads"] >= 480
    assert found["looks_at_threads"] >= 5
    assert 0 < found["sampling_cpu_percent"] < 2
    assert found["samples_to_kernel_ratio"] == pytest.approx(1, abs=0.03)
