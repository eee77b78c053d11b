"""Judged windows become each probe's figures, weighed by time and by packets."""

from __future__ import annotations

import numpy as np
import pytest

from farm.model.trial_evidence import JoinOutcome, StreamIdentity, StreamInterval, StreamSetup
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind
from reports.series.by_probe import by_probe, session_windows, setup_times
from tests.farm.trial_evidence import losing
from tests.synthetic import call_plan


def interval(
    probe: str,
    window: int,
    *,
    direction: Direction = "inbound",
    kind: MediaKind = "video",
    seconds: float = 10.0,
    **figures: float | int | None,
) -> StreamInterval:
    return StreamInterval(
        probe=probe,
        session="s000",
        role="caller",
        direction=direction,
        kind=kind,
        window=window,
        start_s=10.0 * window,
        end_s=10.0 * window + seconds,
        polls=10,
        **figures,  # type: ignore[arg-type]
    )


def test_windows_count_by_their_length() -> None:
    seen = by_probe(
        call_plan(),
        [
            interval("p000", 0, bitrate_bps=100.0, frame_rate=10.0),
            interval("p000", 1, bitrate_bps=400.0, frame_rate=20.0, seconds=5.0),
        ],
    )
    assert seen.received_bps["video"][0] == pytest.approx(200)
    assert seen.frame_rate[0] == pytest.approx(40 / 3)


def test_unknown_windows_do_not_count_and_nothing_known_is_unknown() -> None:
    seen = by_probe(
        call_plan(),
        [interval("p000", 0, bitrate_bps=None), interval("p000", 1, bitrate_bps=300.0)],
    )
    assert seen.received_bps["video"][0] == 300
    assert np.isnan(seen.received_bps["video"][1])
    assert np.isnan(seen.received_bps["audio"][0])


def test_tracks_of_a_kind_add_up() -> None:
    seen = by_probe(
        call_plan(),
        [
            interval("p000", 0, bitrate_bps=100.0, track=0),
            interval("p000", 0, bitrate_bps=200.0, track=1),
        ],
    )
    assert seen.received_bps["video"][0] == 300


def test_of_unlike_videos_the_slowest_stands_for_a_probe_and_is_named() -> None:
    seen = by_probe(
        call_plan(),
        [
            interval("p000", 0, frame_rate=18.6, track=0),
            interval("p000", 0, frame_rate=6.9, track=1),
            interval("p001", 0, frame_rate=20.0),
        ],
        [
            StreamIdentity("p000", "inbound", "video", 0, True, True, ("p001",)),
            StreamIdentity("p000", "inbound", "video", 1, True, True, ("p002", "p003")),
            StreamIdentity("p001", "inbound", "video", 0, True, True, ("p000",)),
        ],
    )
    assert list(seen.frame_rate) == [6.9, 20.0]
    assert seen.slowest == ("from p002 or p003", "")


def test_what_is_owed_to_nobody_does_not_count() -> None:
    seen = by_probe(
        call_plan(),
        [
            interval("p000", 0, bitrate_bps=400.0, frame_rate=20.0),
            interval("p000", 1, bitrate_bps=0.0, frame_rate=0.0, owed=False),
            interval(
                *("p000", 0),
                track=1,
                owed=False,
                packets=9,
                bitrate_bps=70.0,
                frame_rate=1.0,
                packets_lost=9,
            ),
        ],
    )
    assert seen.received_bps["video"][0] == 400
    assert seen.frame_rate[0] == 20
    assert np.isnan(seen.lost_down[0])


def test_loss_up_is_unknown_while_a_stream_is_that_nobody_reported_on() -> None:
    def sent(audio_lost: int, video_lost: int | None) -> float:
        up: Direction = "outbound"
        seen = by_probe(
            call_plan(),
            [
                interval(
                    *("p000", 0),
                    direction=up,
                    kind="audio",
                    packets=100,
                    packets_lost=audio_lost,
                ),
                interval("p000", 0, direction=up, packets=100, packets_lost=video_lost),
            ],
        )
        return float(seen.lost_up[0])

    assert np.isnan(sent(0, None))
    assert sent(5, None) == pytest.approx(0.05)
    assert sent(0, 0) == 0


def test_loss_is_that_of_the_worst_stream_weighed_by_packets() -> None:
    seen = by_probe(
        call_plan(),
        [
            interval("p000", 0, packets=90, packets_lost=10),
            interval("p000", 1, packets=900, packets_lost=0),
            interval("p000", 0, kind="audio", packets=900, packets_lost=0),
            interval("p000", 0, direction="outbound", packets=200, packets_lost=4),
            interval("p000", 0, track=1, direction="outbound", packets=200, packets_lost=0),
        ],
    )
    assert seen.lost_down[0] == pytest.approx(10 / 1000)
    assert seen.lost_up[0] == pytest.approx(4 / 200)


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_packets_that_came_late_are_not_lost(direction: Direction) -> None:
    moved = [
        interval("p000", number, direction=direction, packets=500, packets_lost=lost)
        for number, lost in enumerate((30, -25, 30, -25))
    ]
    seen = by_probe(call_plan(), moved)
    lost = {"inbound": seen.lost_down, "outbound": seen.lost_up}[direction][0]
    assert lost == pytest.approx(10 / 2000, rel=0.01)


def test_a_receiver_report_that_uncounts_is_no_negative_loss() -> None:
    seen = by_probe(
        call_plan(),
        [interval("p000", 0, direction="outbound", packets=200, packets_lost=-3)],
    )
    assert seen.lost_up[0] == 0


def test_the_worst_stream_stands_for_its_session_in_a_window() -> None:
    windows = session_windows(
        call_plan(2),
        [
            interval("p000", 0, residual_loss_ratio=0.01),
            interval("p001", 0, residual_loss_ratio=0.03),
            interval("p001", 2, residual_loss_ratio=None),
        ],
        [],
    )
    assert windows.sessions == ("s000", "s001")
    assert list(windows.start_s) == [0, 20]
    assert windows.lost[0, 0] == 0.03
    assert np.isnan(windows.lost[0, 1])
    assert np.isnan(windows.lost[1]).all()


def test_what_the_server_missed_counts_for_the_session_and_a_senders_frames_do_not() -> None:
    windows = session_windows(
        call_plan(),
        [
            interval("p000", 0, repair_ratio=0.0, **losing(0.0, due=100)),
            interval(
                "p000",
                0,
                direction="outbound",
                **losing(0.05, "outbound", due=200),
                repair_ratio=0.1,
                frame_rate=3.0,
            ),
        ],
        [JoinOutcome("p001", "s000", False, reason="timeout")],
    )
    assert windows.lost[0, 0] == pytest.approx(0.05)
    assert windows.lost_packets[0, 0] == 10
    assert windows.repaired[0, 0] == pytest.approx(0.1)
    assert windows.repaired_packets[0, 0] == pytest.approx(20)
    assert np.isnan(windows.frames_lacking[0, 0])
    assert windows.absent == (("p001",),)


def test_a_stream_that_never_came_has_no_time() -> None:
    times = setup_times(
        [
            StreamSetup("p000", "s000", "caller", "audio", 0.5),
            StreamSetup("p000", "s000", "caller", "video", None),
        ]
    )
    assert times.setup_s[0] == 0.5
    assert np.isnan(times.setup_s[1])
