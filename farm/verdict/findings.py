"""What is wrong in a trial: probes, streams and recordings that break a limit. Pure."""

from __future__ import annotations

from farm.model.criteria import Criteria
from farm.model.moments import moment
from farm.model.page_acts import NoConnection
from farm.model.trial_evidence import Phases, StreamSetup, TrialEvidence
from farm.model.verdict import AFTER_JOIN, NO_CONNECTION
from farm.verdict.baseline import Baseline
from farm.verdict.causes import LEFT, Finding
from farm.verdict.data_messages import data_findings
from farm.verdict.stream_limits import FAR_BEYOND, Breach
from farm.verdict.trial_streams import TrialStreams

LOADED_WITHIN_S = 2.0
"""A page that leaves its session may load a new document that much before or after."""


def findings_of(
    streams: TrialStreams, criteria: Criteria, baseline: Baseline | None
) -> list[Finding]:
    """All that breaks a limit, probe by probe; without a baseline by absolute limits only."""
    return [
        *_unestablished(streams, criteria),
        *_left(streams),
        *_failed_hold_steps(streams),
        *_failing_streams(streams, criteria, baseline),
        *data_findings(streams.evidence, criteria),
        *_missing_recordings(streams.evidence),
    ]


def _unestablished(streams: TrialStreams, criteria: Criteria) -> list[Finding]:
    """Probes that did not join, or made no connection; owed streams that did not start in time."""
    evidence = streams.evidence
    joins = {join.probe: join for join in evidence.joins}
    setups = {(setup.probe, setup.kind, setup.track): setup for setup in evidence.setups}
    found = []
    for probe in evidence.plan.probes:
        join = joins.get(probe.probe)
        if join is None or not join.joined:
            code = (join.reason if join else None) or "join"
            message = (join.message if join else "") or "did not join before the trial ended"
            at_s = (join.at_s if join else None) or 0.0
            breach = Breach(code, None, None, FAR_BEYOND, -1, at_s)
            found.append(Finding(probe, breach, message=message))
            continue
        silent = evidence.no_connection.get(probe.probe)
        if silent is not None and probe.takes_part:
            breach = Breach(NO_CONNECTION, None, None, FAR_BEYOND, -1, silent.at_s)
            found.append(Finding(probe, breach, message=no_connection_text(silent)))
            continue
        for kind in dict.fromkeys(probe.receives):
            for stream in streams.owed(probe.probe, "inbound", kind):
                setup = setups.get((probe.probe, kind, stream.track))
                breach_of = _setup_breach(setup, criteria, evidence.phases.ramp_s or 0.0)
                if breach_of is not None and not streams.is_excused(stream):
                    found.append(Finding.of(probe, breach_of, stream))
    return found


def no_connection_text(silent: NoConnection) -> str:
    """What is said of a page that made no connection; why it did not is unknown."""
    return (
        f"its page made no RTCPeerConnection in the {silent.seen_s:.0f} s after "
        f"{silent.step or 'it had joined'}"
    )


def _setup_breach(setup: StreamSetup | None, criteria: Criteria, at_s: float) -> Breach | None:
    limit = criteria.setup_within_s
    took_s = None if setup is None else setup.waited_s
    if took_s is None:
        return Breach("setup", None, limit, FAR_BEYOND, -1, at_s)
    if took_s <= limit:
        return None
    beyond = min(took_s / limit, FAR_BEYOND) if limit > 0 else FAR_BEYOND
    return Breach("setup", took_s, limit, beyond, -1, at_s)


def _left(streams: TrialStreams) -> list[Finding]:
    """Pages that closed their connections before the hold was over, or loaded by themselves."""
    evidence = streams.evidence
    left = {
        probe: (_left_text(evidence, probe, at_s), at_s) for probe, at_s in evidence.left.items()
    }
    for probe, at_s in evidence.reloaded.items():
        left[probe] = reloaded_text(at_s, evidence.phases), at_s
    return [
        Finding(
            streams.probes[probe],
            Breach(LEFT, None, None, FAR_BEYOND, -1, at_s),
            message=message,
        )
        for probe, (message, at_s) in left.items()
    ]


def reloaded_text(at_s: float, phases: Phases) -> str:
    """What is said of a page that loaded by itself and made no connection again."""
    return (
        f"its page loaded by itself {moment(at_s, phases)}, and was out of its session from then on"
    )


def _left_text(evidence: TrialEvidence, probe: str, at_s: float) -> str:
    """How a page left, and after which step of the driver, if one was executed then."""
    for load in evidence.page_loads:
        if load.probe == probe and load.step and abs(load.at_s - at_s) < LOADED_WITHIN_S:
            return (
                f"its page loaded a new document after {load.step}, and was out of its session "
                "from then on"
            )
    step = evidence.left_after.get(probe)
    after = f", after {step}" if step else ""
    when = moment(at_s, evidence.phases)
    return f"its page closed its own connections {when}, before its end{after}"


def _failed_hold_steps(streams: TrialStreams) -> list[Finding]:
    """Steps of the driver in the hold that failed."""
    return [
        Finding(
            streams.probes[failed.probe],
            Breach(AFTER_JOIN, None, None, FAR_BEYOND, -1, failed.at_s),
            message=failed.message,
        )
        for failed in streams.evidence.failed_hold_steps
    ]


def _failing_streams(
    streams: TrialStreams, criteria: Criteria, baseline: Baseline | None
) -> list[Finding]:
    """Streams of established probes that break a limit; those that never came are found before."""
    evidence = streams.evidence
    joined = {join.probe for join in evidence.joins if join.joined}
    came = {
        (setup.probe, setup.kind, setup.track)
        for setup in evidence.setups
        if setup.waited_s is not None
    }
    return [
        Finding.of(streams.probes[stream.probe], breach, stream)
        for stream in streams.expected
        if stream.probe in joined - evidence.left.keys() - evidence.no_connection.keys()
        if stream.direction == "outbound" or (stream.probe, stream.kind, stream.track) in came
        for breach in streams.breaches(stream, criteria, baseline)
    ]


def _missing_recordings(evidence: TrialEvidence) -> list[Finding]:
    first = {session.session: session.probes[0] for session in evidence.plan.sessions}
    return [
        Finding(
            first[fault.session],
            Breach(fault.what, None, None, FAR_BEYOND, -1, fault.at_s),
            message=fault.message,
            of_session=True,
        )
        for fault in evidence.faults
        if fault.what == "recording_missing" and fault.session in first
    ]
