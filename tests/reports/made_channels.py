"""Channels of probes and of a session from near, made up: waves, and a bad half minute."""

from __future__ import annotations

import numpy as np

from farm.experiment import Criteria
from reports.close_up import CloseUp
from reports.probe_channels import ProbeChannels
from reports.session_quality import SessionQuality, session_quality
from tests.reports.made_series import PHASES, made_trial, made_windows


def made_channels(probe: str = "p003", *, bad: bool = True) -> ProbeChannels:
    """One probe of a call of 640x480; `bad`: from 140 s to 160 s it loses packets and frames."""
    time_s = np.arange(99.0, 176.0)
    joined = np.where(time_s >= 102, 1.0, np.nan)
    spoilt = bad & (time_s >= 140) & (time_s < 160)
    wave = (1 + 0.05 * np.sin(time_s / 5)) * joined
    video = {"audio": 40e3 * wave, "video": 500e3 * wave}
    return ProbeChannels(
        probe=probe,
        phases=PHASES,
        time_s=time_s,
        sent_bps=video,
        received_bps={kind: values * np.where(spoilt, 0.6, 1) for kind, values in video.items()},
        target_bps=520e3 * joined,
        lost_down=np.where(spoilt, 0.04, 0.0) * joined,
        lost_up=0.001 * joined,
        frames_sent=20 * joined,
        frames_received=np.where(spoilt, 12.0, 20.0) * joined,
        pixels=np.where(spoilt, 320 * 240, 640 * 480) * joined,
        stalled_s=np.where(spoilt, 0.3, 0.0) * joined,
        jitter_s={"audio": 0.002 * wave, "video": 0.006 * wave},
        round_trip_s=0.02 * wave,
        cpu_limited=np.zeros_like(time_s) * joined,
        bandwidth_limited=np.where(spoilt, 1.0, 0.0) * joined,
    )


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
        why="the worst was lost packets, 5.0 times what is allowed",
    )
