"""What a Janus reported of itself in a trial, in figures."""

from __future__ import annotations

from farm.analysis.janus_figures import janus_figures
from farm.model.janus_samples import JanusSample, JanusStream


def stream(handle: int, packets: int, lost: int, kind: str = "video") -> JanusStream:
    return JanusStream(handle, "videoroom", "inbound", kind, packets, 0, lost, 0, None)  # type: ignore[arg-type]


def test_what_was_there_before_is_not_left_behind() -> None:
    samples = [JanusSample(0, 1, 2), JanusSample(5, 3, 8), JanusSample(30, 2, 5)]
    figures = janus_figures(samples, tell_left=True)
    assert figures is not None
    assert (figures.sessions, figures.handles) == (3, 8)
    assert (figures.sessions_left, figures.handles_left) == (1, 3)
    assert figures.lost_ratio is None


def test_of_a_trial_that_ended_early_what_is_left_is_unknown() -> None:
    figures = janus_figures([JanusSample(0, 0, 0), JanusSample(5, 3, 8)], tell_left=False)
    assert figures is not None and figures.sessions_left is None
    assert janus_figures((), tell_left=False) is None


def test_lost_packets_are_a_share_of_all_by_the_last_counters_of_each_stream() -> None:
    samples = [
        JanusSample(0, 1, 2, (stream(1, 100, 50),)),
        JanusSample(5, 1, 2, (stream(2, 400, 0), stream(1, 400, 100, "audio"))),
        JanusSample(10, 1, 2, (stream(1, 150, 50),)),
    ]
    figures = janus_figures(samples, tell_left=False)
    assert figures is not None and figures.lost_ratio == 150 / 1100
