"""A trial's recording -> `TrialEvidence`, the input of a verdict.

The same recording always gives the same evidence, whatever the criteria.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import polars as pl

from farm.analysis.intervals import Intervals
from farm.analysis.rates import FloatArray, window_edges
from farm.evidence.connection_states import never_connected
from farm.evidence.data_channels import channel_ends, data_intervals
from farm.evidence.encoding_settings import encoding_settings
from farm.evidence.estimate_followed import first_to_fall
from farm.evidence.hold_events import (
    HoldSteps,
    failed_hold_steps,
    failed_leaves,
    hold_dialogs,
    page_loads,
)
from farm.evidence.page_acts import PageActs
from farm.evidence.page_connections import pages_without_connection
from farm.evidence.polls_with_streams import polls_by_window
from farm.evidence.received_layers import received_layers
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_intervals import TrialWindows, hold_of, together
from farm.evidence.stream_senders import senders_in
from farm.evidence.stream_setups import stream_setups
from farm.model.experiment import Fidelity
from farm.model.trial_evidence import Fault, LayerInterval, PollCount, StreamSetup, TrialEvidence
from farm.model.trial_plan import SessionPlan
from farm.recording.parquet_parts import Damage, has_files
from farm.recording.sample_reader import SampleReader
from farm.recording.sample_tables import POLL
from farm.recording.trial_reader import TrialReader

AT_ONCE = 2
"""Batches of probes that are computed in parallel: Polars and NumPy release the GIL."""

ORDERLY = (1000, 1001, 1005)
"""Codes of an orderly close of a WebSocket (RFC 6455, 7.4.1)."""

_GOES_ON = ("sampling_lost", "recording_missing", "recordings_unknown")
"""Kinds of faults that do not end a trial."""


def trial_evidence(trial: TrialReader, *, window_s: float, poll_s: float) -> TrialEvidence:
    """The evidence of a trial, in run time; `poll_s` is the period of the pages' polls.

    A trial that ended before its hold has no intervals. Host and server samples are those from the
    ramp on. What of the recording is damaged is in `trial.damage` afterwards.
    """
    phases = trial.phases
    edges = window_edges(phases.hold_s or 0.0, _hold_end_s(trial), window_s)
    joined = frozenset(outcome.probe for outcome in trial.joins if outcome.joined)
    acts = PageActs(trial.events, trial.plan.sharing)
    steps = HoldSteps(trial.events)
    loads = tuple(page_loads(trial.events, steps, *hold_of(edges))) if len(edges) else ()
    origins = senders_in(trial, trial.plan.sessions, hold_of(edges), acts)
    windows = TrialWindows(trial.plan, edges, joined, acts, origins)

    def some(
        batch: tuple[Sequence[str], SampleReader],
    ) -> tuple[pl.DataFrame, list[LayerInterval], dict[str, PollCount]]:
        probes, rows = batch
        polls = polls_by_window(rows, edges)
        # Where the table of polls is damaged their number is not known.
        counted = () if rows.is_damaged(POLL) else probes
        return *windows.of(rows, probes, polls), _poll_counts(polls, counted, edges, poll_s)

    batches = trial.in_batches(probe.probe for probe in trial.plan.probes)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(some, batches))
    streams = windows.owed.identities()
    excuses = windows.owed.excuses()
    setups = tuple(stream_setups(trial, streams, excuses.off_at))
    trial.note(_missing_tables(trial, setups))
    left = windows.owed.left(loads)
    counts = {probe: count for *_, of in found for probe, count in of.items()}
    layers = tuple(layer for _, layers, _ in found for layer in layers)
    owed = joined & counts.keys()  # a page that never got in owes no polls
    return TrialEvidence(
        plan=trial.plan,
        phases=phases,
        window_s=window_s,
        intervals=windows.with_acts(together([frame for frame, _, _ in found])),
        setups=setups,
        joins=trial.joins,
        polls=tuple(counts[probe.probe] for probe in trial.plan.probes if probe.probe in owed),
        host_samples=trial.host_samples(),
        server_samples=trial.server_samples(),
        faults=(*trial.faults, *_crashes(trial), *_wrong_pictures(trial), *_torn_sockets(trial)),
        reset=trial.reset,
        kurento_samples=trial.kurento_samples(),
        janus_samples=trial.janus_samples(),
        all_left_s=_all_left_s(trial, joined),
        stayed_full=tuple(_by_fidelity(trial, "full")),
        without_key_frame=tuple(_by_fidelity(trial, "light")),
        unplayed=tuple(_unplayed(trial)),
        first_to_fall=first_to_fall(trial),
        streams=streams,
        layers=layers,
        encodings=encoding_settings(trial.events, streams, hold_of(edges)),
        received_layers=received_layers(trial, windows.owed, streams, layers, hold_of(edges)),
        data=data_intervals(trial, edges),
        channel_ends=channel_ends(trial.events, hold_of(edges)[1]),
        acts=tuple(replace(act, step=steps.before(act.probe, act.at_s)) for act in excuses.acts()),
        left=left,
        left_after={
            probe: step for probe, at_s in left.items() if (step := steps.before(probe, at_s))
        },
        reloaded={
            probe: at_s for probe, at_s in windows.owed.reloaded(loads).items() if probe not in left
        },
        reconnections=tuple(
            replace(each, step=steps.before(each.probe, each.at_s))
            for each in windows.owed.reconnections()
        ),
        never_connected=never_connected(trial.events),
        no_connection=pages_without_connection(
            trial, {stream.probe for stream in streams if stream.seen}
        ),
        failed_hold_steps=tuple(failed_hold_steps(trial.events)),
        page_loads=loads,
        dialogs=tuple(hold_dialogs(trial.events, *hold_of(edges))) if len(edges) else (),
        failed_leaves=tuple(failed_leaves(trial.events)),
    )


def probe_intervals(trial: TrialReader, probe: str, *, window_s: float) -> Intervals:
    """The streams of one probe in the windows of the hold; only its session's rows are read."""
    edges = window_edges(trial.phases.hold_s or 0.0, _hold_end_s(trial), window_s)
    joined = {outcome.probe for outcome in trial.joins if outcome.joined}
    session = next(each for each in trial.plan.sessions if probe in _names(each))
    acts = PageActs(trial.events, trial.plan.sharing)
    origins = senders_in(trial, [session], hold_of(edges), acts)
    windows = TrialWindows(trial.plan, edges, frozenset(joined & {probe}), acts, origins)
    for other in session.probes:
        if other.sends and other.probe != probe:
            theirs = RtpTables(trial.of_probes(other.probe, other.probe)).lives
            windows.owed.add([life for life in theirs if life.probe == other.probe])
    rows = trial.of_probes(probe, probe)
    frame, _ = windows.of(rows, (probe,), polls_by_window(rows, edges))
    return windows.with_acts(together([frame]))


