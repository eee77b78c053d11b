"""A trial in a few figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.analysis.trial_summary import summarise
from farm.model.janus_samples import JanusSample
from farm.model.kurento_samples import KurentoSample
from farm.model.trial_evidence import Phases, StreamInterval, StreamSetup, TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.model.webrtc_stats import MediaKind
from tests.synthetic import call_plan, host_sample, server_sample

VERDICT = Verdict(Outcome.PASS, (), units=1, units_failed=0, established=2)

NOTHING = TrialEvidence(
    plan=call_plan(),
    phases=Phases(0.0, 5.0, 10.0, 30.0, 31.0),
    window_s=10.0,
    intervals=(),
    setups=(),
    joins=(),
    polls=(),
    host_samples=(),
    server_samples=(),
)


def interval(window: int, kind: MediaKind = "video") -> StreamInterval:
    return StreamInterval(
        *("p000", "s000", "caller", "inbound", kind, window),
        start_s=10.0 + 10 * window,
        end_s=20.0 + 10 * window,
        polls=10,
        packets=500,
        bitrate_bps=400_000.0,
        packets_lost=0,
        frame_rate=20.0 if kind == "video" else None,
    )


def test_of_nothing_everything_is_unknown() -> None:
    result = summarise(NOTHING, VERDICT)
    assert (result.index, result.load, result.verdict) == (0, 2, VERDICT)
    assert result.server_cpu_percent is None
    assert result.host_cpu_percent is None
    assert result.video_bitrate_bps is None
    assert result.residual_loss_ratio is None
    assert result.setup_median_s is None
    assert result.setup_worst_s is None


def test_machines_count_in_the_hold_only() -> None:
    other = replace(host_sample(12.0), host="there", run_s=12.0, cpu_percent=70.0)
    evidence = replace(
        NOTHING,
        server_samples=(
            server_sample(9.0, 99.0),
            server_sample(10.0, 20.0),
            server_sample(29.0, 30),
        ),
        host_samples=(
            replace(host_sample(12.0, 10.0), run_s=12.0),
            replace(host_sample(13.0, 30.0), run_s=13.0),
            replace(host_sample(30.0, 90.0), run_s=30.0),
            replace(host_sample(14.0, 90.0), run_s=None),
            other,
        ),
    )
    result = summarise(evidence, VERDICT)
    assert result.server_cpu_percent == 25.0
    assert result.server_process_cpu_percent == 50.0
    assert result.host_cpu_percent == 70.0, "the busiest host, not the mean of all"


def test_a_window_counts_by_what_is_in_it() -> None:
    long = replace(interval(1), end_s=50.0, bitrate_bps=800_000.0, packets=0, packets_lost=0)
    unknown = replace(interval(2), bitrate_bps=None, frame_rate=None, packets_lost=None)
    lossy = replace(interval(0), packets_lost=500, frame_rate=10.0)
    audio = interval(0, "audio")
    evidence = replace(NOTHING, intervals=(lossy, long, unknown, audio))
    result = summarise(evidence, VERDICT)
    assert result.video_bitrate_bps == pytest.approx((400_000 * 10 + 800_000 * 30) / 40)
    assert result.frame_rate == pytest.approx((10 * 10 + 20 * 30) / 40)
    # 500 of 1000 lost in one window of video; none of the 500 of audio.
    assert result.residual_loss_ratio == pytest.approx(500 / 1500)


def test_packets_that_came_late_are_not_lost_and_repair_no_other_stream() -> None:
    moved = [replace(interval(n), packets_lost=lost) for n, lost in enumerate((30, -25, 30, -25))]
    assert summarise(replace(NOTHING, intervals=tuple(moved)), VERDICT).residual_loss_ratio == (
        pytest.approx(10 / 2010)
    )
    other = [replace(each, kind="audio", packets_lost=-100) for each in moved]
    result = summarise(replace(NOTHING, intervals=(*moved, *other)), VERDICT)
    assert result.residual_loss_ratio == pytest.approx(10 / 4010)


def test_streams_count_while_they_are_owed() -> None:
    extra = replace(interval(0), track=1, bitrate_bps=1.0, frame_rate=1.0, owed=False)
    off = replace(interval(1), bitrate_bps=0.0, frame_rate=0.0, packets=0, owed=False)
    result = summarise(replace(NOTHING, intervals=(interval(0), extra, off)), VERDICT)
    assert (result.video_bitrate_bps, result.frame_rate) == (400_000.0, 20.0)


def test_setups_that_came_are_summed_up() -> None:
    setups = tuple(
        StreamSetup("p000", "s000", "caller", "video", setup_s)
        for setup_s in (0.5, 0.75, 4.0, None)
    )
    result = summarise(replace(NOTHING, setups=setups), VERDICT)
    assert (result.setup_median_s, result.setup_worst_s) == (0.75, 4.0)


def held(at_s: float, pipelines: int) -> KurentoSample:
    return KurentoSample(at_s, pipelines, (("WebRtcEndpoint", 2 * pipelines),), 40.0, 2**20)


LEFT = replace(NOTHING, phases=Phases(1.0, 5.0, 10.0, 30.0, 46.0), all_left_s=35.0)
"""A trial whose probes joined from 1.0 on, and had all left at 35.0."""


def test_pipelines_that_outlive_their_sessions_are_a_leak() -> None:
    samples = (held(1.0, 1), held(20.0, 9), held(45.0, 3))
    found = summarise(replace(LEFT, kurento_samples=samples), VERDICT).kurento
    assert found is not None
    assert (found.pipelines, found.elements, found.left_behind) == (9, 18, 2)


@pytest.mark.parametrize(
    ("evidence", "times"),
    [
        (replace(LEFT, phases=Phases(1.0, 5.0, 10.0, None, 31.0), all_left_s=None), (1.0, 20.0)),
        (LEFT, (1.0, 34.0)),  # while probes were leaving
        (LEFT, (2.0, 45.0)),  # what was there before is not known
        (LEFT, ()),
    ],
)
def test_without_a_sample_before_and_one_after_all_left_nothing_is_said_of_a_leak(
    evidence: TrialEvidence, times: tuple[float, ...]
) -> None:
    kurento = tuple(held(at_s, 1 + index) for index, at_s in enumerate(times))
    janus = tuple(JanusSample(at_s, 1 + index, 2) for index, at_s in enumerate(times))
    found = summarise(replace(evidence, kurento_samples=kurento, janus_samples=janus), VERDICT)
    assert found.kurento is None or found.kurento.left_behind is None
    assert found.janus is None or found.janus.sessions_left is None
    assert bool(times) == (found.kurento is not None) == (found.janus is not None)
