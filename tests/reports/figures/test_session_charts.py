"""What a session's pictures are held to, by who made them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from farm.model.experiment import Experiment, Scenario
from farm.model.trial_evidence import StreamIdentity, TrialEvidence
from farm.testing import good_evidence
from reports.series.by_probe import session_windows
from reports.series.due_frame_rates import due_frame_rates
from reports.series.session_quality import session_quality
from tests.farm.evidence.polled import plan_of
from tests.farm.trial_evidence import good, spoilt, stream

ALLOWED = 1 - Experiment().criteria.frame_rate_of_baseline


def peak(evidence: TrialEvidence, mix_frame_rate: float | None = None) -> float:
    due = due_frame_rates(evidence, mix_frame_rate)
    windows = session_windows(evidence.plan, evidence.intervals, evidence.joins, due)
    return float(np.nanmax(session_quality(windows, Experiment().criteria).used))


def test_pictures_of_a_mixer_are_held_to_the_baselines_rate() -> None:
    half = spoilt(good("group", 4), lambda each: {"frame_rate": 5.0})
    assert peak(half, 10.0) == pytest.approx(0.5 / ALLOWED)
    assert peak(half) < 1, "nobody knows what it should be"


def test_forwarded_pictures_are_held_to_what_their_sender_was_asked_for() -> None:
    call = spoilt(good(), stream("p000", "inbound", "video", frame_rate=15.0))
    streams = (
        StreamIdentity("p000", "inbound", "video", 0, True, True, ("p001",)),
        StreamIdentity("p001", "inbound", "video", 0, True, True, ("p000",)),
    )
    seen = replace(call, streams=streams)
    assert peak(seen) == pytest.approx(0.25 / ALLOWED)
    slow = spoilt(seen, stream("p001", "outbound", "video", asked_frame_rate=15.0))
    assert peak(slow) < 1
    screen = spoilt(seen, stream("p001", "outbound", "video", asked_frame_rate=None))
    assert peak(screen) < 1, "no camera's: nothing to go by"


def test_a_video_of_whoever_speaks_may_wait_for_a_key_frame_as_in_the_verdict() -> None:
    last_two = Scenario(kind="group", members=4, media="forwarded", last_n=2)
    evidence = good_evidence(plan_of(last_two, 4), windows=4)
    others = ("p001", "p002", "p003")
    videos = (
        StreamIdentity("p000", "inbound", "video", track, True, True, others) for track in (0, 1)
    )
    seen = replace(evidence, streams=tuple(videos))

    def waited(key_frames: int) -> float:
        waits = {"stalled_ratio": 0.09, "frame_rate": 15.0, "key_frames": key_frames}
        return peak(spoilt(seen, stream("p000", "inbound", "video", **waits)))

    assert waited(key_frames=0) > 1
    assert waited(key_frames=1) < 1
    full = replace(seen, plan=plan_of(replace(last_two, last_n=None), 4))
    waits = {"stalled_ratio": 0.09, "key_frames": 1}
    assert peak(spoilt(full, stream("p000", "inbound", "video", **waits))) > 1