def _names(session: SessionPlan) -> list[str]:
    return [probe.probe for probe in session.probes]


def _hold_end_s(trial: TrialReader) -> float:
    """When the hold ended, for whatever reason; 0 if it never began."""
    phases = trial.phases
    if phases.hold_s is None:
        return 0.0
    if phases.leave_s is not None:
        return phases.leave_s
    # Cut short: by a fault, after which nothing is valid, or by a crash of the farm.
    ends = [
        fault.at_s
        for fault in trial.faults
        if fault.what not in _GOES_ON and fault.at_s >= phases.hold_s
    ]
    if phases.done_s is not None:
        ends.append(phases.done_s)
    return min(ends) if ends else _last_poll_s(trial)


def _last_poll_s(trial: TrialReader) -> float:
    polls = trial.polls(())
    last_s = None if polls is None else polls.select(pl.col("run_s").max()).item()
    return 0.0 if last_s is None else float(last_s)


def _all_left_s(trial: TrialReader, joined: frozenset[str]) -> float | None:
    """When the last of those that joined had left; `None`: not of all is a time known."""
    left = {seen.event.probe: seen.run_s for seen in trial.events if seen.event.kind == "left"}
    times = [left.get(probe) for probe in joined]
    known = [time_s for time_s in times if time_s is not None]
    return max(known) if known and len(known) == len(times) else None


