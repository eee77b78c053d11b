"""Channels of probes and of a session, made up: waves, and a bad half minute."""

from __future__ import annotations

import numpy as np

from farm.model.criteria import Criteria
from farm.model.trial_evidence import StreamIdentity
from reports.figures.close_up import CloseUp
from reports.series.probe_channels import ProbeChannels, StreamChannels
from reports.series.session_quality import SessionQuality, session_quality
from tests.reports.made_series import PHASES, made_trial, made_windows


def made_channels(probe: str = "p003", *, bad: bool = True) -> ProbeChannels:
    """One probe of a call of 640x480; `bad`: from 140 s to 160 s it loses packets and frames."""
    time_s = np.arange(99.0, 176.0)
    joined = np.where(time_s >= 102, 1.0, np.nan)
    spoilt = bad & (time_s >= 140) & (time_s < 160)
    wave = (1 + 0.05 * np.sin(time_s / 5)) * joined
    unknown = np.full(time_s.shape, np.nan)
    partner = {"p002": "p003", "p003": "p002"}[probe]
    streams = []
    for kind, bps, jitter_s in (("audio", 40e3, 0.002), ("video", 500e3, 0.006)):
        video = kind == "video"
        sent = StreamChannels(
            StreamIdentity(probe, "outbound", kind, 0, True, True),  # type: ignore[arg-type]
            f"{kind} sent",
            "",
            bps=bps * wave,
            lost=0.001 * joined,
            frames=20 * joined if video else unknown,
            pixels=640 * 480 * joined if video else unknown,
            stalled_s=unknown,
            jitter_s=unknown,
            target_bps=1.04 * bps * joined,
            cpu_limited=0 * joined if video else unknown,
            bandwidth_limited=np.where(spoilt, 1.0, 0.0) * joined if video else unknown,
        )
        received = StreamChannels(
            StreamIdentity(probe, "inbound", kind, 0, True, True, (partner,)),  # type: ignore[arg-type]
            f"{kind} received from {partner}",
            "",
            bps=bps * wave * np.where(spoilt, 0.6, 1),
            lost=np.where(spoilt, 0.04, 0.0) * joined,
            frames=np.where(spoilt, 12.0, 20.0) * joined if video else unknown,
            pixels=np.where(spoilt, 320 * 240, 640 * 480) * joined if video else unknown,
            stalled_s=np.where(spoilt, 0.3, 0.0) * joined if video else unknown,
            jitter_s=jitter_s * wave,
            target_bps=unknown,
            cpu_limited=unknown,
            bandwidth_limited=unknown,
        )
        streams += [received, sent]
    return ProbeChannels(probe, PHASES, time_s, 0.02 * wave, tuple(streams))


def made_quality(probes: int = 4, *, spoilt: bool = True) -> SessionQuality:
    return session_quality(made_windows(probes, spoilt=spoilt), Criteria())


def made_close_up() -> CloseUp:
    return CloseUp(
        session="s001",
        roles=("caller", "callee"),
        channels=(made_channels("p002", bad=False), made_channels("p003")),
        others=0,
        server=made_trial(4).server,
        worst_s=(144.0, 154.0),
        why="the worst was lost packets, 5.0 times the limit",
    )
