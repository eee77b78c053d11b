"""What a receiver can take, and what a sender is told."""

from __future__ import annotations

import pytest

from infra.embedded_kurento.webrtc.bitrate import (
    ReceiverEstimate,
    SenderAllowance,
    remb_to_sender,
)


def test_a_receiver_that_says_nothing_can_take_the_maximum() -> None:
    assert ReceiverEstimate().limit_bps(100, 500) == 500_000
    assert ReceiverEstimate().limit_bps(100, 0) == float("inf")


@pytest.mark.parametrize(
    ("remb_bps", "limit_bps"), [(160_000, 160_000), (900_000, 500_000), (20_000, 100_000)]
)
def test_what_it_says_counts_between_the_limits(remb_bps: int, limit_bps: int) -> None:
    estimate = ReceiverEstimate()
    estimate.on_remb(remb_bps)

    assert estimate.limit_bps(100, 500) == limit_bps


def test_heavy_loss_backs_off_and_recovers() -> None:
    estimate = ReceiverEstimate()

    estimate.on_loss(0.2, sent_bps=400_000)
    assert estimate.limit_bps(100, 500) == pytest.approx(360_000)
    estimate.on_loss(0.05, sent_bps=360_000)
    assert estimate.limit_bps(100, 500) == pytest.approx(360_000)
    for _ in range(5):
        estimate.on_loss(0.0, sent_bps=360_000)
    assert estimate.limit_bps(100, 500) == 500_000


def test_a_sender_that_nobody_limits_may_grow_with_what_it_sends() -> None:
    allowance = SenderAllowance(start_bps=300_000, growth=0.04, decrement=0.5)

    allowance.advance(1.0, received_bps=250_000, fraction_lost=0.0)
    assert allowance.bitrate_bps == pytest.approx(300_000 * 1.04**2)
    for _ in range(100):
        allowance.advance(1.0, received_bps=250_000, fraction_lost=0.0)
    assert allowance.bitrate_bps == pytest.approx(500_000, rel=0.05)
    allowance.advance(1.0, received_bps=250_000, fraction_lost=0.3)
    assert allowance.bitrate_bps == pytest.approx(250_000, rel=0.05)


@pytest.mark.parametrize(
    ("receivers_bps", "allowance_bps", "limits_kbps", "told_bps"),
    [
        (500_000.0, 300_000.0, (100, 0), 500_000),
        (None, 300_000.0, (100, 0), 300_000),
        (500_000.0, 300_000.0, (100, 250), 250_000),
        (50_000.0, 300_000.0, (100, 0), 100_000),
    ],
)
def test_a_sender_is_told_the_least_of_its_receivers(
    receivers_bps: float | None,
    allowance_bps: float,
    limits_kbps: tuple[int, int],
    told_bps: int,
) -> None:
    assert remb_to_sender(receivers_bps, allowance_bps, *limits_kbps) == told_bps
