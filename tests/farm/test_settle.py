"""A hold begins when the senders' rates stand still, not before."""

from farm.observations import ConnectionReport, PageReport
from farm.settle import SettleMeter
from farm.webrtc_stats import OutboundRtp


def report(probe: str, at_s: float, target_bps: float | None) -> PageReport:
    video = OutboundRtp(id="OV", timestamp=at_s * 1000, kind="video", targetBitrate=target_bps)
    connection = ConnectionReport("c0", "connected", 0.0, (), (video,))
    return PageReport(probe, at_s, at_s, at_s, 0.0, (connection,))


def test_a_ramp_is_not_steady_until_it_has_stood_still_for_ten_seconds() -> None:
    meter = SettleMeter()
    for second in range(10):
        meter.see(report("p000", second, 300_000 + 20_000 * second))
    assert not meter.steady()
    for second in range(10, 21):
        meter.see(report("p000", second, 500_000))
    assert meter.steady()


def test_one_ramping_sender_holds_up_all() -> None:
    meter = SettleMeter()
    for second in range(12):
        meter.see(report("p000", second, 500_000))
        meter.see(report("p001", second, 300_000 * 1.02**second))
    assert not meter.steady()


def test_movement_of_less_than_five_percent_is_steady() -> None:
    meter = SettleMeter()
    for second in range(12):
        meter.see(report("p000", second, 500_000 + (second % 2) * 24_000))
    assert meter.steady()


def test_too_short_a_look_is_no_look() -> None:
    meter = SettleMeter()
    meter.see(report("p000", 0.0, 500_000))
    meter.see(report("p000", 9.0, 500_000))
    assert not meter.steady()


def test_probes_that_only_receive_do_not_hold_anything_up() -> None:
    meter = SettleMeter()
    meter.see(report("p000", 0.0, None))
    assert meter.steady()


def test_a_sender_that_went_before_it_was_steady_is_not_waited_for() -> None:
    meter = SettleMeter()
    for second in range(4):
        meter.see(report("p001", second, 300_000 + 20_000 * second))
    meter.forget("p001")
    meter.see(report("p001", 4, 500_000))  # on its way when it went
    for second in range(12):
        meter.see(report("p000", second, 500_000))
    assert meter.steady()
