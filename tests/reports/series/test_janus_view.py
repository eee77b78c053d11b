"""What a Janus reported of itself over a trial."""

from __future__ import annotations

from farm.model.janus_samples import JanusSample, JanusStream
from reports.series.janus_view import janus_series


def stream(packets: int | None, lost: int | None, direction: str = "inbound") -> JanusStream:
    return JanusStream(1, "videoroom", direction, "video", packets, 0, lost, 0, None)  # type: ignore[arg-type]


def test_losses_are_those_between_two_looks_at_a_stream() -> None:
    series = janus_series(
        [
            JanusSample(1, 0, 0),
            JanusSample(6, 1, 2, (stream(100, 5),)),
            JanusSample(11, 1, 2),
            JanusSample(16, 1, 2, (stream(190, 15), stream(100, 50, "outbound"))),
            JanusSample(21, 1, 2, (stream(190, 15),)),
            JanusSample(26, 1, 2, (stream(None, None),)),
        ]
    )
    assert series is not None
    assert series.handles.tolist() == [0, 2, 2, 2, 2, 2]
    assert (series.lost_at_s.tolist(), series.lost.tolist()) == ([16], [0.1])


def test_a_trial_without_a_janus_has_none() -> None:
    assert janus_series(()) is None
