"""A hold begins when the senders' rates stand still, not before."""

from farm.execution.steady_state import SteadyState
from farm.model.page_samples import ConnectionReport, PageReport
from farm.model.webrtc_stats import OutboundRtp


def connection(
    at_s: float, target_bps: float | None, name: str = "c0", state: str = "connected"
) -> ConnectionReport:
    video = OutboundRtp(id="OV", timestamp=at_s * 1000, kind="video", targetBitrate=target_bps)
    return ConnectionReport(name, state, 0.0, (), (video,))


def page(probe: str, at_s: float, *connections: ConnectionReport) -> PageReport:
    return PageReport(probe, at_s, at_s, at_s, 0.0, connections)


def report(probe: str, at_s: float, target_bps: float | None) -> PageReport:
    return page(probe, at_s, connection(at_s, target_bps))


def test_a_ramp_is_not_steady_until_it_has_stood_still_for_ten_seconds() -> None:
    meter = SteadyState()
    for second in range(10):
        meter.see(report("p000", second, 300_000 + 20_000 * second))
    assert not meter.steady()
    for second in range(10, 21):
        meter.see(report("p000", second, 500_000))
    assert meter.steady()


def test_one_ramping_sender_holds_up_all() -> None:
    meter = SteadyState()
    for second in range(12):
        meter.see(report("p000", second, 500_000))
        meter.see(report("p001", second, 300_000 * 1.02**second))
    assert not meter.steady()


def test_movement_of_less_than_five_percent_is_steady() -> None:
    meter = SteadyState()
    for second in range(12):
        meter.see(report("p000", second, 500_000 + (second % 2) * 24_000))
    assert meter.steady()


def test_too_short_a_look_is_no_look() -> None:
    meter = SteadyState()
    meter.see(report("p000", 0.0, 500_000))
    meter.see(report("p000", 9.0, 500_000))
    assert not meter.steady()


def test_probes_that_only_receive_do_not_hold_anything_up() -> None:
    meter = SteadyState()
    meter.see(report("p000", 0.0, None))
    assert meter.steady()


def test_a_sender_that_went_before_it_was_steady_is_not_waited_for() -> None:
    meter = SteadyState()
    for second in range(4):
        meter.see(report("p001", second, 300_000 + 20_000 * second))
    meter.forget("p001")
    meter.see(report("p001", 4, 500_000))  # on its way when it went
    for second in range(12):
        meter.see(report("p000", second, 500_000))
    assert meter.steady()


def test_a_connection_that_its_page_replaced_is_not_waited_for() -> None:
    meter = SteadyState()
    for second in range(4):
        meter.see(page("p000", second, connection(second, 300_000 + 20_000 * second)))
    meter.see(page("p000", 4, connection(4, 380_000, state="closed"), connection(4, 500_000, "c1")))
    for second in range(5, 14):
        meter.see(page("p000", second, connection(second, 500_000, "c1")))
    assert not meter.steady()  # the new one has not stood still for long enough
    meter.see(page("p000", 14, connection(14, 500_000, "c1")))
    assert meter.steady()


def test_a_page_that_was_loaded_anew_never_says_that_its_connection_closed() -> None:
    meter = SteadyState()
    for second in range(4):
        meter.see(page("p000", second, connection(second, 300_000, "c0")))
    for second in range(4, 15):
        meter.see(page("p000", second, connection(second, 500_000, "c1")))
    assert meter.steady()


def test_a_sender_that_a_page_stopped_is_not_waited_for() -> None:
    meter = SteadyState()
    for second in range(4):
        meter.see(report("p000", second, 300_000 + 20_000 * second))
    meter.see(report("p000", 5, None))
    assert not meter.steady()  # it may go on at once, as where one poll could not be read
    meter.see(report("p000", 7, None))
    assert meter.steady()


def test_a_page_that_closed_all_its_connections_is_not_waited_for() -> None:
    meter = SteadyState()
    meter.see(report("p000", 0, 300_000))
    for second in range(1, 5):
        meter.see(page("p000", second))
    assert meter.steady()


def test_polls_that_are_far_apart_are_no_end() -> None:
    meter = SteadyState()
    for number in range(4):
        meter.see(report("p000", 5.0 * number, 500_000 + 100_000 * number))
    assert not meter.steady()
