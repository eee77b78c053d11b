"""The figures of one stream, second by second."""

from __future__ import annotations

import math

import numpy as np
import pytest

from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_slots import Owner
from farm.model.trial_evidence import StreamIdentity
from reports.series.stream_figures import OneWay
from tests.farm.evidence.polled import Polled, plan

PACKETS_PER_S = 50


def lost_up(polled: Polled) -> dict[int, float]:
    """The loss up of p000's video by second of the hold, of the ten seconds up to it."""
    trial = polled.trial()
    tables = RtpTables(trial)
    (life,) = tables.lives
    owner = Owner(stream=0, track=0, from_s=-math.inf, to_s=math.inf)
    grid_s = np.arange(10.0, 40.0)
    reports = trial.samples("remote-inbound-rtp")
    way = OneWay(tables.sent, [(life, owner)], "outbound", grid_s, reports)
    figures = way.figures(StreamIdentity("p000", "outbound", "video", 0, owed=True, seen=True))
    return dict(zip(range(10, 40), figures["lost"].tolist(), strict=True))


def test_what_a_report_counts_after_a_pause_was_lost_of_what_was_sent_before_it() -> None:
    polled = Polled(plan())
    polled.sent("p000", lambda now_s: 1000.0 * PACKETS_PER_S * now_s, still_s=20.0)
    for now_s, lost in ((9.5, 0), (15.5, 0), (35.5, 10)):
        polled.reported("p000", now_s, packetsLost=lost)
    lost = lost_up(polled)
    assert lost[14] == 0.0
    assert lost[20] == pytest.approx(10 / 450, rel=0.1)
    assert np.isnan([lost[second] for second in range(31, 40)]).all()
