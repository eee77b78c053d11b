"""The answer of a single trial in sentences. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from farm.model.experiment import ScenarioKind
from farm.model.moments import moment
from farm.model.trial_evidence import Fault, Phases
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, WorstSession
from farm.model.wording import counted, percent, short_look
from farm.results.advice import advice
from farm.results.answer_lines import why_invalid
from farm.results.summary import cut_after_s
from reports.text.answer import AnswerText, machines, sentence
from reports.wording.phrases import bitrate, probes_and_sessions, seconds, units_word

_REASONS = 5
_WORST_FIRST = "Look at the worst session first: its probes are shown side by side below."
_BY_DRIVER = (
    "Nobody got through the steps of the driver, and whether the server is why is not known: see "
    "the step that failed with farm driver check."
)
_DIED = "See why the server ended: its own logs say more."
_DIED_HERE = "See why the server ended: logs/ of the run has its output."


def trial_answer(
    scenario: ScenarioKind,
    plan: TrialPlan,
    result: TrialResult | None,
    phases: Phases,
    faults: Sequence[Fault] = (),
    *,
    shared: bool = False,
    steps_work: bool = False,
    started_here: bool = False,
) -> AnswerText:
    """The answer of a single trial; without a result, the phase that it reached.

    `shared` says that server and generator ran on one machine, `steps_work` that a trial of its run
    passed, so that the driver's steps are known to work, `started_here` that the farm started the
    media server, so that the run has its output.
    """
    load = probes_and_sessions(scenario, plan.load, len(plan.sessions))
    if result is None:
        reached = _reached(phases)
        return AnswerText(
            "open",
            "unfinished",
            f"Unfinished: the trial of {load} broke off {reached}, so it has no verdict.",
            tuple(_of_fault(fault, phases) for fault in faults),
            (),
            ("Run it again; all that was recorded until then is shown below.",),
        )
    verdict = result.verdict
    duration = _duration(result)
    match verdict.outcome:
        case Outcome.PASS:
            headline = f"Passed: {load} kept their quality{duration}."
            next_steps: tuple[str, ...] = (
                "Ask for more with a larger trial.load, or let farm size find the capacity.",
            )
        case Outcome.FAIL:
            units = counted(verdict.units, units_word(scenario))
            bad = f"{verdict.units_failed} of {units}"
            last = ", in the last window alone" if verdict.by_last_window else ""
            whose = "its" if verdict.units_failed == 1 else "their"
            how = f"did not keep {whose} quality{duration}{last}"
            if result.phases.hold_s is None:
                how = "failed before the hold"
            headline = f"Failed: {bad} {how}, at a load of {counted(plan.load, 'probe')}."
            next_steps = (_next_step(result, steps_work=steps_work, started_here=started_here),)
        case Outcome.INVALID:
            codes = [reason.code for reason in verdict.reasons]
            headline = f"Invalid: with {load} {why_invalid(codes)}, so the server is not judged."
            next_steps = (advice(codes),)
    return AnswerText(
        verdict.outcome.value,
        verdict.outcome.value,
        headline,
        tuple(_reasons(result)),
        (
            *_figures(result, plan, shared=shared),
            *(sentence(_capitalised(note)) for note in verdict.notes),
        ),
        next_steps,
    )


def _of_fault(fault: Fault, phases: Phases) -> str:
    when = moment(fault.at_s, phases)
    return sentence(f"{when[:1].upper()}{when[1:]}: {fault.message}")


def _capitalised(note: str) -> str:
    """`note` with a capital, unless it begins with the name of a probe or session."""
    first = note.split(" ", 1)[0]
    return note if any(letter.isdigit() for letter in first) else note[:1].upper() + note[1:]


def _reasons(result: TrialResult) -> list[str]:
    reasons = result.verdict.reasons
    sentences = [sentence(reason.message) for reason in reasons[:_REASONS]]
    if len(reasons) > _REASONS:
        more = counted(len(reasons) - _REASONS, "more reason")
        sentences.append(f"{more} in the table of the trial.")
    return sentences


def _figures(result: TrialResult, plan: TrialPlan, *, shared: bool) -> list[str]:
    verdict = result.verdict
    points = []
    worst = verdict.worst_session
    if worst is not None and not _is_unknown(worst):
        points.append(f"Worst session: {worst.session}, with {_quality(worst, plan)}.")
    setup = "setup times are unknown"
    if result.setup_median_s is not None and result.setup_worst_s is not None:
        setup = (
            f"first media after {result.setup_median_s:.1f} s at the median, "
            f"{result.setup_worst_s:.1f} s at most"
        )
    probes = counted(len(plan.probes), "probe")
    points.append(f"{verdict.established} of {probes} established; {setup}.")
    points.append(machines(result, shared=shared))
    if result.kurento is not None and result.kurento.left_behind:
        leaked = counted(result.kurento.left_behind, "pipeline")
        points.append(
            f"{leaked} of the media server still existed when all probes had left: a leak, unless "
            "it was only slow."
        )
    if result.janus is not None and (result.janus.sessions_left or result.janus.handles_left):
        left = result.janus
        points.append(
            f"{counted(left.sessions_left or 0, 'session')} and"
            f" {counted(left.handles_left or 0, 'handle')} of the Janus still existed when all"
            " probes had left: a leak, unless it was only slow."
        )
    return points


def _next_step(result: TrialResult, *, steps_work: bool, started_here: bool) -> str:
    if result.verdict.by_driver and not steps_work:
        return _BY_DRIVER
    if _server_died(result):
        return _DIED_HERE if started_here else _DIED
    return _WORST_FIRST


def _server_died(result: TrialResult) -> bool:
    return any(reason.code == "server_died" for reason in result.verdict.reasons)


def _is_unknown(worst: WorstSession) -> bool:
    """Whether nothing is known of its media, as of a trial without a hold."""
    figures = (worst.residual_loss_ratio, worst.video_bitrate_bps, worst.frame_rate)
    return all(figure is None for figure in figures)


def _quality(worst: WorstSession, plan: TrialPlan) -> str:
    """Its worst figures; nothing of video where none is owed, and none came."""
    loss = f"a post-repair loss of {percent(worst.residual_loss_ratio)}"
    if not plan.owes("video") and worst.video_bitrate_bps is None and worst.frame_rate is None:
        return loss
    return f"{loss}, video at worst {bitrate(worst.video_bitrate_bps)}, {_frames(worst.frame_rate)}"


def _frames(frame_rate: float | None) -> str:
    return "frame rate unknown" if frame_rate is None else f"{frame_rate:.1f} frames/s"


def _duration(result: TrialResult) -> str:
    phases, cut_s = result.phases, cut_after_s(result)
    if cut_s is not None:
        return f" for {seconds(cut_s)}, as the trial ended early"
    if phases.hold_s is None or phases.leave_s is None:
        return ""
    length = seconds(phases.leave_s - phases.hold_s)
    return f" for {length}{short_look(result.verdict.windows)}"


def _reached(phases: Phases) -> str:
    for name, at_s in (
        ("after its hold", phases.leave_s),
        ("in its hold", phases.hold_s),
        ("while it settled", phases.settle_s),
        ("in its ramp", phases.ramp_s),
    ):
        if at_s is not None:
            return name
    return "before its ramp"
