"""Network conditions as DevTools wants them."""

from __future__ import annotations

from farm.browser.emulation import emulation
from farm.model.trial_plan import AccessLink


def test_loss_alone_still_sends_a_latency() -> None:
    conditions = emulation(AccessLink("none", loss_ratio=0.2))
    assert conditions["latency"] == 1.0
    assert conditions["packetLoss"] == 20
    assert conditions["uploadThroughput"] == conditions["downloadThroughput"] == -1
    assert conditions["packetQueueLength"] == 0


def test_limits_are_bytes_a_second_with_a_queue_of_300_ms() -> None:
    conditions = emulation(AccessLink("none", latency_s=0.05, up_kbps=800, down_kbps=8000))
    assert conditions["latency"] == 50
    assert conditions["uploadThroughput"] == 100_000
    assert conditions["downloadThroughput"] == 1_000_000
    assert conditions["packetQueueLength"] == 250
    assert emulation(AccessLink("none", up_kbps=30))["packetQueueLength"] == 10