def _crashes(trial: TrialReader) -> Iterator[Fault]:
    """A fault for each probe whose renderer or browser crashed."""
    session_of = {probe.probe: probe.session for probe in trial.plan.probes}
    for seen in trial.events:
        if seen.event.kind == "crashed":
            probe = seen.event.probe
            at_s = trial.phases.ramp_s or 0.0 if seen.run_s is None else seen.run_s
            message = f"{probe}: {seen.event.message}"
            yield Fault("browser_crashed", at_s, message, session_of.get(probe))


def _torn_sockets(trial: TrialReader) -> Iterator[Fault]:
    """A fault for each probe whose socket to the demo app broke before it left."""
    end_s = trial.phases.leave_s
    session_of = {probe.probe: probe.session for probe in trial.plan.probes}
    for seen in trial.events if trial.plan.own_app else ():
        event, run_s = seen.event, seen.run_s
        before_end = run_s is not None and (end_s is None or run_s < end_s)
        if event.kind == "socket_closed" and before_end and event.data.get("code") not in ORDERLY:
            message = f"{event.probe}: its socket to the demo app broke: {event.message}"
            yield Fault("app_died", run_s or 0.0, message, session_of.get(event.probe))


_WRONG: Mapping[object, str] = {
    "tiny": "a light probe sent tiny pictures in the place of its camera's: its browser refused to "
    "encode full ones",
    "lost": "a light probe lost pictures within its browser",
}


def _wrong_pictures(trial: TrialReader) -> Iterator[Fault]:
    """A fault for each light probe that sent tiny pictures as full ones, or lost its pictures."""
    session_of = {probe.probe: probe.session for probe in trial.plan.probes}
    seen_of: set[str] = set()
    for seen in trial.events:
        event = seen.event
        what = _WRONG.get(event.data.get("fidelity")) if event.kind == "fidelity" else None
        if what and event.probe not in seen_of:
            seen_of.add(event.probe)
            at_s = trial.phases.ramp_s or 0.0 if seen.run_s is None else seen.run_s
            message = f"{event.probe}: {what} ({event.data.get('reason')})"
            yield Fault("light_probe", at_s, message, session_of.get(event.probe))


def _by_fidelity(trial: TrialReader, fidelity: Fidelity) -> Iterator[tuple[str, str]]:
    """The light probes whose page gave a reason beside this fidelity, each with the first one."""
    reasons: dict[str, str] = {}
    for seen in trial.events:
        event, reason = seen.event, seen.event.data.get("reason")
        if event.kind == "fidelity" and event.data.get("fidelity") == fidelity and reason:
            reasons.setdefault(event.probe, str(reason))
    yield from reasons.items()


def _unplayed(trial: TrialReader) -> Iterator[str]:
    """The probes whose pages reported that they do not play received audio."""
    probes = (
        seen.event.probe
        for seen in trial.events
        if seen.event.kind == "audio" and seen.event.data.get("played") is False
    )
    yield from dict.fromkeys(probes)


def _missing_tables(trial: TrialReader, setups: Sequence[StreamSetup]) -> Iterator[Damage]:
    """Tables that are missing, though something must have been recorded in them."""
    if any(setup.setup_s is not None for setup in setups):
        for type in ("inbound-rtp", "outbound-rtp", POLL):
            folder = trial.folder.samples(type)
            if not has_files(folder):
                yield Damage(folder, "is missing, though media came")


# ---------------------------------------------------------------- polls


def _poll_counts(
    polls: pl.DataFrame, probes: Sequence[str], edges: FloatArray, poll_s: float
) -> dict[str, PollCount]:
    if not len(edges):
        return {}
    expected = int((edges[-1] - edges[0]) / poll_s)
    counts = polls.group_by("probe").agg(
        received=pl.col("polls").sum(),
        late=pl.col("late_s").explode().gt(poll_s / 2).sum(),
    )
    known = {probe: (received, late) for probe, received, late in counts.iter_rows()}
    return {probe: PollCount(probe, expected, *known.get(probe, (0, 0))) for probe in probes}
