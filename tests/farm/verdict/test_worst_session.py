"""The session that had it worst, and its figures."""

from __future__ import annotations

from farm.verdict.trial_streams import TrialStreams
from farm.verdict.worst_session import worst_session
from tests.farm.trial_evidence import good, spoilt, stream


def test_what_a_page_did_not_send_is_in_no_figure_of_the_worst_session() -> None:
    off = {"owed": False, "frame_rate": 0.0, "bitrate_bps": 0.0}
    call = spoilt(good(), stream("p000", "inbound", "video", (2, 3), **off))
    worst = worst_session(TrialStreams(call), [])
    assert worst is not None
    assert (worst.frame_rate, worst.video_bitrate_bps) == (20.0, 500_000.0)
