"""Judges a trial: `TrialEvidence` -> `Verdict`. Pure.

It follows "What counts" and "Who is to blame" in docs/method.md. In this order:

1. The server died: fail, whatever else was seen.
2. The generator was at fault: invalid, whatever the media say (see `generator_faults`).
3. Else every probe must be established and every expected stream keep within the limits, in every
   direction; a unit passes if all of its probes do, and a trial if few enough units fail.

Unknown is neither good nor bad: an unknown figure breaks no limit, but an expected
stream about which nothing is known fails as `no_evidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.moments import moment
from farm.model.page_acts import CLOSED_INSTEAD, PAUSED, REFUSED, PageAct
from farm.model.trial_evidence import Phases, TrialEvidence
from farm.model.verdict import MEDIA_ALONE, NO_CONNECTION, Outcome, Reason, Verdict
from farm.verdict.assumed_media import assumed_media_notes, mixed_or_withheld
from farm.verdict.baseline import Baseline
from farm.verdict.causes import Causes, Finding
from farm.verdict.data_messages import unknown_delivery_notes
from farm.verdict.data_wording import some_of
from farm.verdict.dialog_notes import dialog_notes
from farm.verdict.driver_failures import failed_by_driver
from farm.verdict.failed_units import bad_units, bad_units_allowed, fails, units
from farm.verdict.findings import findings_of
from farm.verdict.generator_faults import after_hold, generator_faults
from farm.verdict.host_cpu import contended_servers
from farm.verdict.host_faults import busy_hosts, unknown_wait_notes, unseen_notes
from farm.verdict.limiting_receiver import estimate_fall, starved_receiver
from farm.verdict.page_wording import act_notes
from farm.verdict.short_hold import short_hold_notes
from farm.verdict.trial_streams import TrialStreams
from farm.verdict.unattributed_streams import unattributed_notes
from farm.verdict.unjudged_streams import unjudged_notes
from farm.verdict.witnesses import (
    key_frame_notes,
    light_probe_doubts,
    stayed_full_notes,
    unplayed_audio_notes,
    witness_reasons,
)
from farm.verdict.worst_session import worst_session

NO_BASELINE = "no baseline: judged against absolute limits only"
"""The note of a verdict without a baseline."""

JOIN_REFUSALS = frozenset({"signalling", "dialog", "login"})
"""The app refused: no lack of CPU in the generator explains that."""

UNSEEN = frozenset({"sampling_lost", "recordings_unknown"})
"""Faults of what could not be observed: they are noted and fail nobody."""


USUAL = InvalidLimits()


def judge(
    evidence: TrialEvidence,
    criteria: Criteria,
    invalid: InvalidLimits = USUAL,
    baseline: Baseline | None = None,
) -> Verdict:
    """The verdict with its reasons, the worst first; without a baseline by absolute limits only.

    The same evidence under the same limits always gets the same verdict.
    """
    streams = TrialStreams(evidence)
    findings = findings_of(streams, criteria, baseline)
    count, bad = len(units(evidence)), bad_units(evidence, findings)
    allowed = bad_units_allowed(evidence, criteria)
    causes = Causes(findings, streams)
    failed = fails(evidence, findings, allowed)
    in_a_row = [finding for finding in findings if not finding.breach.in_last_window]
    verdict = Verdict(
        outcome=Outcome.FAIL if failed else Outcome.PASS,
        reasons=causes.reasons,
        units=count,
        units_failed=len(bad),
        established=_established(evidence, findings),
        worst_session=worst_session(streams, causes.findings),
        notes=_notes(streams, baseline),
        page_notes=_page_notes(evidence),
        windows=streams.count,
        by_last_window=failed and not fails(evidence, in_a_row, allowed),
        by_driver=failed and failed_by_driver(evidence),
    )
    if not failed and bad:
        share = f"{len(bad)} of {count} failed, {allowed} may"
        verdict = replace(verdict, notes=(*verdict.notes, share))
    if failed and evidence.first_to_fall is not None:
        verdict = replace(verdict, notes=(*verdict.notes, estimate_fall(evidence.first_to_fall)))
    verdict = _with_faults(verdict, evidence, invalid, causes.findings)
    if verdict.outcome is Outcome.PASS:
        verdict = replace(verdict, notes=(*verdict.notes, *light_probe_doubts(evidence)))
    return replace(verdict, notes=(*short_hold_notes(verdict, evidence), *verdict.notes))


def _with_faults(
    verdict: Verdict, evidence: TrialEvidence, invalid: InvalidLimits, findings: Sequence[Finding]
) -> Verdict:
    """The verdict of the media, unless the server died or the generator was at fault."""
    died = [fault for fault in evidence.faults if fault.what == "server_died"]
    if died:
        ended = _process_ended(evidence)
        reasons = tuple(
            Reason(
                "server_died",
                fault.message if "has ended" in fault.message else f"{fault.message}{ended}",
                at_s=fault.at_s,
            )
            for fault in died
        )
        return replace(
            verdict,
            outcome=Outcome.FAIL,
            reasons=reasons,
            units_failed=verdict.units,
            by_last_window=False,
            by_driver=False,
        )
    ours = generator_faults(evidence, invalid)
    if not ours and verdict.outcome is Outcome.FAIL:
        ours = (
            tuple(contended_servers(evidence, invalid))
            or _starved_joins(evidence, verdict, invalid)
            or tuple(starved_receiver(evidence, invalid))
            or witness_reasons(evidence, findings)
            or mixed_or_withheld(evidence)
        )
    if not ours:
        return verdict
    media = f"{MEDIA_ALONE}{verdict.outcome}, {verdict.units_failed} of {verdict.units} failed"
    return replace(
        verdict,
        outcome=Outcome.INVALID,
        reasons=ours,
        notes=(*verdict.notes, media),
        by_last_window=False,
        by_driver=False,
    )


def _process_ended(evidence: TrialEvidence) -> str:
    """A clause on the media server's process, where it was sampled and the last sample lacks it."""
    pids = [sample.process_pid for sample in evidence.server_samples]
    if not pids or pids[-1] is not None:
        return ""
    last = next((pid for pid in reversed(pids) if pid is not None), None)
    return "" if last is None else f"; the media server's process, pid {last}, has ended"


