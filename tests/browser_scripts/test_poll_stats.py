"""The schedule of polls and what is in a report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from farm.model.webrtc_stats import (
    CandidatePair,
    InboundRtp,
    LocalCandidate,
    MediaSource,
    OutboundRtp,
    RemoteCandidate,
    Transport,
)

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]


async def test_a_page_polls_once_a_second_at_its_phase(new_page: NewPage, call_app: str) -> None:
    probe = await new_page(poll_phase=0.4)
    await probe.goto(f"{call_app}call")
    await probe.witness.until(lambda: len(probe.witness.reports) == 4)
    due = [report.page_time_s - report.late_s for report in probe.witness.reports]
    # Timers may be early by a fraction of a millisecond.
    assert [round(due_s - 0.4, 2) % 1 for due_s in due] == [0] * 4
    assert all(second > first for first, second in pairwise(due))


async def test_a_page_that_was_busy_says_how_late_it_is(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.witness.report()
    await probe.do("() => { const end = Date.now() + 1500; while (Date.now() < end); }")
    late = await probe.witness.report(lambda r: r.late_s > 0.3)
    again = await probe.witness.report()
    assert again.page_time_s > late.page_time_s


async def test_a_poll_that_does_not_finish_is_not_joined_by_others(
    new_page: NewPage, call_app: str
) -> None:
    """Statistics that take 2.5 s: the polls due meanwhile are left out, and counted as late."""
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(
        """() => {
            const native = RTCPeerConnection.prototype.getStats;
            window.polls = 0;
            RTCPeerConnection.prototype.getStats = async function () {
                polls += 1;
                if (polls === 1) await new Promise((resolve) => setTimeout(resolve, 2500));
                return native.call(this);
            };
            window.kept = new RTCPeerConnection();
        }"""
    )
    slow = await probe.witness.report(lambda r: r.connections)
    assert slow.host_wall_s - slow.page_time_s > 2
    late = await probe.witness.report()
    assert late.late_s > 0.9
    assert late.page_time_s - slow.page_time_s > 2


async def test_the_report_holds_what_the_method_needs(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call?calls=1")

    def stats(report: Any, wanted: type) -> list[Any]:
        each = (stat for connection in report.connections for stat in connection.stats)
        return [stat for stat in each if isinstance(stat, wanted)]

    await probe.witness.report(lambda r: len(stats(r, InboundRtp)) == 2)
    report = await probe.witness.report(
        lambda r: all(stat.framesDecoded != 0 for stat in stats(r, InboundRtp))
    )
    video = next(stat for stat in stats(report, InboundRtp) if stat.kind == "video")
    assert video.framesDecoded > 0
    assert video.packetsLost is not None
    assert video.freezeCount is not None
    assert video.lastPacketReceivedTimestamp > 0
    sent = next(stat for stat in stats(report, OutboundRtp) if stat.kind == "video")
    assert sent.targetBitrate > 0
    assert sent.headerBytesSent > 0
    assert sent.retransmittedPacketsSent is not None
    camera = next(stat for stat in stats(report, MediaSource) if stat.kind == "video")
    assert camera.frames > 0
    assert {stat.dtlsState for stat in stats(report, Transport)} == {"connected"}
    # One pair each way, with its candidates: what was not selected is left out.
    for wanted in (CandidatePair, LocalCandidate, RemoteCandidate):
        assert len(stats(report, wanted)) == 2
    assert abs(report.page_time_s - report.host_wall_s) < 10
