"""Hints on a driver that was checked: what works here, and may not elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.drivers.step_places import StepKey, StepPlace
from farm.model.experiment import Scenario
from farm.results.checked_dialogs import dialog_hints
from farm.results.checked_steps import CheckedStep
from farm.results.driver_check import CheckedProbe, CheckedTrial, DriverText
from farm.results.meeting_sessions import meeting_hint

MEDIA_LATER_S = 0.3
LONG_EVALUATE_S = 2.0
NEARLY_LATE = 0.6
STEP_WITHIN_S = 15.0


def driver_hints(
    pictured: CheckedTrial,
    as_run: CheckedTrial | None,
    together: CheckedTrial | None,
    scenario: Scenario,
    text: DriverText,
) -> tuple[str, ...]:
    """Hints, each once; `as_run` is the trial without pictures, at the pace of `farm run`.

    `together` is a trial of two sessions at the same time.
    """
    # Where pictures are taken after each step, nothing has to be waited for.
    run = as_run or pictured
    hints = [*run.unjudged, *_of_cut_texts(text), *_of_steps(run, text)]
    if as_run is not None and as_run.works:
        hints += meeting_hint(as_run, together, scenario, text)
    hints += _of_audio_alone(run, scenario)
    hints += _of_media(run, text)
    hints += _of_leaving(pictured, text)
    hints += _of_dialogs(run, pictured)
    return tuple(dict.fromkeys(hints))


def _of_cut_texts(text: DriverText) -> Iterator[str]:
    for line, kept, comment in text.cut:
        yield (
            f"{text.source}:{line}: {kept} is all of it, as {comment} is a comment: quote what has "
            "a #, or put a space behind the # of a comment"
        )


def _of_steps(trial: CheckedTrial, text: DriverText) -> Iterator[str]:
    """By the longest that each step took: another probe of the role may have had to wait."""
    longest: dict[StepKey, CheckedStep] = {}
    for probe in trial.probes:
        for step in probe.steps:
            key = (step.role, step.part, step.number)
            if not step.failed and (key not in longest or longest[key].took_s < step.took_s):
                longest[key] = step
    for step in longest.values():
        where, took = f"{_place(text, step.place)}{step.name}", f"took {step.took_s:.1f} s"
        if step.name.startswith("evaluate") and step.took_s > LONG_EVALUATE_S:
            yield f"{where} {took}: if it is a fixed pause, wait_for what it waits for instead"
        slow = step.took_s > NEARLY_LATE * STEP_WITHIN_S and step.part != "leave"
        if slow and step.name.startswith("wait_for"):
            yield f"{where} {took} here, without any load: set within: to several times that"


def _of_media(trial: CheckedTrial, text: DriverText) -> Iterator[str]:
    for probe in trial.probes:
        if not probe.joined or not probe.plan.receives or probe.joined_s is None:
            continue
        first_s = probe.first_media_s
        if first_s is not None and first_s > probe.joined_s + MEDIA_LATER_S:
            yield (
                f"{_joined_place(text, probe)}joined of {probe.plan.role} was over "
                f"{first_s - probe.joined_s:.1f} s before its first media came: wait_for what the "
                "page shows of a call, or where media never come the reason will be a late setup"
            )


def _of_audio_alone(trial: CheckedTrial, scenario: Scenario) -> Iterator[str]:
    """Of pages that send audio, and none of which sends the video that it owes."""
    sent = [
        stream
        for probe in trial.probes
        if probe.joined
        for stream in probe.streams
        if stream.stream.direction == "outbound" and stream.state != "extra"
    ]
    videos = [each.state for each in sent if each.stream.kind == "video"]
    audios = [each.state for each in sent if each.stream.kind == "audio"]
    if not videos or set(videos) != {"missing"} or "came" not in audios:
        return
    if scenario.kind == "group":
        mixed = ", media: mixed" if scenario.media == "mixed" else ""
        how = (
            f"is one of audio alone in an experiment (--experiment): scenario: {{kind: group, "
            f"members: {scenario.members}, audio_only: {scenario.members}{mixed}}}"
        )
        yield f"the page sends no video at all: a room {how}"
    else:
        yield (
            "the page sends no video at all: sessions of audio alone are scenario.kind: custom, "
            "with roles that have sends: [audio]"
        )


def _of_leaving(pictured: CheckedTrial, text: DriverText) -> Iterator[str]:
    for probe in pictured.probes:
        if not probe.joined or probe.open_after_leave is None:
            continue
        count, role = probe.open_after_leave, probe.plan.role
        if probe.left and not count:
            yield (
                f"{text.before(role, probe.left)}: its connections were closed already, as its "
                f"partner left before: {role} may need no leave"
            )
        elif count and not probe.left:
            has = any(key[:2] == (role, "leave") for key in text.places)
            why = "its leave steps leave" if has else "there is no leave:, which leaves"
            asked = next((each for each in probe.dialogs if each.kept_from_leaving), None)
            yield (
                f"{role}: {why} {count} of its connections open until its page is closed; the "
                f"server notices that late, if at all{'' if asked is None else f': {asked.line}'}"
            )


def _of_dialogs(run: CheckedTrial, pictured: CheckedTrial) -> Iterator[str]:
    """Of dialogs that no step answers; not of those which are why connections stayed open."""
    told = [
        dialog
        for probe in pictured.probes
        if probe.open_after_leave and not probe.left
        for dialog in probe.dialogs
        if dialog.kept_from_leaving
    ]
    yield from dialog_hints([(each.plan.role, each.dialogs) for each in run.probes], told)


def _joined_place(text: DriverText, probe: CheckedProbe) -> str:
    keys = [key for key in text.places if key[:2] == (probe.plan.role, "joined")]
    return _place(text, text.places[keys[-1]]) if keys else ""


def _place(text: DriverText, place: StepPlace | None) -> str:
    return "" if place is None else f"{text.source}:{place.line}: "
