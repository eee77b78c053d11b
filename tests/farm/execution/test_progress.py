"""What is shown while a trial runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from farm.execution.progress import ProgressMeter
from farm.model.page_samples import PageReport
from farm.model.trial_evidence import JoinOutcome
from farm.model.webrtc_stats import InboundRtp
from farm.protocols import RoleProgress
from tests.synthetic import Page, call_plan, host_sample, page_reports, server_sample


def meter_after(*pages: Page) -> ProgressMeter:
    meter = ProgressMeter(call_plan())
    for page in pages:
        for report in page_reports(page):
            meter.page_report(report)
    return meter


def test_before_anything_is_seen_all_is_unknown() -> None:
    progress = ProgressMeter(call_plan(sessions=2)).progress(0.0)
    assert (progress.load, progress.phase, progress.joined) == (4, "reset", 0)
    assert progress.received_bps is None
    assert progress.loss_ratio is None
    assert progress.frame_rate is None
    assert progress.server_cpu_percent is None
    assert progress.left_s is None


def test_the_last_second_of_a_call() -> None:
    meter = meter_after(Page("p000", seconds=10, loss=0.1), Page("p001", seconds=10))
    meter.phase("hold", 38.0)
    meter.join(JoinOutcome("p000", "s000", True, 1.0))
    meter.join(JoinOutcome("p001", "s000", False, None, "timeout"))
    meter.host_sample(host_sample(9.0, cpu_percent=61.0))
    meter.server_sample(server_sample(9.0, cpu_percent=12.0))
    progress = meter.progress(10.0)
    assert (progress.phase, progress.left_s) == ("hold", 28.0)
    assert (progress.joined, progress.failed) == (1, 1)
    # Audio and video of two pages at 50 packets of 1000 bytes; one page misses 5 of them.
    assert progress.received_bps == 2 * 8000 * (50 + 45)
    assert progress.loss_ratio == 0.05
    assert progress.frame_rate == 20.0
    assert (progress.server_cpu_percent, progress.host_cpu_percent) == (12.0, 61.0)


def test_what_mediasoup_sends_to_probe_for_bandwidth_is_no_video() -> None:
    meter = ProgressMeter(call_plan())
    for report in page_reports(Page("p000", seconds=10)):
        meter.page_report(_with_a_probator(report))
    assert meter.progress(10.0).frame_rate == 20.0


def _with_a_probator(report: PageReport) -> PageReport:
    """The same; its page also receives padding, as a video of no frames."""
    connections = tuple(
        replace(
            each,
            stats=(
                *each.stats,
                *(
                    replace(stats, id="padding", ssrc=1234, mid="probator", framesDecoded=0)
                    for stats in each.stats
                    if isinstance(stats, InboundRtp) and stats.kind == "video"
                ),
            ),
        )
        for each in report.connections
    )
    return replace(report, connections=connections)


def test_each_role_has_its_own_figures() -> None:
    meter = meter_after(Page("p000", seconds=10, loss=0.1), Page("p001", seconds=10))
    meter.join(JoinOutcome("p000", "s000", True, 1.0))
    meter.join(JoinOutcome("p001", "s000", False, None, "timeout"))
    assert [plan.role for plan in call_plan().probes] == ["caller", "callee"]
    assert meter.progress(10.0).roles == (
        RoleProgress("caller", planned=1, joined=1, failed=0, received_bps=2 * 8000 * 45),
        RoleProgress("callee", planned=1, joined=0, failed=1, received_bps=2 * 8000 * 50),
    )
    assert [role.received_bps for role in meter.progress(30.0).roles] == [None, None]


def test_packets_that_one_stream_got_late_repair_no_other_one() -> None:
    reports = [page_reports(Page(name, seconds=10, loss=0.1)) for name in ("p000", "p001")]
    meter = ProgressMeter(call_plan())
    for lossy, late in zip(*reports, strict=True):
        meter.page_report(lossy)
        meter.page_report(_getting_late(late))
    assert meter.progress(10.0).loss_ratio == pytest.approx(10 / 190)


def _getting_late(report: PageReport) -> PageReport:
    """The same; what was lost comes late, and un-counts itself."""

    def late(stats: Any) -> Any:
        lost = stats.packetsLost if isinstance(stats, InboundRtp) else None
        return stats if lost is None else replace(stats, packetsLost=-lost)

    connections = tuple(
        replace(each, stats=tuple(map(late, each.stats))) for each in report.connections
    )
    return replace(report, connections=connections)


def test_a_page_that_begins_anew_is_not_shown_as_a_fall() -> None:
    progress = meter_after(Page(seconds=10, resets=(9.5,))).progress(10.0)
    assert progress.received_bps is None
    assert progress.frame_rate is None


def test_a_page_that_says_no_more_leaves_the_picture() -> None:
    meter = meter_after(Page(seconds=10))
    meter.server_sample(server_sample(10.0))
    assert meter.progress(10.0).received_bps is not None
    assert meter.progress(14.0).received_bps is not None
    assert meter.progress(15.5).received_bps is None
    assert meter.progress(15.5).server_cpu_percent is None


def test_a_poll_that_comes_twice_changes_nothing() -> None:
    once = meter_after(Page(seconds=10)).progress(10.0)
    twice = meter_after(Page(seconds=10, repeated=((10, 11),))).progress(10.0)
    assert once == twice


def test_the_generators_cpu_is_its_busiest_hosts_while_it_is_heard_of() -> None:
    meter = ProgressMeter(call_plan(sessions=2))
    for number in range(10):
        sample = host_sample(9.0, cpu_percent=100.0 if number == 3 else 10.0)
        meter.host_sample(replace(sample, host=f"h{number}"))
    assert meter.progress(10.0).host_cpu_percent == 100.0
    assert meter.progress(10.0).cpu_percent_by_host == {
        f"h{number}": 100.0 if number == 3 else 10.0 for number in range(10)
    }
    for number in (1, 2):
        meter.host_sample(replace(host_sample(14.0, cpu_percent=10.0), host=f"h{number}"))
    assert meter.progress(14.5).host_cpu_percent == 100.0
    assert meter.progress(15.5).host_cpu_percent == 10.0, "h3 was not heard of for 5 s"
    assert meter.progress(15.5).cpu_percent_by_host == {"h1": 10.0, "h2": 10.0}
    assert meter.progress(30.0).host_cpu_percent is None
