"""Series made up for tests of figures: small enough to check, shaped like a real trial.

Deterministic without randomness: waves whose phase is the probe's place.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from farm.model.trial_evidence import Phases
from farm.model.verdict import Outcome
from farm.model.webrtc_stats import MediaKind
from reports.figures.server_over_search import ServerOverSearch, server_over_search
from reports.series.grid import Array, Grid, mean_held
from reports.series.janus_view import JanusSeries
from reports.series.search import CapacityCurve, SearchSeries
from reports.series.server_strain import PANELS, ServerStrain, StrainPanel
from reports.series.server_threads import ThreadSeries
from reports.series.trial import (
    ByProbe,
    HostSeries,
    ServerSeries,
    SessionWindows,
    SetupTimes,
    TrialSeries,
)

PHASES = Phases(ramp_s=100.0, settle_s=104.0, hold_s=114.0, leave_s=174.0, done_s=176.0)
KINDS: tuple[MediaKind, ...] = ("audio", "video")
RATES = {"audio": 40e3, "video": 500e3}


def _host(name: str, time_s: Array, cpu_percent: Array, thread_percent: Array) -> HostSeries:
    """Two cores: four fifths of what is used is the probes', the rest a compiler's."""
    used = cpu_percent / 50
    return HostSeries(
        host=name,
        time_s=time_s,
        cpu_percent=cpu_percent,
        busiest_thread_percent=thread_percent,
        cores=2,
        wait_each_s=cpu_percent / 200_000,
        used={"probes": 0.8 * used, "cc1plus": 0.2 * used},
        hold_cpu_percent=mean_held(time_s, cpu_percent, PHASES),
    )


def probe_names(count: int) -> tuple[str, ...]:
    return tuple(f"p{i:03d}" for i in range(count))


def session_names(count: int) -> tuple[str, ...]:
    return tuple(f"s{i // 2:03d}" for i in range(count))


def made_trial(probes: int = 4, *, spoilt: bool = True, phases: Phases = PHASES) -> TrialSeries:
    """A trial of calls in pairs; `spoilt`: the last probe loses packets and frames."""
    time_s = np.arange(99.0, 176.0)
    names = probe_names(probes)
    place = np.arange(probes)[:, None]
    wave = 1 + 0.06 * np.sin(time_s[None, :] / 5 + place) + 0.03 * np.cos(place * 2.7 + time_s / 2)
    ramp = np.clip((time_s - 101) / 12, 0, 1)[None, :]
    seen = time_s[None, :] >= 100 + place * 3 / probes
    bad = (place == probes - 1) & (time_s[None, :] > 140) & spoilt
    sent = {kind: np.where(seen, RATES[kind] * wave * ramp, np.nan) for kind in KINDS}
    received = {kind: sent[kind] * np.where(bad, 0.55, 0.99) for kind in KINDS}
    loss = np.where(seen, np.where(bad, 0.04 + 0.02 * np.sin(time_s / 4), 0.0), np.nan)
    frames = np.where(
        seen, 20 * np.where(bad, 0.6, 1.0) * (1 + 0.01 * np.sin(place + time_s)), np.nan
    )

    def grid(values: Array) -> Grid:
        return Grid(time_s, names, values)

    held = (time_s >= 114) & (time_s < 174)
    busy = np.clip(0.2 + 0.7 * ramp[0] + 0.05 * np.sin(time_s / 7), 0, 1)
    return TrialSeries(
        phases=phases,
        window_s=10.0,
        mixed=False,
        partners=1,
        asked_frame_rates=(20.0,),
        sent_bps={kind: grid(sent[kind]) for kind in KINDS},
        received_bps={kind: grid(received[kind]) for kind in KINDS},
        loss=grid(loss),
        frame_rate=grid(frames),
        server=ServerSeries(
            time_s=time_s,
            cpu_percent=30 * busy,
            process_cpu_percent=55 * busy,
            busiest_thread_percent=40 * busy,
            steal_percent=np.zeros_like(time_s),
            process_rss_bytes=120e6 + 40e6 * busy,
            process_threads=np.round(20 + 12 * busy),
            process_descriptors=np.round(60 + 30 * busy),
            received_bps=probes * 560e3 * busy,
            sent_bps=probes * 545e3 * busy,
            hold_cpu_percent=float(30 * busy[held].mean()),
        ),
        threads=ThreadSeries(
            time_s,
            ("mux 71", "worker 72"),
            np.vstack([40 * busy, np.where(time_s > 150, np.nan, 9 * busy)]),
            3,
        ),
        hosts=(
            _host("here", time_s, 62 * busy, 48 * busy),
            _host("second", time_s, 45 * busy, 30 * busy),
        ),
        by_probe=ByProbe(
            probes=names,
            sessions=session_names(probes),
            roles=tuple(("caller", "callee")[i % 2] for i in range(probes)),
            sent_bps={kind: sent[kind][:, held].mean(axis=1) for kind in KINDS},
            received_bps={kind: received[kind][:, held].mean(axis=1) for kind in KINDS},
            lost_down=loss[:, held].mean(axis=1),
            lost_up=np.where(np.arange(probes) == probes - 2, 0.002, 0.0),
            frame_rate=frames[:, held].mean(axis=1),
            slowest=("",) * probes,
        ),
        session_windows=made_windows(probes, spoilt=spoilt),
        viewer_windows=None,
        setups=SetupTimes(
            probes=tuple(name for name in names for _ in KINDS),
            kinds=KINDS * probes,
            setup_s=np.array(
                [
                    np.nan if spoilt and i == 2 * probes - 1 else 0.4 + 0.9 * ((i * 7) % 11) / 11
                    for i in range(2 * probes)
                ]
            ),
        ),
    )


def made_windows(probes: int, *, spoilt: bool = True) -> SessionWindows:
    """The last session loses packets and stands still, the first loses a few."""
    sessions = tuple(dict.fromkeys(session_names(probes)))
    start_s = np.arange(114.0, 174.0, 10.0)
    ratio = np.zeros((len(sessions), start_s.size))
    if spoilt:
        ratio[-1, 3:] = [0.03, 0.05, 0.04]
        ratio[0, 1] = 0.004
    names = probe_names(probes)
    return SessionWindows(
        sessions=sessions,
        probes=tuple(names[2 * i : 2 * i + 2] for i in range(len(sessions))),
        absent=((),) * len(sessions),
        start_s=start_s,
        end_s=start_s + 10,
        lost=ratio,
        lost_packets=ratio * 600,
        repaired=ratio * 0.5,
        repaired_packets=ratio * 300,
        frozen=ratio * (ratio > 0.04),
        gap_s=np.full(ratio.shape, 0.1),
        frames_lacking=5 * ratio,
        missing=np.zeros(ratio.shape, dtype=np.bool_),
    )


def made_server_over_search() -> ServerOverSearch:
    """The server of `made_trial` in each trial of `made_search`, busier with the load."""
    search, server = made_search(), made_trial(4).server
    assert server is not None
    begun = dict.fromkeys(search.index, 100.0)
    servers = {
        index: replace(server, cpu_percent=server.cpu_percent * load / 8)
        for index, load in zip(search.index, search.load, strict=True)
    }
    found = server_over_search(search, begun, servers)
    assert found is not None
    return found


def made_curve() -> CapacityCurve:
    """A server that holds twelve, more or less."""
    loads = np.arange(2.0, 17.0, 2.0)
    chance = np.array([0.99, 0.99, 0.985, 0.98, 0.97, 0.91, 0.35, 0.02])
    return CapacityCurve(loads, chance, 12, (10, 14), 0.9, 0.9)


def made_search() -> SearchSeries:
    """Doubling, a fail, a bisection with an invalid trial in it."""
    load = np.array([2, 2, 4, 8, 16, 12, 12, 14, 2], dtype=np.float64)
    outcomes = [Outcome.PASS] * len(load)
    outcomes[4] = outcomes[7] = Outcome.FAIL
    outcomes[5] = Outcome.INVALID
    start_s = 30 + np.arange(len(load)) * 95.0
    failed = np.array([outcome == Outcome.FAIL for outcome in outcomes])
    return SearchSeries(
        index=tuple(range(len(load))),
        outcomes=tuple(outcomes),
        load=load,
        start_s=start_s,
        end_s=start_s + 80,
        server_cpu_percent=5 + 5.2 * load,
        server_process_cpu_percent=8 + 10 * load,
        host_cpu_percent=6 + 4.1 * load + np.where(load == 12, 20, 0),
        video_bitrate_bps=np.where(failed, 380e3, 495e3 - load * 500),
        residual_loss_ratio=np.where(failed, 0.021, 0.0004),
        frame_rate=np.where(failed, 15.0, 19.8),
    )


def made_janus() -> JanusSeries:
    """Of a Janus with a session of three handles more every ten seconds."""
    time_s = np.arange(100.0, 176.0, 5)
    sessions = np.floor((time_s - 100) / 10)
    lost = np.where(time_s > 140, 0.02, 0.0)
    return JanusSeries(time_s, sessions, sessions * 3, time_s[1:], lost[1:])


def made_strain() -> ServerStrain:
    """Of a server with a quota, whose queue and buffers overflow from time to time."""
    time_s = np.arange(99.0, 176.0)
    panels = []
    for number, panel in enumerate(PANELS):
        values = []
        for place, sign in enumerate(panel.signs):
            each = 20.0 * number + np.maximum(0, 30 * np.sin(time_s / 9 + place))
            values.append(np.where(time_s % 5 == 0, each, np.nan) if sign.slow else each)
        panels.append(StrainPanel(panel.axis, panel.signs, tuple(values)))
    return ServerStrain(time_s, tuple(panels))