def _starved_joins(
    evidence: TrialEvidence, verdict: Verdict, invalid: InvalidLimits
) -> tuple[Reason, ...]:
    """Busy hosts in ramp and settle, if joins failed for lack of time.

    Booting browsers keeps a host busy in every ramp; that is no fault as long as all join.
    """
    codes = {reason.code for reason in verdict.reasons}
    start_s, hold_s = evidence.phases.ramp_s, evidence.phases.hold_s
    late = codes & {"timeout", "setup", "page_error", "media", NO_CONNECTION}
    if start_s is None or not late or codes & JOIN_REFUSALS:
        return ()
    return busy_hosts(evidence.host_samples, invalid, start_s, hold_s)


def _established(evidence: TrialEvidence, findings: list[Finding]) -> int:
    """Probes that joined and whose every expected stream started in time."""
    late = {
        finding.probe.probe
        for finding in findings
        if finding.breach.code in ("setup", NO_CONNECTION)
    }
    return sum(join.joined and join.probe not in late for join in evidence.joins)


def _notes(streams: TrialStreams, baseline: Baseline | None) -> tuple[str, ...]:
    evidence, notes = streams.evidence, []
    if baseline is None:
        notes.append(NO_BASELINE)
    if evidence.reset is not None and not evidence.reset.clean:
        notes.append(evidence.reset.unclean_text)
    notes += [fault.message for fault in evidence.faults if fault.what in UNSEEN]
    notes += [f"after the hold: {fault.message}" for fault in after_hold(evidence)]
    notes += assumed_media_notes(evidence)
    notes += unattributed_notes(streams)
    notes += unjudged_notes(evidence)
    notes += unknown_delivery_notes(evidence)
    notes += [*_page_notes(evidence), *dialog_notes(evidence)]
    notes += [*unseen_notes(evidence), *unknown_wait_notes(evidence)]
    notes += stayed_full_notes(evidence)
    notes += key_frame_notes(evidence)
    notes += unplayed_audio_notes(evidence)
    return tuple(notes)


def _page_notes(evidence: TrialEvidence) -> tuple[str, ...]:
    """What pages did by themselves or by the driver's steps, and whose steps to leave failed."""
    stayed: dict[str, list[str]] = {}
    for failed in evidence.failed_leaves:
        stayed.setdefault(failed.message, []).append(failed.probe)
    leaves = [
        f"{some_of(probes)} did not leave by the driver's steps, "
        f"{CLOSED_INSTEAD if len(probes) == 1 else 'their pages were closed instead'}: {message}"
        for message, probes in stayed.items()
    ]
    return (
        *(_act_text(act, evidence.phases) for act in evidence.acts),
        *act_notes(evidence),
        *leaves,
    )


def _act_text(act: PageAct, phases: Phases) -> str:
    """What a page did, by its time in the hold, as the driver's steps in the hold have it."""
    text = f"{act.probe}'s page {act.what} ({act.kind})"
    after = f", after {act.step}" if act.step else ""
    when = f"{moment(act.at_s, phases)}{after}"
    if act.on_one_connection:
        return (
            f"{text} on one of its connections {when} and kept sending on another: what it sent "
            "there is still expected"
        )
    if act.what == PAUSED:
        return f"{text} {when}: nothing of it is expected meanwhile, its partners' streams are"
    if act.what == REFUSED:
        return f"{text} {when}: nothing is expected to come there until it wants it again"
    return f"{text} {when}: nothing of it is expected from then on, until it sends it"
