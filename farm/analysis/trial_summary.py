"""Makes `TrialResult` of a trial: its figures for the list of trials and `result.json`. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from farm.analysis.access_links_achieved import access_links_achieved
from farm.analysis.aggregates import known, lost_of_all, mean_known, mean_over_time_of, median_known
from farm.analysis.intervals import Intervals
from farm.analysis.janus_figures import janus_figures
from farm.analysis.own_samples import tell_what_is_left
from farm.model.kurento_samples import KurentoSample
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_result import KurentoFigures, TrialResult
from farm.model.verdict import Verdict

MINUTE_S = 60.0
"""The period of which autoscalers use the mean."""


def summarise(evidence: TrialEvidence, verdict: Verdict) -> TrialResult:
    """Means over the hold, `None` where nothing is known.

    `host_cpu_percent` is the busiest host's, `video_bitrate_bps` and `frame_rate` are what a
    received video stream had on average, `residual_loss_ratio` is the post-repair loss of all
    streams to probes together; streams count while they are owed. Setup times are those of streams
    that came.
    """
    server = held_server_samples(evidence)
    received = Intervals.of(evidence.intervals).frame.filter("owed", direction="inbound")
    video = received.filter(kind="video")
    cameras = video.filter(is_screen=False)
    setups = known(setup.setup_s for setup in evidence.setups)
    return TrialResult(
        index=evidence.plan.index,
        load=evidence.plan.load,
        purpose=evidence.plan.purpose,
        verdict=verdict,
        phases=evidence.phases,
        server_cpu_percent=mean_known(sample.cpu_percent for sample in server),
        server_process_cpu_percent=mean_known(sample.process_cpu_percent for sample in server),
        host_cpu_percent=max(held_host_percents(evidence).values(), default=None),
        video_bitrate_bps=video.select(mean_over_time_of("bitrate_bps")).item(),
        residual_loss_ratio=lost_of_all(received),
        frame_rate=cameras.select(mean_over_time_of("frame_rate")).item(),
        setup_median_s=median_known(setups),
        setup_worst_s=max(setups, default=None),
        lines=access_links_achieved(evidence),
        kurento=_kurento(
            evidence.kurento_samples,
            tell_left=tell_what_is_left(evidence.kurento_samples, evidence),
        ),
        janus=janus_figures(
            evidence.janus_samples, tell_left=tell_what_is_left(evidence.janus_samples, evidence)
        ),
        server_memory_bytes=_memory_bytes(server),
        server_cpu_minutes_percent=_minutes(server, evidence.phases.hold_s),
    )


def held_server_samples(evidence: TrialEvidence) -> list[ServerSample]:
    """The server's samples in the hold."""
    return [sample for sample in evidence.server_samples if _in_hold(evidence, sample.at_s)]


def held_host_percents(evidence: TrialEvidence) -> dict[str, float]:
    """The mean CPU of each host over the hold, of those that were seen in it."""
    by_host: defaultdict[str, list[float | None]] = defaultdict(list)
    for sample in evidence.host_samples:
        if _in_hold(evidence, sample.run_s):
            by_host[sample.host].append(sample.cpu_percent)
    means = {host: mean_known(percents) for host, percents in by_host.items()}
    return {host: mean for host, mean in means.items() if mean is not None}


def _memory_bytes(server: Sequence[ServerSample]) -> float | None:
    own = mean_known(sample.process_rss_bytes for sample in server)
    return mean_known(sample.memory_used_bytes for sample in server) if own is None else own


def _minutes(server: Sequence[ServerSample], hold_s: float | None) -> tuple[float, ...]:
    """Means of the hold's whole minutes, in order; a minute hardly seen is left out."""
    if hold_s is None:
        return ()
    minutes: defaultdict[int, list[float]] = defaultdict(list)
    for sample in server:
        if sample.cpu_percent is not None:
            minutes[int((sample.at_s - hold_s) // MINUTE_S)].append(sample.cpu_percent)
    return tuple(
        fmean(percents)
        for minute, percents in sorted(minutes.items())
        if minute >= 0 and len(percents) >= MINUTE_S * 0.9
    )


def _kurento(samples: Sequence[KurentoSample], *, tell_left: bool) -> KurentoFigures | None:
    """Figures of samples; with `tell_left` also of what is in the last one beyond the first."""
    if not samples:
        return None
    return KurentoFigures(
        pipelines=max(sample.pipelines for sample in samples),
        elements=max(sum(count for _, count in sample.elements) for sample in samples),
        used_memory_bytes=max(
            (each.used_memory_bytes for each in samples if each.used_memory_bytes is not None),
            default=None,
        ),
        left_behind=max(0, samples[-1].pipelines - samples[0].pipelines) if tell_left else None,
    )


def _in_hold(evidence: TrialEvidence, run_s: float | None) -> bool:
    phases = evidence.phases
    if phases.hold_s is None or run_s is None:
        return False
    ends = [end_s for end_s in (phases.leave_s, phases.done_s) if end_s is not None]
    return phases.hold_s <= run_s < min(ends, default=float("inf"))
